package guard

import (
	"math"
	"os"
	"testing"
	"time"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/parser"
	"github.com/vektah/gqlparser/v2/validator"
	"github.com/vektah/gqlparser/v2/validator/rules"
)

// FuzzRead looks for texts that take long, panic, or that gqlparser judges differently.
func FuzzRead(f *testing.F) {
	introspection, err := os.ReadFile("testdata/introspection.graphql")
	if err != nil {
		f.Fatal(err)
	}
	for _, text := range []string{
		string(introspection), profile,
		`{ customers(first: 3, where: {all: []}) { edges { node { ...f a: id @skip(if: true) } } } } fragment f on Customer { ...g ...f } fragment g on Customer { id }`,
		`mutation ($r: [RecordInput!]! = [{a: 1e9}]) { ingest(records: $r) { results { customer { id } } } }`,
		`query a($a: Int, $b: [String!]) { node(id: "x") { ... on Event { a: name } ... on Customer { a: id events(first: $a, names: $b) { totalCount } } } } query b { __typename }`,
		"{ a(b: \"\\u{1F600}\", c: \"\"\"\n x\n\"\"\") # d\n}", "subscription { customerMerged { id } }", "\ufeff{", "{ ... @include(if: $a) { id } }",
	} {
		f.Add(text)
	}
	f.Fuzz(check)
}

func check(t *testing.T, text string) {
	t.Helper()
	began := time.Now()
	ours := reading(text)
	if took := time.Since(began); took > 5*time.Second {
		t.Fatalf("%d bytes took %v", len(text), took)
	}
	if ours.refusal == nil {
		for _, plan := range ours.plans {
			if points := plan.cost(valuesOf(nil)); math.IsNaN(points) || math.IsInf(points, 0) || points < 0 {
				t.Fatalf("%v points", points)
			}
		}
	}
	if code := codeOf(ours); len(text) > 2000 || code != "" && code != "INVALID" {
		return
	}
	query, err := parser.ParseQuery(&ast.Source{Input: text})
	valid := err == nil && len(query.Operations) > 0 && len(validator.ValidateWithRules(api, query, rules.NewDefaultRules())) == 0
	if valid != (ours.refusal == nil) {
		t.Fatalf("gqlparser finds it valid: %v, we: %v", valid, ours.refusal)
	}
}
