package direct

import (
	"fmt"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
)

var schema = gqlparser.MustLoadSchema(&ast.Source{Input: `type Query { a: Query b: Query n: Int }`})

func TestWhatIsKeptIsBoundedByWhatIsWritten(t *testing.T) {
	t.Parallel()
	// Each of ten fragments spreads the next one twice: a thousand fields of thirty.
	var many strings.Builder
	for i := range 10 {
		fmt.Fprintf(&many, "fragment f%d on Query { a { ...f%d } b { ...f%d } } ", i, i+1, i+1)
	}
	many.WriteString("fragment f10 on Query { n }")
	operations := strings.Builder{}
	for i := range 50 {
		fmt.Fprintf(&operations, "query q%d { ...f } ", i)
	}
	for name, c := range map[string]struct {
		query string
		want  bool
	}{
		"an ordinary query":                     {`{ a { n b { n } } n }`, true},
		"a fragment that is spread three times": {`{ a { ...f } b { ...f } ...f } fragment f on Query { n a { n } }`, true},
		"fragments that multiply":               {`{ ...f0 } ` + many.String(), false},
		"many operations of one fragment":       {operations.String() + `fragment f on Query { n a { n b { n } } }`, false},
		"a very long query":                     {`{ ` + strings.Repeat(`a { n } `, mostKept) + `}`, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			document, errs := gqlparser.LoadQueryWithRules(schema, c.query, nil)
			if errs != nil {
				t.Fatal(errs)
			}
			if got := worthKeeping(document, document.Operations[0]); got != c.want {
				t.Errorf("kept: %v", got)
			}
		})
	}
}
