package command_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	spans "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"github.com/onecdp/onecdp/internal/dbtest"
)

// What is sent to a server that is watched; none of it may be seen from outside.
const (
	somebody = "13912345678"
	said     = "somebody@example.org"
	nickname = "op_of_the_client"
)

// use sends one record, one query, one refused query and one that cannot be read.
func use(t *testing.T, s server, key string) {
	t.Helper()
	record := map[string]any{"query": `mutation ` + nickname + `($r: RecordInput!) { identify(record: $r) { status } }`, "variables": map[string]any{"r": map[string]any{
		"source": "crm", "messageId": "1", "attributes": map[string]any{"secret_attribute": said},
		"identities": []map[string]any{{"type": "phone", "value": somebody}, {"type": "email", "value": said}},
	}}}
	body, err := json.Marshal(record)
	if err != nil {
		t.Fatal(err)
	}
	for _, one := range []string{
		string(body),
		`{"query":"query ` + nickname + ` { who: customerByIdentity(identity: {type: \"phone\", value: \"` + somebody + `\"}) { id } }"}`,
		`{"query":"{ nothing_like_` + nickname + ` }"}`,
		`{"query":"{"}`,
	} {
		if status, text := s.fetch(t, "POST", "graphql", key, one); status >= 500 {
			t.Fatalf("%d %s", status, text)
		}
	}
}

func TestMetricsTellWhatHappensAndNothingOfAnybody(t *testing.T) {
	t.Parallel()
	dbtest.EachEmpty(t, func(t *testing.T, databaseURL string) {
		s := start(t, "--database-url", databaseURL, "--metrics-addr", "127.0.0.1:0")
		key := secret.FindString(s.out.String())
		use(t, s, key)
		if status, _ := s.fetch(t, "GET", "metrics", "", ""); status != http.StatusUnauthorized {
			t.Errorf("without a key: %d", status)
		}
		status, text := s.fetch(t, "GET", "metrics", key, "")
		if status != http.StatusOK {
			t.Fatalf("%d %s", status, text)
		}
		for _, wanted := range []string{
			`onecdp_graphql_requests_total{field="identify",operation_type="mutation",outcome="ok"} 1`,
			`onecdp_graphql_requests_total{field="customerByIdentity",operation_type="query",outcome="ok"} 1`,
			`onecdp_graphql_requests_total{field="none",operation_type="none",outcome="BAD_USER_INPUT"} 2`,
			`onecdp_graphql_request_duration_seconds_count{field="identify",operation_type="mutation"} 1`,
			`onecdp_http_requests_total{method="POST",route="/graphql",status="2xx"}`,
			`onecdp_http_requests_total{method="GET",route="/metrics",status="4xx"} 1`,
			`onecdp_http_requests_in_flight 1`,
			`onecdp_ingest_records_total{status="accepted"} 1`,
			`onecdp_ingest_batch_records_count 1`,
			`onecdp_customers_created_total 1`,
			`onecdp_identities_created_total 2`,
			`onecdp_merges_total 0`,
			`onecdp_database_transactions_total{outcome="committed"}`,
			`onecdp_database_transaction_retries_total`,
			`go_sql_open_connections{db_name=`,
			`onecdp_build_info{`,
			`go_goroutines`,
		} {
			if !strings.Contains(text, wanted) {
				t.Errorf("no %s", wanted)
			}
		}
		for _, personal := range []string{somebody, said, nickname, "secret_attribute", key, "admin", "phone"} {
			if strings.Contains(text, personal) {
				t.Errorf("tells %s", personal)
			}
		}
		found := regexp.MustCompile(`url=(http://\S+)`).FindStringSubmatch(s.errs.String())
		if found == nil {
			t.Fatalf("no address of the metrics: %s", s.errs)
		}
		response, err := http.Get(found[1])
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		alone, err := io.ReadAll(response.Body)
		if err != nil || response.StatusCode != http.StatusOK || !strings.Contains(string(alone), "onecdp_merges_total") {
			t.Errorf("at the address of its own: %d, %v", response.StatusCode, err)
		}
		if code := s.stop(); code != 0 {
			t.Errorf("stopped with %d: %s", code, s.errs)
		}
	})
}

// receiver is a collector that keeps what it gets.
type receiver struct {
	mu  sync.Mutex
	raw []byte
	all []*spans.Span
}

