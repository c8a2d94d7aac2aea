package graph_test

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/onecdp/onecdp/graph"
	"github.com/onecdp/onecdp/internal/access"
	"github.com/onecdp/onecdp/internal/dbtest"
	"github.com/onecdp/onecdp/internal/metrics"
	"github.com/onecdp/onecdp/internal/store"
)

// listener is an observer that notes what it is told.
type listener struct {
	mu   sync.Mutex
	told []string
}

func (l *listener) note(words ...string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.told = append(l.told, strings.Join(words, " "))
}

func (l *listener) Answered(kind, field, outcome string, took time.Duration) {
	if took < 0 {
		outcome += " in no time"
	}
	l.note("answered", kind, field, outcome)
}
func (l *listener) Refused(kind, field, outcome string) { l.note("refused", kind, field, outcome) }
func (l *listener) Sent(field, outcome string)          { l.note("sent", field, outcome) }
func (l *listener) Subscribed(field string) func() {
	l.note("subscribed", field)
	return func() { l.note("ended", field) }
}

func TestAnObserverIsToldInWordsOfTheSchema(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db)
		heard := &listener{}
		w.services.Observer = heard
		w.useClock()
		for _, c := range []struct {
			query  string
			scopes []access.Scope
			want   string
		}{
			{`query Mine { mine: customerByIdentity(identity: {type: "phone", value: "13912345678"}) { id } }`, everything, "answered query customerByIdentity ok"},
			{`{ ...F } fragment F on Query { customers(first: 1) { totalCount } }`, everything, "answered query customers ok"},
			{`{ a: node(id: "x") { id } b: node(id: "y") { id } }`, everything, "answered query several"},
			{`{ __typename }`, everything, "answered query __typename ok"},
			{`{ __schema { queryType { name } } }`, everything, "answered query __schema ok"},
			{`{ nosuchfield }`, everything, "refused none none BAD_USER_INPUT"},
			{`{`, everything, "refused none none BAD_USER_INPUT"},
			{`{ customers(first: 1) { totalCount } }`, []access.Scope{access.Ingest}, "refused query customers FORBIDDEN"},
			{`{ __typename }`, nil, "refused none none UNAUTHENTICATED"},
		} {
			before := len(heard.told)
			w.answer(t.Context(), c.scopes, c.query, nil)
			if told := heard.told[before:]; len(told) != 1 || !strings.HasPrefix(told[0], c.want) {
				t.Errorf("%s: told %q, want %q", c.query, told, c.want)
			}
		}
		if slices.ContainsFunc(heard.told, func(line string) bool { return strings.Contains(line, "Mine") || strings.Contains(line, "nosuch") }) {
			t.Errorf("a word of the client's in %q", heard.told)
		}
	})
}

var _ graph.Observer = (*listener)(nil)

// The same question, watched by nobody and by the metrics.
func BenchmarkWatching(b *testing.B) {
	for name, observer := range map[string]graph.Observer{"nobody": nil, "metrics": metrics.New(metrics.Sources{})} {
		handler := graph.NewServer(graph.Services{Observer: observer}, time.Now, slog.New(slog.DiscardHandler))
		ctx := access.WithCaller(b.Context(), access.Caller{Name: "test", Scopes: everything})
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				request := httptest.NewRequestWithContext(ctx, http.MethodPost, "/graphql", strings.NewReader(`{"query":"{ __typename }"}`))
				request.Header.Set("Content-Type", "application/json")
				handler.ServeHTTP(httptest.NewRecorder(), request)
			}
		})
	}
}
