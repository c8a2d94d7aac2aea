package graph_test

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/onecdp/onecdp/graph"
	"github.com/onecdp/onecdp/internal/dbtest"
	"github.com/onecdp/onecdp/internal/store"
	"github.com/onecdp/onecdp/internal/throttle"
)

// limited is a world whose keys have few points, and a clock that stands still until it is moved.
func limited(t *testing.T, db *store.DB, limits throttle.Limits) (w *world, wait func(time.Duration)) {
	t.Helper()
	w = newWorld(t, db)
	w.costs = true
	w.services.Limits = limits
	at := now
	w.use(func() time.Time { return at })
	return w, func(passed time.Duration) { at = at.Add(passed) }
}

// costOf is what an answer tells: requested, actual and available points.
func costOf(answer map[string]any) string {
	cost := func(path ...any) any { return at(answer, append([]any{"extensions", "cost"}, path...)...) }
	return fmt.Sprint(cost("requestedQueryCost"), " ", cost("actualQueryCost"), " ", cost("throttleStatus", "currentlyAvailable"))
}

func TestAnAnswerTellsWhatItCost(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w, _ := limited(t, db, throttle.Limits{PerSecond: 1000, Most: 10_000})
		answer := w.ask(`mutation { ingest(records: [{identities: [{type: "user_id", value: "u1"}]}, {identities: [{type: "user_id", value: "u2"}]}]) { accepted results { status } } }`, nil)
		if got := costOf(answer); got != "7 7 9993" {
			t.Errorf("ingest: %s", got)
		}
		if status := at(answer, "extensions", "cost", "throttleStatus"); fmt.Sprintf("%v %v", at(status, "maximumAvailable"), at(status, "restoreRate")) != "10000 1000" {
			t.Errorf("%v", status)
		}
		answer = w.ask(`{ customers(first: 100) { edges { node { id } } } }`, nil)
		if got := costOf(answer); !strings.HasPrefix(got, "202 ") {
			t.Errorf("a page: %s", got)
		}
		if got := costOf(w.ask(`{ customers(where: {all: []}) { totalCount } }`, nil)); !strings.HasPrefix(got, "20001 0 9") {
			t.Errorf("refused: %s", got)
		}
		if answer := w.ask(`{ nothing }`, nil); at(answer, "extensions") != nil {
			t.Errorf("what is no query costs nothing: %v", answer)
		}
	})
}

func TestAKeyHasItsPoints(t *testing.T) {
	t.Parallel()
	const question = `{ customers { totalCount } }`
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w, wait := limited(t, db, throttle.Limits{PerSecond: 1000, Most: 12_000})
		for i := range 2 {
			if answer := w.ask(question, nil); answer["errors"] != nil {
				t.Fatalf("question %d: %v", i, answer)
			}
		}
		response := w.answer(t.Context(), everything, question, nil)
		answer := decode(t, response.Body.Bytes())
		refused := at(answer, "errors", 0, "extensions")
		if at(refused, "code") != "RATE_LIMITED" || fmt.Sprint(at(refused, "retryAfter")) != "4" || at(refused, "hint") == nil || answer["data"] != nil {
			t.Errorf("%s", response.Body)
		}
		if got := costOf(answer); got != "5001 0 1998" {
			t.Errorf("refused: %s", got)
		}
		if response.Code != http.StatusTooManyRequests || response.Header().Get("Retry-After") != "4" {
			t.Errorf("%d, Retry-After %q", response.Code, response.Header().Get("Retry-After"))
		}
		wait(4 * time.Second)
		if answer := w.ask(question, nil); answer["errors"] != nil {
			t.Errorf("4 seconds later: %v", answer)
		}
		if code := codeOf(w.ask(`{ a: customers { totalCount } b: customers { totalCount } c: customers { totalCount } }`, nil)); code != "COST_LIMIT_EXCEEDED" {
			t.Errorf("more than a bucket holds: %s", code)
		}
	})
}

func TestARequestThatIsRefusedInTheEndCostsNothing(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w, _ := limited(t, db, throttle.Limits{PerSecond: 1, Most: 100})
		for range 50 {
			query := url.QueryEscape(`mutation { track(record: {identities: [{type: "user_id", value: "u"}]}) { status index customer { id } } }`)
			if response := w.send(t.Context(), everything, http.MethodGet, "/graphql?query="+query, ""); response.Code != http.StatusMethodNotAllowed {
				t.Fatalf("%d %s", response.Code, response.Body)
			}
		}
	})
}

func TestSeveralErrorsOfAQueryAreAllTold(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db)
		for range 2 { // the second time it is remembered
			errors, _ := w.ask(`{ a b c }`, nil)["errors"].([]any)
			if len(errors) != 3 || fmt.Sprint(at(errors, 2, "locations", 0, "column")) != "7" || at(errors, 2, "extensions", "code") != "BAD_USER_INPUT" {
				t.Errorf("%v", errors)
			}
		}
		errors, _ := w.ask("{ "+times(1000, "a# ")+"}", nil)["errors"].([]any)
		if len(errors) != 20 {
			t.Errorf("%d errors", len(errors))
		}
	})
}

func TestBothWaysOfAnsweringCostTheSame(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w, _ := limited(t, db, throttle.Limits{PerSecond: 1, Most: 1_000_000})
		w.ask(`mutation { ingest(records: [
			{identities: [{type: "user_id", value: "u1"}], event: {name: "order"}}, {identities: [{type: "user_id", value: "u2"}], attributes: {a: 1}}]) { accepted } }`, nil)
		for _, query := range []string{
			`{ customers { totalCount edges { cursor node { __typename id identities { id value } tags { value } events(first: 5, names: ["order", "view"]) { edges { node { name } } } } } } }`,
			`{ customers(where: {event: {names: ["order"]}}) { edges { node { ... on Customer { id } ...f ...f } } } } fragment f on Customer { attributes a: id @skip(if: true) }`,
			`{ customersByIdentity(identities: [{type: "user_id", value: "u1"}, {type: "user_id", value: "nobody"}]) { id } segment(key: "none") { id } }`,
		} {
			w.use(func() time.Time { return now })
			directly := at(w.ask(query, nil), "extensions", "cost")
			w.handler = graph.NewGeneralServer(w.services, func() time.Time { return now }, slog.New(slog.DiscardHandler))
			generally := at(w.ask(query, nil), "extensions", "cost")
			if fmt.Sprint(directly) != fmt.Sprint(generally) || fmt.Sprint(at(directly, "actualQueryCost")) == "0" {
				t.Errorf("%s: %v directly, %v by gqlgen", query, directly, generally)
			}
		}
	})
}
