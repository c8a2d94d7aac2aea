package web_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/onecdp/onecdp/internal/access"
	"github.com/onecdp/onecdp/internal/fault"
	"github.com/onecdp/onecdp/internal/web"
)

// door is a fake of keys and sessions: the secrets "reader", "sender" and "page".
type door struct{}

func (door) Authenticate(_ context.Context, secret string, _ time.Time) (access.Caller, error) {
	switch secret {
	case "reader":
		return access.Caller{Name: "the reader", Scopes: []access.Scope{access.Read}}, nil
	case "sender":
		return access.Caller{Name: "the sender", Scopes: []access.Scope{access.Ingest}}, nil
	case "page":
		return access.Caller{Name: "page session", Scopes: []access.Scope{access.Read}, Session: true}, nil
	case "broken":
		return access.Caller{}, errors.New("the database said: secret things")
	}
	return access.Caller{}, fault.New(fault.Unauthenticated, "wrong key")
}

func (door) NewSession(time.Time, time.Duration) string { return "page" }

// database is a fake whose answers a test may change.
type database struct {
	mu      sync.Mutex
	down    error
	pending bool
}

func (d *database) set(down error, pending bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.down, d.pending = down, pending
}

func (d *database) Ping(context.Context) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.down
}

func (d *database) Pending(context.Context) (bool, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.pending, d.down
}

// syncBuffer is a log that may be read while it is written.
type syncBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *syncBuffer) Write(data []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(data)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

type setup struct {
	*web.Server
	log      *syncBuffer
	database *database
}

// echo answers with the body it was given.
var echo = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodGet {
		_, _ = io.WriteString(w, r.URL.Query().Get("variables"))
		return
	}
	_, _ = io.Copy(w, r.Body)
})

