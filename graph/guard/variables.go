package guard

import (
	"encoding/json"
	"math"
	"strconv"

	"github.com/vektah/gqlparser/v2/ast"

	"github.com/onecdp/onecdp/internal/fault"
)

// longestList is the most elements of a list in a variable; the longest list that anything takes has 1,000.
const longestList = 10_000

// readVariables refuses lists that are too long, and writes the whole numbers of an operation's variables as such.
func readVariables(schema *ast.Schema, operation *ast.OperationDefinition, variables map[string]any) *fault.Error {
	for _, variable := range operation.VariableDefinitions {
		given := variables[variable.Variable]
		if list, ok := given.([]any); ok && len(list) > longestList {
			return fault.Bad(fault.Path{variable.Variable}, "a list of %d; at most %d are taken", len(list), longestList)
		}
		if given != nil {
			variables[variable.Variable] = wholeNumbers(schema, variable.Type, given)
		}
	}
	return nil
}

// wholeNumbers returns a variable in which the numbers that are declared as Int have no fraction and no exponent, where that is possible:
// in JSON 1.0 and 1e1 are whole numbers, too. Lists and objects are changed.
func wholeNumbers(schema *ast.Schema, declared *ast.Type, given any) any {
	definition := schema.Types[declared.Name()]
	if definition == nil || declared.Name() != "Int" && definition.Kind != ast.InputObject {
		return given
	}
	switch given := given.(type) {
	case []any:
		for i, element := range given {
			given[i] = wholeNumbers(schema, declared, element)
		}
	case map[string]any:
		for _, field := range definition.Fields {
			if value := given[field.Name]; value != nil {
				given[field.Name] = wholeNumbers(schema, field.Type, value)
			}
		}
	case json.Number:
		if declared.Name() == "Int" {
			return wholeNumber(given)
		}
	}
	return given
}

func wholeNumber(given json.Number) json.Number {
	if _, err := given.Int64(); err == nil {
		return given
	}
	number, err := given.Float64()
	if err != nil || number != math.Trunc(number) || number < math.MinInt32 || number > math.MaxInt32 {
		return given
	}
	return json.Number(strconv.FormatInt(int64(number), 10))
}
