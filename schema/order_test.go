package schema_test

import (
	"testing"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/parser"

	"github.com/onecdp/onecdp/schema"
)

func TestTypesAreDefinedBeforeTheyAreExtended(t *testing.T) {
	t.Parallel()
	document, err := parser.ParseSchema(&ast.Source{Name: "schema.graphql", Input: schema.Text()})
	if err != nil {
		t.Fatal(err)
	}
	for _, extension := range document.Extensions {
		if definition := document.Definitions.ForName(extension.Name); definition.Position.Start > extension.Position.Start {
			t.Errorf("%s is extended on line %d and defined on line %d only", extension.Name, extension.Position.Line, definition.Position.Line)
		}
	}
}
