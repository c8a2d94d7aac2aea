package graph_test

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"regexp"
	"testing"
	"time"

	"github.com/onecdp/onecdp/graph"
	"github.com/onecdp/onecdp/internal/access"
	"github.com/onecdp/onecdp/internal/assembly"
	"github.com/onecdp/onecdp/internal/store"
)

// now is the instant of every request in these tests.
var now = time.Date(2026, time.June, 1, 0, 0, 0, 0, time.UTC)

// world is the API over a database of its own.
type world struct {
	t        *testing.T
	services graph.Services
	handler  http.Handler
	log      *bytes.Buffer
	costs    bool // answers keep what they tell of their cost
}

func newWorld(t *testing.T, db *store.DB) *world {
	t.Helper()
	return newWorldWith(t, db, assembly.Defaults())
}

func newWorldWith(t *testing.T, db *store.DB, settings assembly.Settings) *world {
	t.Helper()
	w := &world{t: t, services: servicesWith(t, db, settings), log: &bytes.Buffer{}}
	w.use(func() time.Time { return now })
	return w
}

func servicesOf(tb testing.TB, db *store.DB) graph.Services {
	tb.Helper()
	return servicesWith(tb, db, assembly.Defaults())
}

func servicesWith(tb testing.TB, db *store.DB, settings assembly.Settings) graph.Services {
	tb.Helper()
	s, err := assembly.New(tb.Context(), db, settings)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(s.Live.Close)
	return graph.Services{
		Live: s.Live, Jobs: s.Jobs, Access: s.Access, OneID: s.OneID, Ingest: s.Ingest, Profile: s.Profile, Tags: s.Tags, Segments: s.Segments,
		Campaigns: s.Campaigns, Sources: s.Sources,
	}
}

// useClock answers requests at the time that it is.
func (w *world) useClock() { w.use(time.Now) }

// use makes the handler anew, with a clock and the services as they are.
func (w *world) use(clock func() time.Time) {
	w.handler = graph.NewServer(w.services, clock, slog.New(slog.NewTextHandler(w.log, nil)))
}

// everything is the scopes of a key that may do all.
var everything = []access.Scope{access.Admin}

// answer sends one request; no scopes at all is a request of nobody.
func (w *world) answer(ctx context.Context, scopes []access.Scope, query string, variables any) *httptest.ResponseRecorder {
	w.t.Helper()
	body, err := json.Marshal(map[string]any{"query": query, "variables": variables})
	if err != nil {
		w.t.Fatal(err)
	}
	return w.send(ctx, scopes, http.MethodPost, "/graphql", string(body))
}

func (w *world) send(ctx context.Context, scopes []access.Scope, method, target, body string) *httptest.ResponseRecorder {
	w.t.Helper()
	if scopes != nil {
		ctx = access.WithCaller(ctx, access.Caller{Name: "test", Scopes: scopes})
	}
	request := httptest.NewRequestWithContext(ctx, method, target, bytes.NewReader([]byte(body)))
	request.Header.Set("Content-Type", "application/json")
	if method == http.MethodPost {
		request.Header.Set("Content-Type", "application/json")
	}
	recorder := httptest.NewRecorder()
	w.handler.ServeHTTP(recorder, request)
	if !w.costs {
		body := cost.ReplaceAll(recorder.Body.Bytes(), []byte("}\n"))
		recorder.Body.Reset()
		recorder.Body.Write(body)
	}
	return recorder
}

// cost is what an answer tells at its end of what it cost.
var cost = regexp.MustCompile(`,"extensions":\{"cost":\{[^}]*\}?\}\}\}\s*$`)

// ask sends one request with every scope and returns its answer, exact.
func (w *world) ask(query string, variables any) map[string]any {
	w.t.Helper()
	return decode(w.t, w.answer(w.t.Context(), everything, query, variables).Body.Bytes())
}

func decode(t *testing.T, body []byte) map[string]any {
	t.Helper()
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	var decoded map[string]any
	if err := decoder.Decode(&decoded); err != nil {
		t.Fatalf("%v in %s", err, body)
	}
	return decoded
}

// at walks into an answer: at(answer, "data", "customers", "edges", 0).
func at(v any, path ...any) any {
	for _, step := range path {
		switch step := step.(type) {
		case string:
			object, _ := v.(map[string]any)
			v = object[step]
		case int:
			list, _ := v.([]any)
			if step >= len(list) {
				return nil
			}
			v = list[step]
		}
	}
	return v
}