func (c *receiver) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	var request collector.ExportTraceServiceRequest
	if err == nil {
		err = proto.Unmarshal(body, &request)
	}
	if err != nil || r.URL.Path != "/v1/traces" {
		http.Error(w, "not a trace", http.StatusBadRequest)
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.raw = append(c.raw, body...)
	for _, resource := range request.ResourceSpans {
		for _, scope := range resource.ScopeSpans {
			c.all = append(c.all, scope.Spans...)
		}
	}
}

func TestTracesReachTheCollectorAndTellNothingOfAnybody(t *testing.T) { //nolint:paralleltest // sets the environment of the process
	got := &receiver{}
	listening := httptest.NewServer(got)
	defer listening.Close()
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", listening.URL)
	s := start(t, "--database-url", "sqlite:"+filepath.Join(t.TempDir(), "x.db"))
	key := secret.FindString(s.out.String())
	const caller = "0af7651916cd43dd8448eb211c80319c"
	use(t, s, key)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.url+"graphql?"+nickname, strings.NewReader(`{"query":"{ __typename }"}`))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+key)
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Traceparent", "00-"+caller+"-b7ad6b7169203331-01")
	request.Header.Set("Tracestate", "vendor="+nickname)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if code := s.stop(); code != 0 { // what waits is sent
		t.Fatalf("stopped with %d: %s", code, s.errs)
	}
	got.mu.Lock()
	defer got.mu.Unlock()
	parents, names := map[string]string{}, map[string]string{}
	for _, span := range got.all {
		id := fmt.Sprintf("%x", span.SpanId)
		parents[id], names[id] = fmt.Sprintf("%x", span.ParentSpanId), span.Name
	}
	var paths []string
	for _, span := range got.all {
		path := span.Name
		for at := fmt.Sprintf("%x", span.ParentSpanId); names[at] != ""; at = parents[at] {
			path = names[at] + " > " + path
		}
		paths = append(paths, path)
		if fmt.Sprintf("%x", span.TraceId) == caller && span.Name == "POST /graphql" && fmt.Sprintf("%x", span.ParentSpanId) != "b7ad6b7169203331" {
			t.Error("the caller's span is not the parent")
		}
	}
	for _, wanted := range []string{
		"POST /graphql",
		"POST /graphql > mutation identify > transaction > INSERT",
		"POST /graphql > query customerByIdentity > SELECT",
	} {
		if !slices.Contains(paths, wanted) {
			t.Errorf("no %q in %q", wanted, paths)
		}
	}
	if !slices.ContainsFunc(got.all, func(span *spans.Span) bool { return fmt.Sprintf("%x", span.TraceId) == caller }) {
		t.Error("the caller's traceparent is not taken up")
	}
	for _, personal := range []string{somebody, said, nickname, "secret_attribute", key, "SELECT id", "identities"} {
		if strings.Contains(string(got.raw), personal) {
			t.Errorf("tells %s", personal)
		}
	}
}

func TestAProtocolThatTracesAreNotSentByIsRefused(t *testing.T) { //nolint:paralleltest // sets the environment of the process
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1")
	t.Setenv("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc")
	code, _, errs := run(t, "", "serve", "--addr", "127.0.0.1:0", "--database-url", "sqlite:"+filepath.Join(t.TempDir(), "x.db"))
	if code != 1 || !strings.Contains(errs, "OTEL_EXPORTER_OTLP_PROTOCOL") {
		t.Errorf("%d %s", code, errs)
	}
}

func TestDoctorPrintsALineForEachCheckAndFailsWhenOneDoes(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "x.db")
	if code, _, errs := run(t, "", "migrate", "--database-url", "sqlite:"+path); code != 0 {
		t.Fatal(errs)
	}
	code, out, errs := run(t, "", "doctor", "--database-url", "sqlite:"+path)
	if code != 0 || strings.Contains(out, "FAIL") || !strings.Contains(out, "OK    identity-customer") {
		t.Errorf("%d %s\n%s", code, errs, out)
	}
	code, out, errs = run(t, "", "doctor", "--json", "--database-url", "sqlite:"+path+".typo")
	if code != 1 || !strings.Contains(errs, "1 checks failed") {
		t.Errorf("%d %s", code, errs)
	}
	for line := range strings.Lines(out) {
		var finding struct{ Check, Verdict, Message string }
		if err := json.Unmarshal([]byte(line), &finding); err != nil || finding.Check == "" || finding.Verdict == "" || finding.Message == "" {
			t.Errorf("%s: %v", line, err)
		}
	}
}
