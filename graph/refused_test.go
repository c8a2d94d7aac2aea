package graph_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/onecdp/onecdp/internal/dbtest"
	"github.com/onecdp/onecdp/internal/store"
	"github.com/onecdp/onecdp/internal/throttle"
)

func TestErrorsRepeatLittleOfWhatWasSent(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 900)
	var many strings.Builder
	for i := range 25 {
		fmt.Fprintf(&many, "%s%d: customers(where: {attribute: {name: \"a\", is: {%s: 1}}}) { pageInfo { hasNextPage } } ", long, i, long)
	}
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db)
		answer := w.answer(t.Context(), everything, "{ "+many.String()+"}", nil)
		errors, _ := decode(t, answer.Body.Bytes())["errors"].([]any)
		path := at(errors, 0, "extensions", "inputPath")
		if len(errors) != 20 || at(errors, 0, "extensions", "code") != "BAD_USER_INPUT" || at(path, 3) != strings.Repeat("x", 100)+"..." {
			t.Errorf("%d errors, the first %v", len(errors), at(errors, 0))
		}
		for _, one := range errors {
			if length := len(fmt.Sprint(one)); length > 1000 {
				t.Errorf("an error of %d bytes: %v", length, one)
			}
		}
		answer = w.answer(t.Context(), everything, `query ($r: [RecordInput!]!) { a: __typename }`, map[string]any{"r": []any{map[string]any{long: 1}}})
		if answer.Body.Len() > 2000 {
			t.Errorf("%d bytes", answer.Body.Len())
		}
	})
}

func TestWhatTakesTooLongIsTooMuch(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db)
		ctx, cancel := context.WithDeadline(t.Context(), time.Now().Add(-time.Second))
		defer cancel()
		answer := decode(t, w.answer(ctx, everything, `{ customers { totalCount } }`, nil).Body.Bytes())
		if codeOf(answer) != "COST_LIMIT_EXCEEDED" || at(answer, "errors", 0, "extensions", "hint") == nil {
			t.Errorf("%v", answer)
		}
	})
}

func TestWholeNumbersOfJSONAreInts(t *testing.T) {
	t.Parallel()
	const query = `query ($n: Int) { customers(first: $n) { pageInfo { hasNextPage } } }`
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db)
		send := func(number string) map[string]any {
			body := `{"query":"` + query + `","variables":{"n":` + number + `}}`
			return decode(t, w.send(t.Context(), everything, http.MethodPost, "/graphql", body).Body.Bytes())
		}
		for _, number := range []string{"1", "1.0", "1e1", "100.00", "null"} {
			if answer := send(number); answer["errors"] != nil {
				t.Errorf("%s: %v", number, answer)
			}
		}
		for _, number := range []string{`"1"`, "1.5", "1e-1", "true", "2147483648.0", "1e400", "[1]"} {
			answer := send(number)
			message, _ := at(answer, "errors", 0, "message").(string)
			if codeOf(answer) != "BAD_USER_INPUT" || strings.Contains(message, "0") || strings.Contains(message, "1") {
				t.Errorf("%s: %v", number, answer)
			}
		}
	})
}

func TestAnOperationOfSeveralMustBeNamed(t *testing.T) {
	t.Parallel()
	const document = `query a { __typename } query b { __typename }`
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db)
		answer := w.ask(document, nil)
		if codeOf(answer) != "BAD_USER_INPUT" || at(answer, "errors", 0, "message") != "the document has several operations: name one in operationName" {
			t.Errorf("%v", answer)
		}
		answer = decode(t, w.send(t.Context(), everything, http.MethodPost, "/graphql", `{"query":"`+document+`","operationName":"c"}`).Body.Bytes())
		if codeOf(answer) != "BAD_USER_INPUT" {
			t.Errorf("%v", answer)
		}
	})
}

func TestASubscriptionIsNotConditional(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db)
		for query, variables := range map[string]any{
			`subscription { eventIngested @skip(if: true) { id } }`:                 nil,
			`subscription ($a: Boolean!) { eventIngested @include(if: $a) { id } }`: map[string]any{"a": true},
		} {
			if code := codeOf(w.ask(query, variables)); code != "BAD_USER_INPUT" {
				t.Errorf("%s: %q", query, code)
			}
		}
	})
}

func TestWhatIsRefusedAfterItsCostWasTakenGetsItBack(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w, _ := limited(t, db, throttle.Limits{PerSecond: 1, Most: 6000})
		for query, variables := range map[string]any{
			`subscription { eventIngested { id name customer { id } } }`:                                             nil, // nobody accepts an event stream
			`query ($n: Int) { customers(first: $n) { totalCount } }`:                                                map[string]any{"n": "1"},
			`query ($n: [String!]) { customers { totalCount edges { node { events(names: $n) { totalCount } } } } }`: map[string]any{"n": []any{1}},
		} {
			for range 100 {
				if code := codeOf(w.ask(query, variables)); code != "BAD_USER_INPUT" {
					t.Fatalf("%s: %q", query, code)
				}
			}
		}
	})
}
