package scalar

import (
	"maps"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/onecdp/onecdp/internal/fault"
	"github.com/onecdp/onecdp/internal/value"
)

// UnmarshalObject takes an input object as it was sent, with exact numbers, for one who reads it as a whole: rules are read by
// package rule and records by package ingest. They know more than the schema does, find all faults at once with their places, and
// let one bad record not fail its batch. Null is nil.
func UnmarshalObject(v any) (map[string]any, error) {
	if v == nil {
		return nil, nil
	}
	object, ok := Exact(v).(map[string]any)
	if !ok {
		return nil, fault.Bad(nil, "this is not an object")
	}
	return object, nil
}

// MarshalObject writes an input object canonically.
func MarshalObject(object map[string]any) graphql.Marshaler { return MarshalRaw(value.JSON(object)) }

// readByServices names the inputs that are taken in so, at their root.
var readByServices = []string{"Rule", "RecordInput"}

// takesAnything names the scalars, after Opaque, whose values may be any JSON.
var takesAnything = map[string]bool{"JSON": true, "Rule": true, "RecordInput": true}

// Opaque returns the schema to validate requests with: in it the inputs that services read are scalars, so that gqlparser neither
// refuses nor converts what is inside. The given schema, which introspection shows, stays as it is.
func Opaque(schema *ast.Schema) *ast.Schema {
	opaque := *schema
	opaque.Types = maps.Clone(schema.Types)
	for _, name := range readByServices {
		whole := schema.Types[name]
		opaque.Types[name] = &ast.Definition{
			Kind: ast.Scalar, Name: name, Description: whole.Description, Position: whole.Position,
		}
	}
	return &opaque
}
