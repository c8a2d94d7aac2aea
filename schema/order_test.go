package schema_test

import (
	"strings"
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

// graphql-eslint obeys a comment from where it stands to the end of the text, so one is enough, and it says why.
func TestTheSchemaSwitchesOneLintRuleOffOnce(t *testing.T) {
	t.Parallel()
	const line = "# eslint-disable @graphql-eslint/relay-edge-types -- "
	if text := schema.Text(); !strings.HasPrefix(text, line) || strings.Count(text, "eslint") != 2 {
		t.Errorf("want one comment, at the top: %.80q, %d", text, strings.Count(text, "eslint"))
	}
}
