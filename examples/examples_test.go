package examples_test

import (
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/onecdp/onecdp/examples"
	"github.com/onecdp/onecdp/schema"
)

func TestEveryExampleIsOneNamedOperationOfTheSchema(t *testing.T) {
	t.Parallel()
	contract, err := gqlparser.LoadSchema(&ast.Source{Name: "schema", Input: schema.Text()})
	if err != nil {
		t.Fatal(err)
	}
	operation := func(name, text string) *ast.OperationDefinition {
		document, err := gqlparser.LoadQueryWithRules(contract, text, nil)
		if err != nil || len(document.Operations) != 1 {
			t.Fatalf("%s: want one operation, %v", name, err)
		}
		return document.Operations[0]
	}
	names := map[string]bool{}
	for _, query := range examples.Queries() {
		asked := operation(query.Name, query.Text)
		if asked.Name == "" || names[asked.Name] {
			t.Errorf("%s: want a name of its own, which is its tab's", query.Name)
		}
		names[asked.Name] = true
		if !strings.HasPrefix(query.Text, "# ") {
			t.Errorf("%s: begins with no comment", query.Name)
		}
		found := map[string]bool{}
		if query.Find != "" {
			for _, field := range operation(query.Name, query.Find).SelectionSet {
				found[field.(*ast.Field).Alias] = true
			}
		}
		for _, variable := range asked.VariableDefinitions {
			if !found[variable.Variable] {
				t.Errorf("%s: nothing finds $%s", query.Name, variable.Variable)
			}
		}
	}
	if len(names) < 6 {
		t.Errorf("%d examples", len(names))
	}
}
