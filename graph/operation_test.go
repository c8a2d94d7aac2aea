package graph_test

import (
	"testing"
	"time"

	"github.com/onecdp/onecdp/internal/dbtest"
	"github.com/onecdp/onecdp/internal/store"
)

func TestMergesByHandAreToldAsTheyHappen(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db)
		w.useClock()
		answer := w.ask(`mutation { a: track(record: {identities: [{type: "member_no", value: "a"}]}) { customer { id } } b: track(record: {identities: [{type: "member_no", value: "b"}]}) { customer { id } } }`, nil)
		messages := w.follow(t.Context(), `subscription { customerMerged { cause reason actor mergedId survivor { id } } }`, nil)
		sides := map[string]any{"a": at(answer, "data", "a", "customer", "id"), "b": at(answer, "data", "b", "customer", "id")}
		w.ask(`mutation($a: ID!, $b: ID!) { mergeCustomers(a: $b, b: $a, reason: "twins") { userErrors { code } } }`, sides)
		select {
		case message := <-messages:
			merge := at(message, "data", "customerMerged")
			if at(merge, "cause") != "operation" || at(merge, "reason") != "twins" || at(merge, "actor") != "test" || at(merge, "mergedId") != sides["b"] || at(merge, "survivor", "id") != sides["a"] {
				t.Errorf("%v", message)
			}
		case <-time.After(20 * time.Second):
			t.Fatal("nobody told of the merge")
		}
	})
}
