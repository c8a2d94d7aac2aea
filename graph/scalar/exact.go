package scalar

import (
	"encoding/json"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
)

// numberMark begins a text that stands for a number literal. No text of a variable begins with it: it is no UTF-8, and reading JSON
// replaces what is none.
const numberMark = "\xff"

// KeepDigits prepares a parsed and validated query: number literals where a JSON value is taken become texts with a mark, which
// Exact turns into exact numbers. Without it they would be read as 64-bit integers and binary fractions, which lose digits and
// cannot hold every number.
func KeepDigits(query *ast.QueryDocument) {
	for _, operation := range query.Operations {
		for _, variable := range operation.VariableDefinitions {
			if variable.DefaultValue != nil {
				keepDigits(variable.DefaultValue, false)
			}
		}
		keepDigitsOf(operation.SelectionSet)
	}
	for _, fragment := range query.Fragments {
		keepDigitsOf(fragment.SelectionSet)
	}
}

func keepDigitsOf(selections ast.SelectionSet) {
	for _, selection := range selections {
		switch selection := selection.(type) {
		case *ast.Field:
			for _, argument := range selection.Arguments {
				keepDigits(argument.Value, false)
			}
			keepDigitsOf(selection.SelectionSet)
		case *ast.InlineFragment:
			keepDigitsOf(selection.SelectionSet)
		}
	}
}

// keepDigits marks numbers below a value; open says that the value stands where any JSON is taken.
func keepDigits(literal *ast.Value, open bool) {
	open = open || literal.Definition != nil && literal.Definition.Kind == ast.Scalar && takesAnything[literal.Definition.Name]
	switch literal.Kind {
	case ast.IntValue, ast.FloatValue:
		if open {
			literal.Kind, literal.Raw = ast.StringValue, numberMark+literal.Raw
		}
	case ast.ListValue, ast.ObjectValue:
		for _, child := range literal.Children {
			keepDigits(child.Value, open)
		}
	default: // the other literals are read as they are written
	}
}

// Exact returns v with the numbers that KeepDigits marked as json.Number. v is not changed; where nothing was marked it is returned
// itself.
func Exact(v any) any {
	exact, _ := unmark(v)
	return exact
}

func unmark(v any) (exact any, changed bool) {
	switch v := v.(type) {
	case string:
		if number, marked := strings.CutPrefix(v, numberMark); marked {
			return json.Number(number), true
		}
	case []any:
		var kept []any
		for i, element := range v {
			if element, changed := unmark(element); changed {
				if kept == nil {
					kept = append(kept, v...)
				}
				kept[i] = element
			}
		}
		if kept != nil {
			return kept, true
		}
	case map[string]any:
		var kept map[string]any
		for key, element := range v {
			if element, changed := unmark(element); changed {
				if kept == nil {
					kept = make(map[string]any, len(v))
				}
				kept[key] = element
			}
		}
		if kept != nil {
			for key, element := range v {
				if _, done := kept[key]; !done {
					kept[key] = element
				}
			}
			return kept, true
		}
	}
	return v, false
}
