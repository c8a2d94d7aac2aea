package transport

import (
	"encoding/json"
	"reflect"
	"strconv"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/onecdp/onecdp/internal/fault"
)

// checkVariables refuses variables of another type than they are declared with. gqlparser takes texts for numbers and numbers for texts,
// which would be found only when the operation is being executed. Of each variable the first fault is told.
func checkVariables(definitions ast.VariableDefinitionList, given map[string]any) (refusals gqlerror.List) {
	for _, definition := range definitions {
		value, ok := given[definition.Variable]
		if !ok {
			continue
		}
		if wrong := checkVariable(definition.Type, value, fault.Path{definition.Variable}); wrong != nil {
			refusals = append(refusals, gqlerror.Wrap(wrong))
		}
	}
	return refusals
}

// expected says what the built-in scalars are.
var expected = map[string]string{
	"Int": "this is not a whole number of 32 bits", "Float": "this is not a number", "String": "this is not a text",
	"Boolean": "this is neither true nor false", "ID": "this is not an id",
}

func checkVariable(declared *ast.Type, given any, at fault.Path) *fault.Error {
	if given == nil { // gqlparser has looked at that
		return nil
	}
	if declared.Elem != nil {
		list := reflect.ValueOf(given)
		if list.Kind() != reflect.Slice { // one value stands for a list of it
			return checkVariable(declared.Elem, given, at)
		}
		for i := range list.Len() {
			if wrong := checkVariable(declared.Elem, list.Index(i).Interface(), at.With(i)); wrong != nil {
				return wrong
			}
		}
		return nil
	}
	ok := true
	number, isNumber := given.(json.Number)
	switch declared.NamedType {
	case "Int":
		if isNumber {
			_, err := strconv.ParseInt(number.String(), 10, 32)
			ok = err == nil
		} else {
			_, ok = given.(int64) // a default
		}
	case "Float":
		if ok = isNumber; !ok {
			switch given.(type) {
			case int64, float64: // a default
				ok = true
			}
		}
	case "String":
		_, ok = given.(string)
	case "Boolean":
		_, ok = given.(bool)
	case "ID":
		if _, ok = given.(string); !ok {
			ok = isNumber
		}
	}
	if !ok {
		return fault.Bad(at, "%s", expected[declared.NamedType])
	}
	return nil
}
