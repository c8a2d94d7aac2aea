package guard

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
)

func TestWholeNumbersMayHaveAPoint(t *testing.T) {
	t.Parallel()
	schema := gqlparser.MustLoadSchema(&ast.Source{Input: `
		type Query { a(n: Int, in: In): Int }
		input In { n: [[Int!]] f: Float in: In }`})
	for text, want := range map[string]string{
		"1": "1", "-0": "-0", "1.0": "1", "1e1": "10", "-20.50e1": "-205", "2147483647.0": "2147483647", "2147483648.0": "2147483648.0",
		"1.5": "1.5", "1e-1": "1e-1", "1e400": "1e400", "12345678901": "12345678901",
	} {
		if got := wholeNumber(json.Number(text)); got.String() != want {
			t.Errorf("%s is %s, want %s", text, got, want)
		}
	}
	one := json.Number("1.0")
	given := map[string]any{"n": []any{[]any{one}, one, "1.0", nil}, "f": one, "in": map[string]any{"n": one, "other": one}}
	got := wholeNumbers(schema, ast.NonNullNamedType("In", nil), given)
	if want := "map[f:1.0 in:map[n:1 other:1.0] n:[[1] 1 1.0 <nil>]]"; fmt.Sprint(got) != want {
		t.Errorf("%v, want %s", got, want)
	}
}

func TestASubscriptionTellsItsFieldUnconditionally(t *testing.T) {
	t.Parallel()
	for query, want := range map[string]string{
		`subscription { eventIngested { id @skip(if: true) } }`:                                                              "",
		`{ customers @skip(if: true) { totalCount } }`:                                                                       "",
		`subscription { eventIngested @skip(if: true) { id } }`:                                                              "INVALID",
		`subscription ($a: Boolean!) { eventIngested @include(if: $a) { id } }`:                                              "INVALID",
		`subscription ($a: Boolean!) { ... @skip(if: $a) { eventIngested { id } } }`:                                         "INVALID",
		`subscription { ...f @include(if: true) } fragment f on Subscription { eventIngested { id } }`:                       "INVALID",
		`subscription { ...f } fragment f on Subscription { ... on Subscription { eventIngested @skip(if: false) { id } } }`: "INVALID",
		`subscription { ...f } fragment f on Subscription { eventIngested { id } }`:                                          "",
	} {
		if got := codeOf(reading(query)); got != want {
			t.Errorf("%s: %q, want %q", query, got, want)
		}
	}
}
