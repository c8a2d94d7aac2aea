package metrics_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/onecdp/onecdp/internal/access"
	"github.com/onecdp/onecdp/internal/ingest"
	"github.com/onecdp/onecdp/internal/metrics"
	"github.com/onecdp/onecdp/internal/oneid"
	"github.com/onecdp/onecdp/internal/store"
)

func text(t *testing.T, m *metrics.Metrics) string {
	t.Helper()
	w := httptest.NewRecorder()
	m.Handler().ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", nil))
	if w.Code != http.StatusOK {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	return w.Body.String()
}

type counted struct{}

func (counted) Stats() oneid.Stats {
	return oneid.Stats{Customers: 5, Identities: 9, Merges: 2, Waiting: 3}
}

type taken struct{}

func (taken) Stats() ingest.Stats {
	return ingest.Stats{Records: map[ingest.Status]int64{ingest.Accepted: 7, ingest.Rejected: 1}, Failed: 4}
}

type pools struct{}

func (pools) Stats() store.Stats {
	stats := store.Stats{Committed: 11, RolledBack: 12, Failed: 13, Retries: 14, Prepared: 15, Pools: []store.Pool{{Name: "reader"}, {Name: "writer"}}}
	stats.Pools[1].InUse, stats.Pools[1].WaitDuration = 1, 1500*time.Millisecond
	return stats
}

type checked struct{}

func (checked) Stats() access.Stats { return access.Stats{Checked: 21, Rounds: 6, Waiting: 1} }

func TestTheCountersOfTheServicesAreShown(t *testing.T) {
	t.Parallel()
	shown := text(t, metrics.New(metrics.Sources{Store: pools{}, Ingest: taken{}, OneID: counted{}, Access: checked{}}))
	for _, line := range []string{
		`onecdp_customers_created_total 5`, `onecdp_identities_created_total 9`, `onecdp_merges_total 2`, `onecdp_ingest_waiting_writers 3`,
		`onecdp_key_checks_total 21`, `onecdp_key_check_rounds_total 6`, `onecdp_key_checks_waiting 1`,
		`onecdp_ingest_records_total{status="accepted"} 7`, `onecdp_ingest_records_total{status="rejected"} 1`, `onecdp_ingest_records_total{status="failed"} 4`,
		`onecdp_database_transactions_total{outcome="committed"} 11`, `onecdp_database_transactions_total{outcome="rolled_back"} 12`,
		`onecdp_database_transactions_total{outcome="failed"} 13`, `onecdp_database_transaction_retries_total 14`, `onecdp_database_prepared_statements 15`,
		`go_sql_in_use_connections{db_name="reader"} 0`, `go_sql_in_use_connections{db_name="writer"} 1`, `go_sql_wait_duration_seconds_total{db_name="writer"} 1.5`,
	} {
		if !strings.Contains(shown, "\n"+line+"\n") {
			t.Errorf("no %s", line)
		}
	}
}

func TestSubscriptionsAreCountedWhileTheyAreOpen(t *testing.T) {
	t.Parallel()
	m := metrics.New(metrics.Sources{})
	ended := m.Subscribed("eventIngested")
	m.Sent("eventIngested", "ok")
	if shown := text(t, m); !strings.Contains(shown, `onecdp_graphql_subscriptions_open{field="eventIngested"} 1`) ||
		!strings.Contains(shown, `onecdp_graphql_subscription_events_total{field="eventIngested",outcome="ok"} 1`) {
		t.Error(shown)
	}
	ended()
	if shown := text(t, m); !strings.Contains(shown, `onecdp_graphql_subscriptions_open{field="eventIngested"} 0`) {
		t.Error(shown)
	}
}

// What is added to every GraphQL request.
func BenchmarkTellingOfARequest(b *testing.B) {
	m := metrics.New(metrics.Sources{})
	r := httptest.NewRequestWithContext(b.Context(), http.MethodPost, "/graphql", nil)
	b.ReportAllocs()
	for b.Loop() {
		_, end := m.Begin(r)
		m.Answered("query", "customerByIdentity", "ok", time.Millisecond)
		end("/graphql", http.MethodPost, http.StatusOK)
	}
}
