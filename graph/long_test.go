package graph_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/onecdp/onecdp/internal/dbtest"
	"github.com/onecdp/onecdp/internal/store"
)

// A short query can ask for the same long document many times.
func TestAnAnswerThatWouldBeTooLongIsRefused(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db)
		w.ask(`mutation($text: JSON) { track(record: {identities: [{type: "user_id", value: "u"}], attributes: $text}) { status } }`,
			map[string]any{"text": map[string]any{"essay": strings.Repeat("long ", 200_000)}})
		ask := func(times int) map[string]any {
			var fields strings.Builder
			for i := range times {
				fmt.Fprintf(&fields, "a%d: attributes ", i)
			}
			return w.ask(`{ customerByIdentity(identity: {type: "user_id", value: "u"}) { `+fields.String()+`} }`, nil)
		}
		if few := ask(10); codeOf(few) != "" || at(few, "data", "customerByIdentity", "a9", "essay") == nil {
			t.Errorf("ten megabytes: %.300v", few["errors"])
		}
		if many := ask(40); codeOf(many) != "COST_LIMIT_EXCEEDED" || many["data"] != nil {
			t.Errorf("forty megabytes: %.300v", many["errors"])
		}
	})
}
