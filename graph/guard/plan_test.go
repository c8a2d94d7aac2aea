package guard

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/onecdp/onecdp/internal/access"
)

func TestCostsAreThoseOfTheSchema(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		query     string
		variables map[string]any
		want      int64
	}{
		{`{ customer(id: "x") { id name: id } }`, nil, 3},
		{`{ customer(id: "x") { id id ... on Customer { id } ...f ...f } } fragment f on Customer { id }`, nil, 2},
		{`{ customers { pageInfo { hasNextPage } } }`, nil, 3},
		{`{ customers { totalCount } }`, nil, 5001},
		{`{ customers(where: {all: []}) { edges { cursor } } }`, nil, 15_000 + 1 + 1 + 20},
		{`{ customers(where: null) { edges { cursor } } }`, nil, 1 + 1 + 20},
		{`{ customers(first: 3) { edges { node { id } } } }`, nil, 1 + 1 + 3*2},
		{`{ customers(first: 3) { edges { node { events(first: 2) { totalCount edges { cursor } } } } } }`, nil, 1 + 1 + 3*(1+1+20+1+2)},
		{`{ customers(first: 2) { edges { node { identities { id } tags { value } merges { id } } } } }`, nil, 1 + 1 + 2*(1+6+11+6)},
		{`{ customersByIdentity(identities: [{type: "a", value: "b"}, {type: "a", value: "c"}]) { id } }`, nil, 1 + 2 + 2},
		{`mutation { ingest(records: [{}, {}, {}]) { accepted results { status } } }`, nil, 1 + 3 + 1 + 1 + 3},
		{`mutation { ingest(records: {}) { accepted } }`, nil, 1 + 1 + 1},
		{`{ customer(id: "x") { id @skip(if: true) a: id @include(if: false) b: id @include(if: true) } }`, nil, 2},
		{`{ __typename a: __typename }`, nil, 2},

		{`query ($n: Int) { customers(first: $n) { edges { cursor } } }`, map[string]any{"n": int64(7)}, 1 + 1 + 7},
		{`query ($n: Int) { customers(first: $n) { edges { cursor } } }`, map[string]any{"n": json.Number("7")}, 1 + 1 + 7},
		{`query ($n: Int) { customers(first: $n) { edges { cursor } } }`, map[string]any{"n": "7"}, 1 + 1 + 7},
		{`query ($n: Int) { customers(first: $n) { edges { cursor } } }`, map[string]any{"n": nil}, 1 + 1 + 20},
		{`query ($n: Int) { customers(first: $n) { edges { cursor } } }`, nil, 1 + 1 + 20},
		{`query ($n: Int) { customers(first: $n) { edges { cursor } } }`, map[string]any{"n": int64(-7)}, 2},
		{`query ($w: Rule) { customers(where: $w) { edges { cursor } } }`, map[string]any{"w": map[string]any{}}, 15_000 + 22},
		{`query ($w: Rule) { customers(where: $w) { edges { cursor } } }`, map[string]any{"w": nil}, 22},
		{`mutation ($r: [RecordInput!]!) { ingest(records: $r) { results { status } } }`, map[string]any{"r": make([]any, 1000)}, 1 + 1000 + 1 + 1000},
		{`query ($a: Boolean!) { customer(id: "x") { id @skip(if: $a) updatedAt @include(if: $a) createdAt } }`, map[string]any{"a": true}, 3},
		{`query ($a: Boolean!) { customers(first: 10) @include(if: $a) { edges { cursor } } }`, map[string]any{"a": false}, 0},
		{`query ($a: Boolean!) { customers(first: 10) @include(if: $a) { edges { cursor } } }`, map[string]any{"a": true}, 12},
	} {
		if got := costIn(t, c.query, c.variables); got != c.want {
			t.Errorf("%s with %v: %d points, want %d", c.query, c.variables, got, c.want)
		}
	}
}

func TestNoVariableMakesARequestCheap(t *testing.T) {
	t.Parallel()
	query := `query ($n: Int) { customers(first: $n) { edges { node { events(first: $n) { edges { node { customer { events(first: $n) { edges { node { id } } } } } } } } } } }`
	for _, n := range []any{int64(100), json.Number("100"), "100", json.Number("1e400"), int64(1) << 62, 1e300} {
		if got := costIn(t, query, map[string]any{"n": n}); got <= MostPoints {
			t.Errorf("first %v: %d points", n, got)
		}
	}
}

func needsOf(t *testing.T, d *document) string {
	t.Helper()
	if d.refusal != nil {
		t.Fatal(d.refusal)
	}
	var needs []string
	for _, need := range d.plans[d.query.Operations[0]].needs {
		needs = append(needs, fmt.Sprintf("%s%s at %d", need.scope, need.field, need.at.Column))
	}
	return strings.Join(needs, ", ")
}

func TestScopesAreThoseOfAllFields(t *testing.T) {
	t.Parallel()
	for query, want := range map[string]string{
		`{ customers { totalCount } }`:                      "read at 3",
		`{ __typename __schema { description } }`:           "",
		`{ customers @skip(if: true) { totalCount } }`:      "read at 3",
		`{ ...f } fragment f on Query { apiKeys { name } }`: "admin at 32",
		`{ customers { totalCount } apiKeys { name } }`:     "read at 3, admin at 28",
		`mutation { ingest(records: []) { accepted results { ... on RecordResult { customer @skip(if: true) { id } } } } }`: "ingest at 12, read at 75",
		`query ($a: Boolean!) { apiKeys @include(if: $a) { name } }`:                                                        "admin at 24",
	} {
		if got := needsOf(t, reading(query)); got != want {
			t.Errorf("%s needs %q, want %q", query, got, want)
		}
	}
}

func TestARootFieldWithoutAScopeIsNobodys(t *testing.T) {
	t.Parallel()
	schema := gqlparser.MustLoadSchema(&ast.Source{Input: `
		directive @access(scope: Scope!) on FIELD_DEFINITION
		enum Scope { READ }
		type Query { open: Int @access(scope: READ) forgotten: Thing }
		type Thing { name: String }`})
	d := read(`{ open ...f } fragment f on Query { a: forgotten { name } }`, schema, costsOf(schema, schema), func(*ast.QueryDocument) {})
	if got, want := needsOf(t, d), "read at 3, forgotten at 37"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	everything := access.WithCaller(t.Context(), access.Caller{Scopes: []access.Scope{access.Admin}})
	if err := d.plans[d.query.Operations[0]].needs[1].check(everything); err == nil || !strings.Contains(err.Error(), "forgotten") {
		t.Errorf("%v", err)
	}
}
