package guard

import (
	"strconv"

	"github.com/vektah/gqlparser/v2/ast"
)

// usualLength is what a list without a stated length is taken for.
const usualLength = 5

// weightOfItself is that of a field of introspection, for which the executor makes an object of everything it shows.
const weightOfItself = 4

// costs is what the schema's directives say of the fields. What cost and listSize mean is in the schema.
type costs struct {
	fields map[*ast.FieldDefinition]*fieldCost
}

// fieldCost is what one field costs.
type fieldCost struct {
	weight   float64
	weighted []weightedArgument
	lists    []string // the arguments that are lists: each element counts 1
	inputs   []inputArgument
	list     bool // its value is one
	size     *listSize

	unlimited bool // a list argument may be left out, and then does not tell a length
}

type weightedArgument struct {
	name   string
	weight float64
}

// inputArgument is one with fields that have weights.
type inputArgument struct {
	name string
	of   *inputCost
}

// listSize is the directive; nil where a field has none.
type listSize struct {
	assumed float64
	slicing []string
	sized   map[string]bool
}

// costsOf reads the costs of the schema that requests are validated with; the weights of inputs are in the schema as it is written.
func costsOf(schema, written *ast.Schema) *costs {
	c := &costs{fields: map[*ast.FieldDefinition]*fieldCost{}}
	inputs := inputsOf(written)
	for _, definition := range schema.Types {
		for _, field := range definition.Fields {
			if definition.Kind == ast.Object || definition.Kind == ast.Interface {
				c.fields[field] = costOf(field, inputs)
			}
		}
	}
	describeItself(c, schema)
	return c
}

func costOf(field *ast.FieldDefinition, inputs inputs) *fieldCost {
	cost := &fieldCost{weight: weightOf(field.Directives, 1), list: field.Type.Elem != nil}
	for _, argument := range field.Arguments {
		if weight := weightOf(argument.Directives, 0); weight > 0 {
			cost.weighted = append(cost.weighted, weightedArgument{argument.Name, weight})
		}
		if of := inputs[argument.Type.Name()]; of != nil {
			cost.inputs = append(cost.inputs, inputArgument{argument.Name, of})
		}
		if argument.Type.Elem != nil {
			cost.lists = append(cost.lists, argument.Name)
			cost.unlimited = cost.unlimited || !argument.Type.NonNull
		}
	}
	if directive := field.Directives.ForName("listSize"); directive != nil {
		cost.size = &listSize{sized: map[string]bool{}}
		if assumed := directive.Arguments.ForName("assumedSize"); assumed != nil {
			cost.size.assumed = number(assumed.Value.Raw)
		}
		cost.size.slicing = texts(directive.Arguments.ForName("slicingArguments"))
		for _, name := range texts(directive.Arguments.ForName("sizedFields")) {
			cost.size.sized[name] = true
		}
	}
	return cost
}

func weightOf(directives ast.DirectiveList, usual float64) float64 {
	directive := directives.ForName("cost")
	if directive == nil {
		return usual
	}
	return number(directive.Arguments.ForName("weight").Value.Raw)
}

// number reads a number of the schema or of a query; what is none, or negative, is 0.
func number(text string) float64 {
	n, _ := strconv.ParseFloat(text, 64) // without a number 0, beyond the range infinite
	return bounded(n)
}

// bounded keeps numbers such that no product of them leaves the range of floating point.
func bounded(n float64) float64 {
	if n != n {
		return 0
	}
	return min(max(0, n), 1e10)
}

func texts(argument *ast.Argument) []string {
	if argument == nil {
		return nil
	}
	var all []string
	for _, child := range argument.Value.Children {
		all = append(all, child.Value.Raw)
	}
	return all
}

// describeItself gives introspection its weight, and its lists their average lengths in this schema.
func describeItself(c *costs, schema *ast.Schema) {
	var types, fields, inputs, arguments, values, interfaces, possible, directives, directiveArguments float64
	for _, definition := range schema.Types {
		for _, field := range definition.Fields {
			if cost := c.fields[field]; cost != nil && (isIntrospection(definition.Name) || isIntrospection(field.Name)) {
				cost.weight = weightOfItself
			}
		}
		types++
		interfaces += float64(len(definition.Interfaces))
		values += float64(len(definition.EnumValues))
		switch definition.Kind {
		case ast.InputObject:
			inputs += float64(len(definition.Fields))
		case ast.Interface, ast.Union:
			possible += float64(len(schema.PossibleTypes[definition.Name]))
			fallthrough
		default:
			fields += float64(len(definition.Fields))
			for _, field := range definition.Fields {
				arguments += float64(len(field.Arguments))
			}
		}
	}
	for _, directive := range schema.Directives {
		directives++
		directiveArguments += float64(len(directive.Arguments))
	}
	set := func(typeName, fieldName string, length float64) {
		definition := schema.Types[typeName]
		if definition == nil {
			return
		}
		if field := definition.Fields.ForName(fieldName); field != nil {
			c.fields[field].size = &listSize{assumed: max(1, length)}
		}
	}
	set("__Schema", "types", types)
	set("__Schema", "directives", directives)
	set("__Type", "fields", fields/types)
	set("__Type", "inputFields", inputs/types)
	set("__Type", "enumValues", values/types)
	set("__Type", "interfaces", interfaces/types)
	set("__Type", "possibleTypes", possible/types)
	set("__Field", "args", arguments/max(1, fields))
	set("__Directive", "args", directiveArguments/max(1, directives))
	set("__Directive", "locations", 3)
}
