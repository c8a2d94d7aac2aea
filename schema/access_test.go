package schema_test

import (
	"testing"

	"github.com/vektah/gqlparser/v2/ast"
)

// open are the types that the answer of a mutation may show to a key without the scope read. Segment and Campaign are in the
// answers of those mutations alone that have just made them, and what they show is what the caller has given.
var open = []string{
	"IngestPayload", "RecordResult", "UserError", "TagCustomerPayload", "SegmentPayload", "Segment", "CampaignPayload", "Campaign",
	"OperationPayload", "MergePayload", "Operation", "AttributeTypePayload", "AttributeType", "Job",
	"ApiKeyPayload", "ApiKey", "IdentityTypePayload", "IdentityType", // only for admin
}

func TestAnswersOfMutationsShowNobodyWithoutRead(t *testing.T) {
	t.Parallel()
	loaded := load(t)
	reached := map[string]string{} // a type by its name, with the way to it
	var walk func(definition *ast.Definition, way string)
	walk = func(definition *ast.Definition, way string) {
		for _, field := range definition.Fields {
			guard := field.Directives.ForName("access")
			if guard != nil && definition != loaded.Mutation {
				if scope := guard.Arguments.ForName("scope").Value.Raw; scope != "READ" && scope != "ADMIN" {
					t.Errorf("%s.%s needs %s, which is not for reading", way, field.Name, scope)
				}
				continue
			}
			for _, next := range loaded.GetPossibleTypes(loaded.Types[field.Type.Name()]) {
				if next.Kind != ast.Object {
					continue
				}
				if _, seen := reached[next.Name]; !seen {
					reached[next.Name] = way + "." + field.Name
					walk(next, reached[next.Name])
				}
			}
		}
	}
	walk(loaded.Mutation, "Mutation")
	for _, name := range open {
		if reached[name] == "" {
			t.Errorf("%s is open and not reached", name)
		}
		delete(reached, name)
	}
	for name, way := range reached {
		t.Errorf("%s can be read through %s without the scope read", name, way)
	}
}

func TestPersonalOpensNothingByItself(t *testing.T) {
	t.Parallel()
	for _, definition := range load(t).Types {
		for _, field := range definition.Fields {
			if guard := field.Directives.ForName("access"); guard != nil && guard.Arguments.ForName("scope").Value.Raw == "PERSONAL" {
				t.Errorf("%s.%s needs personal: that scope adds to another, and opens nothing", definition.Name, field.Name)
			}
		}
	}
}
