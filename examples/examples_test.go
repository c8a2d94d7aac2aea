package examples_test

import (
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/parser"

	"github.com/onecdp/onecdp/examples"
)

func TestEveryExampleIsOneNamedOperationWithAnIntroduction(t *testing.T) {
	t.Parallel()
	if len(examples.Queries()) < 6 {
		t.Fatalf("%d examples", len(examples.Queries()))
	}
	names := map[string]bool{}
	for _, query := range examples.Queries() {
		document, err := parser.ParseQuery(&ast.Source{Name: query.Name, Input: query.Text})
		if err != nil {
			t.Errorf("%s: %v", query.Name, err)
			continue
		}
		if len(document.Operations) != 1 || document.Operations[0].Name == "" || names[document.Operations[0].Name] {
			t.Errorf("%s: want one operation with a name of its own, which is its tab's", query.Name)
			continue
		}
		names[document.Operations[0].Name] = true
		if !strings.HasPrefix(query.Text, "# ") || len(document.Operations[0].VariableDefinitions) > 0 {
			t.Errorf("%s: begins with a comment and needs no variables", query.Name)
		}
	}
}
