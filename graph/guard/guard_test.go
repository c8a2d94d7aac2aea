package guard

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/onecdp/onecdp/graph/scalar"
	"github.com/onecdp/onecdp/internal/fault"
	"github.com/onecdp/onecdp/schema"
)

var (
	written  = gqlparser.MustLoadSchema(&ast.Source{Name: "schema.graphql", Input: schema.Text()})
	api      = scalar.Opaque(written)
	apiCosts = costsOf(api, written)
)

func reading(text string) *document { return read(text, api, apiCosts, scalar.KeepDigits) }

// costIn is what the only operation of a document costs.
func costIn(t *testing.T, text string, variables map[string]any) int64 {
	t.Helper()
	d := reading(text)
	if d.refusal != nil {
		t.Fatalf("%.200s: %v", text, d.refusal)
	}
	return whole(d.plans[d.query.Operations[0]].cost(valuesOf(variables)))
}

// codeOf is why a document is refused: a fault's code, INVALID for an error of the document, "" for nothing.
func codeOf(d *document) string {
	if d.refusal == nil {
		return ""
	}
	if faults := fault.All(d.refusal); len(faults) > 0 {
		return string(faults[0].Code)
	}
	return "INVALID"
}

func TestTheStandardIntrospectionPasses(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("testdata/introspection.graphql")
	if err != nil {
		t.Fatal(err)
	}
	points := costIn(t, string(text), nil)
	t.Log(points, "points")
	if points > MostPoints/3 {
		t.Errorf("introspection costs %d points", points)
	}
}

func TestApplicationsOfManyFragmentsPass(t *testing.T) {
	t.Parallel()
	var b, spreads strings.Builder
	for i := range 60 {
		fmt.Fprintf(&b, `fragment Card%d_customer on Customer { id __typename attributes tags { __typename value tag { id __typename key name } }
			events(first: 10) { __typename edges { __typename cursor node { id __typename name ... on Event { amount } } } pageInfo { hasNextPage endCursor } } } `, i)
		fmt.Fprintf(&spreads, "...Card%d_customer ", i)
	}
	query := fmt.Sprintf(`query Page($first: Int = 20, $all: Boolean!) { customers(first: $first) { __typename totalCount edges { __typename cursor node { id __typename %s ... on Node { id __typename } %s @include(if: $all) } } } } %s`,
		spreads.String(), strings.ReplaceAll(spreads.String(), " ...", " @include(if: $all) ..."), b.String())
	query = strings.ReplaceAll(query, "  @include", " @include")
	few := costIn(t, query, map[string]any{"first": int64(20), "all": false})
	many := costIn(t, query, map[string]any{"first": int64(20), "all": true})
	one := costIn(t, `query { customers(first: 20) { __typename totalCount edges { __typename cursor node { id __typename ...Card } } } }
		fragment Card on Customer { attributes tags { __typename value tag { id __typename key name } }
			events(first: 10) { __typename edges { __typename cursor node { id __typename name amount } } pageInfo { hasNextPage endCursor } } } `, nil)
	if few > one+20*200 || many > MostPoints {
		t.Errorf("%d points, %d with what is conditional; one fragment alone costs %d", few, many, one)
	}
}

func TestTheContractsLargestRequestsPass(t *testing.T) {
	t.Parallel()
	event := `cursor node { id name occurredAt receivedAt source channel amount properties customer { id } __typename }`
	page := func(alias string, customers, events int) string {
		return fmt.Sprintf(`%s: customers(first: %d) { totalCount pageInfo { hasNextPage hasPreviousPage startCursor endCursor } edges { cursor node { id createdAt updatedAt attributes
			identities { id type scope value shared source firstSeenAt lastSeenAt } tags { tag { id key name kind version definition } value score source computedAt validUntil }
			merges { id } attribute(name: "a") { name value source observedAt identity { id } }
			events(first: %d) { totalCount pageInfo { hasNextPage hasPreviousPage startCursor endCursor } edges { %s } } } } } `, alias, customers, events, event)
	}
	var ten strings.Builder
	for i := range 10 {
		ten.WriteString(page(fmt.Sprint("a", i), 20, 100))
	}
	for name, query := range map[string]string{"20 of 100": page("a", 20, 100), "50 of 20": page("a", 50, 20), "100 of 20": page("a", 100, 20), "ten": ten.String()} {
		points := costIn(t, "{ "+query+" }", nil)
		t.Log(name, points, "points")
		if points > MostPoints {
			t.Errorf("%s: %d points", name, points)
		}
	}
}
