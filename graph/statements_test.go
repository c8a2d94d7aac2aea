package graph_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/onecdp/onecdp/internal/dbtest"
	"github.com/onecdp/onecdp/internal/store"
)

// How many statements a request takes depends on its text, not on how much there is to read.
func TestStatementsDoNotGrowWithTheCustomers(t *testing.T) {
	t.Parallel()
	for name, query := range map[string]struct {
		text string
		most int64
	}{
		"a page with identities, tags and events": {`query ($first: Int) { customers(first: $first) { edges { node {
			attributes identities { type value } tags { tag { key } value } events(first: 20) { edges { node { name amount properties } } }
		} } } }`, 5},
		"with counts and everything": {`query ($first: Int) { customers(first: $first) { totalCount edges { node {
			attribute(name: "level") { value source identity { value } } identities { value firstSeenAt lastSeenAt } merges { reason }
			events(first: 20) { totalCount edges { node { name } } } orders: events(names: ["order"]) { totalCount }
		} } } }`, 14},
		"deeper": {`query ($first: Int) { customers(first: $first) { edges { node { identities { customer { events(first: 5) { edges { node {
			customer { tags { value } identities { customer { merges { survivor { identities { value } } } } } }
		} } } } } } } } }`, 8},
		"graphs": {`query ($first: Int) { customers(first: $first) { edges { node { identityGraph {
			nodes { value customer { attributes } } edges { a { value } b { value } accepted reason observations operation { id } }
		} } } } }`, 18},
		"through provenance": {`query ($first: Int) { customers(first: $first) { edges { node { attribute(name: "level") { identity { customer {
			attribute(name: "level") { identity { customer { identities { value } } } }
		} } } } } } }`, 9},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dbtest.Each(t, func(t *testing.T, db *store.DB) {
				w := newWorld(t, db)
				w.populate(50)
				w.ask(query.text, map[string]any{"first": 50}) // words of the dictionaries are remembered from here on
				few, many := w.statements(query.text, 2), w.statements(query.text, 50)
				if few != many || many > query.most {
					t.Errorf("%d statements for 2 customers, %d for 50, want at most %d", few, many, query.most)
				}
			})
		})
	}
}

// What every customer of an answer is asked for comes with them where that saves round trips; an embedded engine has none.
func TestListsAreReadWithTheirCustomers(t *testing.T) {
	t.Parallel()
	const customer = `attributes identities { type value } tags { tag { key } value } events(first: 20) { edges { node { name amount properties } } }`
	for name, query := range map[string]string{
		"a profile": `{ customerByIdentity(identity: {type: "phone", value: "13800000001"}) { ` + customer + ` } }`,
		"a page":    `query ($first: Int) { customers(first: $first) { edges { node { ` + customer + ` } } } }`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dbtest.Each(t, func(t *testing.T, db *store.DB) {
				w := newWorld(t, db)
				w.populate(3)
				want := int64(4)
				if _, gathers := db.Dialect().Nested("c.id"); gathers {
					want = 1
				}
				w.ask(query, map[string]any{"first": 3}) // words of the dictionaries are remembered from here on
				if n := w.statements(query, 3); n != want {
					t.Errorf("%d statements, want %d", n, want)
				}
			})
		})
	}
}

func TestLookingUpIsOneStatement(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db)
		w.populate(3)
		one := `{ customerByIdentity(identity: {type: "phone", value: "13800000001"}) { id attributes } }`
		if n := w.statements(one, 1); n != 1 {
			t.Errorf("%d statements", n)
		}
	})
}

// populate takes customers in who have identities, tags, events and merges.
func (w *world) populate(customers int) {
	w.t.Helper()
	var records []any
	for i := range customers {
		phone := map[string]any{"type": "phone", "value": fmt.Sprintf("138%08d", i)}
		mail := map[string]any{"type": "email", "value": fmt.Sprintf("p%d@example.com", i)}
		for j := range 3 {
			records = append(records, map[string]any{
				"source": "shop", "occurredAt": fmt.Sprintf("2026-0%d-01T00:00:00Z", j+1), "identities": []any{phone},
				"attributes": map[string]any{"level": fmt.Sprint("l", i%3)}, "event": map[string]any{"name": "order", "properties": map[string]any{"amount": j}},
			})
		}
		records = append(records,
			map[string]any{"source": "mail", "occurredAt": "2026-02-01T00:00:00Z", "identities": []any{mail}},
			map[string]any{"source": "shop", "occurredAt": "2026-03-01T00:00:00Z", "identities": []any{mail, phone}})
	}
	w.ask(`mutation ($records: [RecordInput!]!) { ingest(records: $records) { accepted } }`, map[string]any{"records": records})
	edges, _ := at(w.ask(`{ customers(first: 100) { edges { node { id } } } }`, nil), "data", "customers", "edges").([]any)
	if len(edges) != customers {
		w.t.Fatalf("%d customers, want %d: %s", len(edges), customers, w.log)
	}
	for _, edge := range edges {
		w.ask(`mutation ($id: ID!) { tagCustomer(customer: $id, key: "t", value: 1) { userErrors { code } } }`, map[string]any{"id": at(edge, "node", "id")})
	}
}

// statements counts what a request for so many customers sends to the database.
func (w *world) statements(query string, first int) int64 {
	w.t.Helper()
	var count atomic.Int64
	ctx := store.CountStatements(context.WithoutCancel(w.t.Context()), &count)
	answer := decode(w.t, w.answer(ctx, everything, query, map[string]any{"first": first}).Body.Bytes())
	if answer["errors"] != nil {
		w.t.Fatalf("%v, log: %s", answer["errors"], w.log)
	}
	return count.Load()
}
