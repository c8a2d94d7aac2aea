package graph

import (
	"context"
	"encoding/json"
	"strconv"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/onecdp/onecdp/internal/access"
	"github.com/onecdp/onecdp/internal/fault"
)

// The bounds of one request. They leave room for ten root fields of twenty customers with a hundred events each.
const (
	deepest     = 24      // levels of fields
	mostFields  = 300_000 // fields of the answer, as the query lets them be counted ahead
	usualLength = 5       // what a list without a stated length is taken for
	aRule       = 5_000   // fields that a question with a rule is counted as: it looks at all customers
)

// guard refuses, before anything is done, what a key may not ask for and what nobody may: answers that are too deep
// or too large. Each fragment is measured once, so that its own work is in proportion to the query's length.
type guard struct{}

// ExtensionName implements graphql.HandlerExtension.
func (guard) ExtensionName() string { return "Guard" }

// Validate implements graphql.HandlerExtension.
func (guard) Validate(graphql.ExecutableSchema) error { return nil }

// MutateOperationContext implements graphql.OperationContextMutator.
func (guard) MutateOperationContext(ctx context.Context, operation *graphql.OperationContext) *gqlerror.Error {
	m := measure{ctx: ctx, variables: operation.Variables, known: map[spread]extent{}}
	total := m.selections(operation.Operation.SelectionSet, 0)
	switch {
	case m.refusal != nil:
		return m.refusal
	case total.depth > deepest:
		return gqlerror.Wrap(fault.New(fault.TooDeep, "the query is %d levels deep; at most %d are answered", total.depth, deepest))
	case total.fields > mostFields:
		return gqlerror.Wrap(fault.New(fault.CostLimitExceeded, "the answer could have more than %d fields", mostFields).
			WithHint("ask for shorter pages, or for less of each element"))
	}
	return nil
}

// extent is how far a selection reaches.
type extent struct {
	depth  int
	fields float64 // a number that may overflow an integer many times over
}

// spread is a fragment where a list of a certain length is expected.
type spread struct {
	fragment string
	length   int
}

type measure struct {
	ctx       context.Context
	variables map[string]any
	known     map[spread]extent
	refusal   *gqlerror.Error // the first field that the key may not ask for
}

// selections measures fields; length is that of the list which their parent wraps, such as a connection its
// edges; 0: unknown.
func (m *measure) selections(set ast.SelectionSet, length int) extent {
	var total extent
	for _, selection := range set {
		var one extent
		switch selection := selection.(type) {
		case *ast.Field:
			one = m.field(selection, length)
		case *ast.InlineFragment:
			one = m.selections(selection.SelectionSet, length)
		case *ast.FragmentSpread:
			at := spread{selection.Name, length}
			measured, done := m.known[at]
			if !done {
				measured = m.selections(selection.Definition.SelectionSet, length)
				m.known[at] = measured
			}
			one = measured
		}
		total.depth = max(total.depth, one.depth)
		total.fields += one.fields
	}
	return total
}

func (m *measure) field(field *ast.Field, length int) extent {
	if field.Definition == nil { // __typename
		return extent{depth: 1, fields: 1}
	}
	if needed := field.Definition.Directives.ForName("access"); needed != nil && m.refusal == nil {
		scope := access.Scope(strings.ToLower(needed.Arguments.ForName("scope").Value.Raw))
		if err := access.Require(m.ctx, scope); err != nil {
			m.refusal = gqlerror.Wrap(err)
			m.refusal.Locations = []gqlerror.Location{{Line: field.Position.Line, Column: field.Position.Column}}
		}
	}
	stated := m.stated(field)
	times := 1
	if field.Definition.Type.Elem != nil {
		if times = max(stated, length); times == 0 {
			times = usualLength
		}
		stated = 0
	}
	children := m.selections(field.SelectionSet, stated)
	own := 1.0
	if field.Arguments.ForName("where") != nil {
		own = aRule
	}
	return extent{depth: children.depth + 1, fields: own + float64(times)*children.fields}
}

// stated is the length of the list that a field's arguments ask for or give; 0: they say nothing.
func (m *measure) stated(field *ast.Field) int {
	longest := 0
	for _, definition := range field.Definition.Arguments {
		value := definition.DefaultValue
		if given := field.Arguments.ForName(definition.Name); given != nil {
			value = given.Value
		}
		if value == nil {
			continue
		}
		switch {
		case definition.Name == "first":
			longest = max(longest, m.number(value))
		case definition.Type.Elem != nil:
			longest = max(longest, m.elements(value))
		}
	}
	return longest
}

func (m *measure) number(value *ast.Value) int {
	text := value.Raw
	if value.Kind == ast.Variable {
		switch given := m.variable(value).(type) {
		case json.Number:
			text = given.String()
		case int64:
			return int(given)
		default:
			return 0
		}
	}
	n, _ := strconv.Atoi(text)
	return n
}

func (m *measure) elements(value *ast.Value) int {
	if value.Kind == ast.Variable {
		list, _ := m.variable(value).([]any)
		return len(list)
	}
	return len(value.Children)
}

// variable is a variable's value, or its default.
func (m *measure) variable(value *ast.Value) any {
	if given, ok := m.variables[value.Raw]; ok {
		return given
	}
	if value.VariableDefinition == nil || value.VariableDefinition.DefaultValue == nil {
		return nil
	}
	given, _ := value.VariableDefinition.DefaultValue.Value(nil)
	return given
}
