package schema_test

import (
	"os"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/parser"

	"github.com/onecdp/onecdp/internal/dbtest"
	"github.com/onecdp/onecdp/schema"
)

func load(t *testing.T) *ast.Schema {
	t.Helper()
	loaded, err := gqlparser.LoadSchema(&ast.Source{Name: "schema.graphql", Input: schema.Text()})
	if err != nil {
		t.Fatal(err)
	}
	return loaded
}

func TestEveryRootFieldNamesItsScope(t *testing.T) {
	t.Parallel()
	loaded := load(t)
	for _, root := range []*ast.Definition{loaded.Query, loaded.Mutation, loaded.Subscription} {
		if root == nil {
			continue
		}
		for _, field := range root.Fields {
			if !strings.HasPrefix(field.Name, "__") && field.Directives.ForName("access") == nil {
				t.Errorf("%s.%s has no @access: nobody may say who may use it", root.Name, field.Name)
			}
		}
	}
}

func TestEverythingIsDescribed(t *testing.T) {
	t.Parallel()
	loaded := load(t)
	describe := func(what, description string) {
		if len(description) < 8 || !strings.HasSuffix(strings.TrimSpace(description), ".") || strings.ToUpper(description[:1]) != description[:1] && description[0] != 't' {
			t.Errorf("%s: %q is no sentence", what, description)
		}
	}
	for name, definition := range loaded.Types {
		if definition.BuiltIn {
			continue
		}
		describe(name, definition.Description)
		for _, field := range definition.Fields {
			if strings.HasPrefix(field.Name, "__") {
				continue
			}
			describe(name+"."+field.Name, field.Description)
			for _, argument := range field.Arguments {
				describe(name+"."+field.Name+"("+argument.Name+")", argument.Description)
			}
		}
		for _, value := range definition.EnumValues {
			describe(name+"."+value.Name, value.Description)
		}
	}
}

// What is built has the names, arguments, defaults and nullability that were promised. What is not built yet is not in the schema,
// except for the rules, which are whole.
func TestTheSchemaKeepsItsPromise(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(dbtest.Shared(t, "contract.graphql"))
	if err != nil {
		t.Fatal(err)
	}
	contract, err := parser.ParseSchema(&ast.Source{Name: "contract.graphql", Input: string(text)})
	if err != nil {
		t.Fatal(err)
	}
	built := load(t)
	promised := map[string]*ast.Definition{}
	for _, definition := range contract.Definitions {
		promised[definition.Name] = definition
		ours := built.Types[definition.Name]
		if ours == nil {
			continue
		}
		if ours.Kind != definition.Kind || strings.Join(ours.Interfaces, " ") != strings.Join(definition.Interfaces, " ") {
			t.Errorf("%s is another kind of type", definition.Name)
		}
		if (ours.Directives.ForName("oneOf") == nil) != (definition.Directives.ForName("oneOf") == nil) {
			t.Errorf("%s: @oneOf", definition.Name)
		}
		for _, field := range definition.Fields {
			if found := ours.Fields.ForName(field.Name); found != nil {
				compare(t, definition.Name, found, field)
			} else if definition.Kind == ast.InputObject {
				t.Errorf("%s.%s is missing", definition.Name, field.Name)
			}
		}
		for _, value := range definition.EnumValues {
			if ours.EnumValues.ForName(value.Name) == nil {
				t.Errorf("%s.%s is missing", definition.Name, value.Name)
			}
		}
		if definition.Kind == ast.Enum && len(ours.EnumValues) != len(definition.EnumValues) {
			t.Errorf("%s has more values", definition.Name)
		}
	}
	whole(t, built, promised, "Rule", map[string]bool{})
	for _, name := range []string{"ingest", "track", "identify", "createSegment", "tagCustomer", "untagCustomer", "createCampaign"} {
		if built.Mutation.Fields.ForName(name) == nil {
			t.Errorf("Mutation.%s is missing", name)
		}
	}
	for _, name := range []string{"node", "customer", "customerByIdentity", "customersByIdentity", "customers", "segment", "previewSegment", "campaign"} {
		if built.Query.Fields.ForName(name) == nil {
			t.Errorf("Query.%s is missing", name)
		}
	}
}

func compare(t *testing.T, owner string, ours, promised *ast.FieldDefinition) {
	t.Helper()
	name := owner + "." + promised.Name
	if ours.Type.String() != promised.Type.String() || ours.DefaultValue.String() != promised.DefaultValue.String() {
		t.Errorf("%s is %s = %s, promised is %s = %s", name, ours.Type, ours.DefaultValue, promised.Type, promised.DefaultValue)
	}
	for _, argument := range promised.Arguments {
		found := ours.Arguments.ForName(argument.Name)
		switch {
		case found == nil:
			t.Errorf("%s(%s) is missing", name, argument.Name)
		case found.Type.String() != argument.Type.String() || found.DefaultValue.String() != argument.DefaultValue.String():
			t.Errorf("%s(%s) is %s = %s, promised is %s = %s", name, argument.Name, found.Type, found.DefaultValue, argument.Type, argument.DefaultValue)
		}
	}
	for _, argument := range ours.Arguments {
		if promised.Arguments.ForName(argument.Name) == nil && argument.Type.NonNull && argument.DefaultValue == nil {
			t.Errorf("%s(%s) is asked for and was not promised", name, argument.Name)
		}
	}
}

// whole checks that an input and all that it reaches is there.
func whole(t *testing.T, built *ast.Schema, promised map[string]*ast.Definition, name string, seen map[string]bool) {
	t.Helper()
	definition := promised[name]
	if definition == nil || seen[name] {
		return
	}
	seen[name] = true
	if built.Types[name] == nil {
		t.Errorf("%s is missing", name)
		return
	}
	for _, field := range definition.Fields {
		whole(t, built, promised, field.Type.Name(), seen)
	}
}
