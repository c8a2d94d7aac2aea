package guard

import (
	"sync"

	"github.com/vektah/gqlparser/v2/ast"
)

// inputs are the input types below which something has a weight, by their names. They are those of the schema as it is written: where
// services read an input as a whole, it is a scalar in the schema that requests are validated with.
type inputs map[string]*inputCost

// inputCost is what the fields of an input cost where they are given.
type inputCost struct {
	weights map[string]float64
	below   map[string]*inputCost // the fields whose own fields cost something
}

func inputsOf(written *ast.Schema) inputs {
	all := inputs{}
	for name, definition := range written.Types {
		if definition.Kind == ast.InputObject {
			all[name] = &inputCost{weights: map[string]float64{}, below: map[string]*inputCost{}}
		}
	}
	weighed := map[string]bool{}
	for grows := true; grows; { // until no input is found that has a field of an input found
		grows = false
		for name, cost := range all {
			for _, field := range written.Types[name].Fields {
				if weight := weightOf(field.Directives, 0); weight > 0 {
					cost.weights[field.Name] = weight
				}
				if inner := field.Type.Name(); weighed[inner] {
					cost.below[field.Name] = all[inner]
				}
			}
			if !weighed[name] && len(cost.weights)+len(cost.below) > 0 {
				weighed[name], grows = true, true
			}
		}
	}
	for name := range all {
		if !weighed[name] {
			delete(all, name)
		}
	}
	return all
}

// given is what a value costs as it was sent: each node is looked at once. What does not belong there is someone else's to refuse.
func (c *inputCost) given(value any) float64 {
	total := 0.0
	switch value := value.(type) {
	case []any:
		for _, element := range value {
			total += c.given(element)
		}
	case []map[string]any:
		for _, element := range value {
			total += c.given(element)
		}
	case map[string]any:
		for name, field := range value {
			if field == nil {
				continue
			}
			total += c.weights[name]
			if below := c.below[name]; below != nil {
				total += below.given(field)
			}
		}
	}
	return total
}

// written is what a literal costs, without the variables in it, which are handed over with the type of their place; of is nil for one
// whose type has no weights.
func (c *inputCost) written(value *ast.Value, variable func(name string, of *inputCost, weight float64)) float64 {
	total := 0.0
	switch value.Kind {
	case ast.Variable:
		variable(value.Raw, c, 0)
	case ast.ListValue:
		for _, element := range value.Children {
			total += c.written(element.Value, variable)
		}
	case ast.ObjectValue:
		for _, field := range value.Children {
			weight, below := c.weights[field.Name], c.below[field.Name]
			switch field.Value.Kind {
			case ast.NullValue:
			case ast.Variable:
				if weight > 0 || below != nil {
					variable(field.Value.Raw, below, weight)
				}
			default:
				total += weight
				if below != nil {
					total += below.written(field.Value, variable)
				}
			}
		}
	default: // a leaf
	}
	return total
}

// inputVariable is a variable at a place of an input.
type inputVariable struct {
	name   string
	of     *inputCost // nil: nothing below it has a weight
	weight float64    // of the place itself, when it is given
}

// values are the variables of a request. What they cost at the places of an input is found once. They are safe for concurrent use.
type values struct {
	variables map[string]any

	lock  sync.Mutex
	found map[inputVariable]float64
}

func valuesOf(variables map[string]any) *values { return &values{variables: variables} }

// costs is what a variable costs at a place.
func (v *values) costs(at inputVariable) float64 {
	given := v.variables[at.name]
	switch {
	case given == nil:
		return 0
	case at.of == nil:
		return at.weight
	}
	at, weight := inputVariable{name: at.name, of: at.of}, at.weight
	v.lock.Lock()
	defer v.lock.Unlock()
	cost, known := v.found[at]
	if !known {
		if v.found == nil {
			v.found = map[inputVariable]float64{}
		}
		cost = at.of.given(given)
		v.found[at] = cost
	}
	return weight + cost
}
