package graph_test

import (
	"encoding/json"
	"testing"

	"github.com/onecdp/onecdp/internal/dbtest"
	"github.com/onecdp/onecdp/internal/store"
)

func TestAJobTellsWhomItChanged(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db)
		w.useClock()
		w.ask(`mutation { ingest(records: [
			{identities: [{type: "member_no", value: "m"}, {type: "phone", value: "13912345678"}]},
			{identities: [{type: "email", value: "a@x.com"}, {type: "phone", value: "13912345678"}]},
			{identities: [{type: "member_no", value: "other"}]}
		]) { accepted } }`, nil)
		answer := w.ask(`mutation { defineIdentityType(input: {name: "phone", blocked: ["+8613912345678"]}) { userErrors { code } job {
			state changed done total customers(first: 1) { totalCount pageInfo { hasNextPage endCursor } edges { node { identities { value } } } } id
		} } }`, nil)
		done := at(answer, "data", "defineIdentityType", "job")
		if at(done, "state") != "SUCCEEDED" {
			t.Fatal(answer)
		}
		changed, err := at(done, "changed").(json.Number).Int64()
		total, wrong := at(done, "customers", "totalCount").(json.Number).Int64()
		if err != nil || wrong != nil || changed != 2 || total != 2 || at(done, "customers", "pageInfo", "hasNextPage") != true {
			t.Errorf("want the two that were one: %v", answer)
		}
		rest := w.ask(`query($id: ID!, $after: String) { node(id: $id) { ... on Job { customers(after: $after) { edges { node { identities { value } } } } } } }`,
			map[string]any{"id": at(done, "id"), "after": at(done, "customers", "pageInfo", "endCursor")})
		first, second := at(done, "customers", "edges", 0, "node", "identities"), at(rest, "data", "node", "customers", "edges", 0, "node", "identities")
		if at(first, 0, "value") != "m" || at(second, 0, "value") != "a@x.com" || at(first, 1) != nil || at(second, 1) != nil {
			t.Errorf("%v, %v", first, second)
		}
	})
}
