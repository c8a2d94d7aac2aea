// Generate writes gqlgen's code. It differs from gqlgen's own command in one thing: the inputs that services read as a whole
// (scalar.Opaque) are scalars to the generated code, so that it neither converts nor refuses what is inside them.
package main

import (
	"fmt"
	"os"

	"github.com/99designs/gqlgen/api"
	"github.com/99designs/gqlgen/codegen/config"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/onecdp/onecdp/graph/scalar"
)

func main() {
	cfg, err := config.LoadConfigFromDefaultLocations()
	if err == nil {
		err = api.Generate(cfg, api.PrependPlugin(opaque{}), api.AddPlugin(direct{}))
	}
	if err != nil {
		_, _ = fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// opaque is a plugin of gqlgen.
type opaque struct{}

// Name is the plugin's name.
func (opaque) Name() string { return "opaque" }

// MutateSchema takes the opaque inputs apart from what only they use.
func (opaque) MutateSchema(schema *ast.Schema) error { //nolint:unparam // the interface of plugins has it
	schema.Types = scalar.Opaque(schema).Types
	used := map[string]bool{}
	var use func(typ *ast.Type)
	use = func(typ *ast.Type) {
		definition := schema.Types[typ.Name()]
		if definition == nil || used[definition.Name] {
			return
		}
		used[definition.Name] = true
		for _, field := range definition.Fields {
			use(field.Type)
			for _, argument := range field.Arguments {
				use(argument.Type)
			}
		}
	}
	for _, directive := range schema.Directives {
		for _, argument := range directive.Arguments {
			use(argument.Type)
		}
	}
	for _, definition := range schema.Types {
		if definition.IsCompositeType() {
			use(ast.NamedType(definition.Name, nil))
		}
	}
	for name, definition := range schema.Types {
		if !used[name] && (definition.Kind == ast.InputObject || definition.Kind == ast.Enum) {
			delete(schema.Types, name)
		}
	}
	return nil
}