func newServer(t *testing.T, change func(*web.Options)) setup {
	t.Helper()
	s := setup{log: &syncBuffer{}, database: &database{}}
	options := web.Options{
		GraphQL: echo, SDL: "type Query { node: Int }", Keys: door{}, Sessions: door{}, PageSession: true, Database: s.database,
		Log: slog.New(slog.NewJSONHandler(s.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
	if change != nil {
		change(&options)
	}
	var err error
	if s.Server, err = web.New(options); err != nil {
		t.Fatal(err)
	}
	return s
}

// request is one from this machine, signed in as the reader.
func request(t *testing.T, method, target, body string, headers ...string) *http.Request {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, target, strings.NewReader(body))
	r.Host, r.RemoteAddr = "127.0.0.1:8080", "127.0.0.1:51234"
	r.Header.Set("Authorization", "Bearer reader")
	r.Header.Set("Content-Type", "application/json")
	for i := 0; i < len(headers); i += 2 {
		if headers[i+1] == "" {
			r.Header.Del(headers[i])
			continue
		}
		r.Header.Set(headers[i], headers[i+1])
	}
	return r
}

func (s setup) answer(r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w
}

// refusal is the code of an answer, which must have GraphQL's shape.
func refusal(t *testing.T, w *httptest.ResponseRecorder) string {
	t.Helper()
	var body struct {
		Data   *json.RawMessage `json:"data"`
		Errors []struct {
			Message    string            `json:"message"`
			Extensions map[string]string `json:"extensions"`
		} `json:"errors"`
	}
	if err := json.Unmarshal(w.Body.Bytes(), &body); err != nil || len(body.Errors) != 1 || body.Errors[0].Message == "" || body.Data != nil {
		t.Fatalf("not a GraphQL response: %d %q", w.Code, w.Body)
	}
	if kind := w.Header().Get("Content-Type"); !strings.HasPrefix(kind, "application/json") {
		t.Errorf("content type %q", kind)
	}
	return body.Errors[0].Extensions["code"]
}

func TestRefusalsAreGraphQLResponses(t *testing.T) {
	t.Parallel()
	s := newServer(t, nil)
	for name, c := range map[string]struct {
		request *http.Request
		status  int
		code    string
	}{
		"no key":           {request(t, "POST", "/graphql", "{}", "Authorization", ""), 401, "UNAUTHENTICATED"},
		"wrong key":        {request(t, "POST", "/graphql", "{}", "Authorization", "Bearer x"), 401, "UNAUTHENTICATED"},
		"another scheme":   {request(t, "POST", "/graphql", "{}", "Authorization", "Basic reader"), 401, "UNAUTHENTICATED"},
		"a key in the URL": {request(t, "GET", "/graphql?key=reader", "", "Authorization", ""), 401, "UNAUTHENTICATED"},
		"our own failure":  {request(t, "POST", "/graphql", "{}", "Authorization", "Bearer broken"), 500, "INTERNAL"},
		"nothing there":    {request(t, "GET", "/nothing", ""), 404, "NOT_FOUND"},
		"schema, no key":   {request(t, "GET", "/schema.graphql", "", "Authorization", ""), 401, "UNAUTHENTICATED"},
		"schema, no scope": {request(t, "GET", "/schema.graphql", "", "Authorization", "Bearer sender"), 403, "FORBIDDEN"},
	} {
		w := s.answer(c.request)
		if got := refusal(t, w); w.Code != c.status || got != c.code {
			t.Errorf("%s: %d %s, want %d %s", name, w.Code, got, c.status, c.code)
		}
		if w.Code == 401 && w.Header().Get("WWW-Authenticate") != "Bearer" {
			t.Errorf("%s: no challenge", name)
		}
		if strings.Contains(w.Body.String(), "secret things") || strings.Contains(w.Body.String(), "hello") {
			t.Errorf("%s: %s", name, w.Body)
		}
	}
}

func TestTheSchemaIsShownToReaders(t *testing.T) {
	t.Parallel()
	w := newServer(t, nil).answer(request(t, "GET", "/schema.graphql", ""))
	if w.Code != 200 || w.Body.String() != "type Query { node: Int }" {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

func TestReadinessFollowsTheWorldAndTheDatabase(t *testing.T) {
	t.Parallel()
	s := newServer(t, nil)
	ready := func() int { return s.answer(request(t, "GET", "/readyz", "", "Authorization", "")).Code }
	if s.answer(request(t, "GET", "/healthz", "", "Authorization", "")).Code != 200 || ready() != 503 {
		t.Error("before it is ready")
	}
	s.Ready()
	s.database.set(nil, true)
	if ready() != 503 {
		t.Error("migrations wait")
	}
	s.database.set(nil, false)
	if ready() != 200 {
		t.Error("ready")
	}
	s.database.set(errors.New("gone"), false)
	if ready() != 503 {
		t.Error("the database is gone")
	}
}

func TestLogsTellRoutesAndKeysAndNothingPersonal(t *testing.T) {
	t.Parallel()
	s := newServer(t, nil)
	w := s.answer(request(t, "POST", "/graphql", `{"query":"13800138000"}`))
	s.answer(request(t, "GET", "/graphql?query=13800138000", ""))
	s.answer(request(t, "GET", "/13800138000?13800138000", "", "User-Agent", "13800138000", "Authorization", "Bearer 13800138000"))
	s.answer(request(t, "13800138000", "/graphql", ""))
	log := s.log.String()
	if strings.Contains(log, "13800138000") {
		t.Errorf("personal data: %s", log)
	}
	var line map[string]any
	if err := json.Unmarshal([]byte(strings.SplitN(log, "\n", 2)[0]), &line); err != nil {
		t.Fatal(err)
	}
	id := w.Header().Get("X-Request-Id")
	if id == "" || line["request"] != id || line["route"] != "/graphql" || line["status"] != 200.0 || line["key"] != "the reader" || line["bytes"] != 23.0 || line["method"] != "POST" {
		t.Errorf("line %v of request %s", line, id)
	}
}

func TestAPanicIsAnInternalErrorWithoutItsValue(t *testing.T) {
	t.Parallel()
	s := newServer(t, func(o *web.Options) {
		o.GraphQL = http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("13800138000") })
	})
	w := s.answer(request(t, "POST", "/graphql", "{}"))
	if got := refusal(t, w); w.Code != 500 || got != "INTERNAL" || strings.Contains(s.log.String(), "13800138000") {
		t.Errorf("%d %s %s", w.Code, got, s.log)
	}
}

func TestOnlyConfiguredOriginsMayCall(t *testing.T) {
	t.Parallel()
	s := newServer(t, func(o *web.Options) { o.Origins = []string{"https://crm.example"} })
	preflight := func(origin string) *httptest.ResponseRecorder {
		return s.answer(request(t, "OPTIONS", "/graphql", "", "Authorization", "", "Origin", origin, "Access-Control-Request-Method", "POST"))
	}
	if w := preflight("https://crm.example"); w.Code != 204 || w.Header().Get("Access-Control-Allow-Origin") != "https://crm.example" ||
		!strings.Contains(w.Header().Get("Access-Control-Allow-Headers"), "Authorization") {
		t.Errorf("configured: %d %v", w.Code, w.Header())
	}
	if w := preflight("https://crm.example.evil"); w.Code != 204 || w.Header().Get("Access-Control-Allow-Origin") != "" ||
		w.Header().Get("Access-Control-Allow-Headers") != "" {
		t.Errorf("another: %d %v", w.Code, w.Header())
	}
	w := s.answer(request(t, "POST", "/graphql", "{}", "Authorization", "", "Origin", "https://crm.example"))
	if w.Code != 401 || w.Header().Get("Access-Control-Allow-Origin") == "" {
		t.Errorf("a refusal must be readable by the page: %v", w.Header())
	}
	if w := s.answer(request(t, "GET", "/", "", "Origin", "https://crm.example")); w.Header().Get("Access-Control-Allow-Origin") != "" {
		t.Errorf("the page is nobody else's: %v", w.Header())
	}
}

func TestStoppingFinishesWhatWasAccepted(t *testing.T) {
	t.Parallel()
	entered, finish := make(chan struct{}), make(chan struct{})
	s := newServer(t, func(o *web.Options) {
		o.GraphQL = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			close(entered)
			<-finish
			if r.Context().Err() != nil {
				t.Error("the request was cancelled")
			}
			_, _ = io.WriteString(w, "finished")
		})
	})
	var config net.ListenConfig
	listener, err := config.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended, answered := make(chan error, 1), make(chan string, 1)
	go func() { ended <- s.Serve(ctx, listener) }()
	url := "http://" + listener.Addr().String() + "/graphql"
	go func() {
		r := request(t, "POST", url, "{}")
		r.RequestURI = ""
		response, err := http.DefaultClient.Do(r)
		if err != nil {
			answered <- err.Error()
			return
		}
		defer response.Body.Close()
		text, _ := io.ReadAll(response.Body)
		answered <- string(text)
	}()
	<-entered
	stop()
	for deadline := time.Now().Add(5 * time.Second); ; {
		connection, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", listener.Addr().String())
		if err != nil {
			break // accepts nothing more
		}
		connection.Close()
		if time.Now().After(deadline) {
			t.Fatal("still accepting")
		}
	}
	close(finish)
	if text := <-answered; text != "finished" {
		t.Errorf("answer %q", text)
	}
	if err := <-ended; err != nil {
		t.Errorf("ended with %v", err)
	}
}
