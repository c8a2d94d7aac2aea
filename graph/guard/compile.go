package guard

import (
	"fmt"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/onecdp/onecdp/internal/access"
)

// compiler makes the plan of an operation.
type compiler struct {
	costs   *costs
	plan    *plan
	scopes  map[access.Scope]bool
	merging int // names compared so far
	refusal *gqlerror.Error
}

// planOf makes the plan of an operation of a valid document, or refuses it.
func planOf(operation *ast.OperationDefinition, costs *costs) (*plan, *gqlerror.Error) {
	c := compiler{costs: costs, plan: &plan{}, scopes: map[access.Scope]bool{}}
	roots := c.collect([]ast.SelectionSet{operation.SelectionSet})
	if len(roots) > mostRoots {
		at := roots[mostRoots].fields[0].Position
		refusal := gqlerror.Wrap(tooMuch("the request asks %d questions at once; at most %d are answered", len(roots), mostRoots))
		refusal.Locations = []gqlerror.Location{{Line: at.Line, Column: at.Column}}
		return nil, refusal
	}
	for _, root := range roots {
		c.root(root.fields[0])
	}
	c.plan.fixed, c.plan.depends = c.add(roots, nil, nil)
	return c.plan, c.refusal
}

// root denies a field of Query, Mutation or Subscription that states no scope.
func (c *compiler) root(field *ast.Field) {
	if isIntrospection(field.Name) || scopeOf(field.Definition) != "" {
		return
	}
	c.plan.needs = append(c.plan.needs, need{field: field.Name, at: place(field)})
}

func isIntrospection(name string) bool { return len(name) > 1 && name[:2] == "__" }

func place(field *ast.Field) gqlerror.Location {
	return gqlerror.Location{Line: field.Position.Line, Column: field.Position.Column}
}

// merged is one field of the answer: all selections of it under the same conditions.
type merged struct {
	fields []*ast.Field
	when   []condition
	never  bool // skipped by a constant: it needs its scope and costs nothing
}

// mostMerging bounds the work of merging selections. The executor looks for the name of each field among those it has, once for each
// fragment around it.
const mostMerging = 10_000_000

// collect merges selections as the answer does. A fragment counts once in one place, unless it comes under other conditions.
func (c *compiler) collect(below []ast.SelectionSet) []*merged {
	type key struct {
		name   string // in the answer, or the fragment's
		object *ast.Definition
		when   string
		never  bool
	}
	var (
		order  []*merged
		byKey  = map[key]*merged{}
		spread map[key]bool
		walk   func(set ast.SelectionSet, when []condition, never bool, inside int)
	)
	walk = func(set ast.SelectionSet, when []condition, never bool, inside int) {
		for _, selection := range set {
			if c.merging += inside * len(order); c.merging > mostMerging || len(order) > mostSelected {
				c.refuse(selection.GetPosition())
				return
			}
			switch selection := selection.(type) {
			case *ast.Field:
				when, never := asked(selection.Directives, when, never)
				c.need(selection)
				at := key{selection.Alias, selection.ObjectDefinition, text(when), never}
				if byKey[at] == nil {
					byKey[at] = &merged{when: when, never: never}
					order = append(order, byKey[at])
				}
				byKey[at].fields = append(byKey[at].fields, selection)
			case *ast.InlineFragment:
				when, never := asked(selection.Directives, when, never)
				walk(selection.SelectionSet, when, never, inside+1)
			case *ast.FragmentSpread:
				when, never := asked(selection.Directives, when, never)
				at := key{selection.Name, nil, text(when), never}
				if spread[at] {
					continue
				}
				if spread == nil {
					spread = map[key]bool{}
				}
				spread[at] = true
				walk(selection.Definition.SelectionSet, when, never, inside+1)
			}
		}
	}
	for _, set := range below {
		walk(set, nil, false, 1)
	}
	return order
}

// text tells conditions apart.
func text(when []condition) string {
	if len(when) == 0 {
		return ""
	}
	return fmt.Sprint(when)
}

func (c *compiler) refuse(at *ast.Position) {
	if c.refusal == nil {
		c.refusal = gqlerror.Wrap(tooMuch("the query selects too much in one place"))
		c.refusal.Locations = []gqlerror.Location{{Line: at.Line, Column: at.Column}}
	}
}

// need notes the scope of a field, skipped or not.
func (c *compiler) need(field *ast.Field) {
	if scope := scopeOf(field.Definition); scope != "" && !c.scopes[scope] {
		c.scopes[scope] = true
		c.plan.needs = append(c.plan.needs, need{scope: scope, at: place(field)})
	}
}

// asked adds the conditions of skip and include. never is a constant that rules the selection out.
func asked(directives ast.DirectiveList, when []condition, never bool) ([]condition, bool) {
	for _, directive := range directives {
		if directive.Name != "skip" && directive.Name != "include" {
			continue
		}
		argument := directive.Arguments.ForName("if")
		want := directive.Name == "include"
		if argument.Value.Kind != ast.Variable {
			never = never || (argument.Value.Raw == "true") != want
			continue
		}
		when = append(when[:len(when):len(when)], condition{argument.Value.Raw, want})
	}
	return when, never
}

// add sums up fields. parent is what the field above says of its own lists, and sized which of them have its length; nil: all that are
// lists.
func (c *compiler) add(fields []*merged, parent *length, sized map[string]bool) (fixed float64, depends []*node) {
	for _, one := range fields {
		if c.refusal != nil {
			return 0, nil
		}
		made := c.node(one, parent, sized)
		if one.never {
			continue
		}
		if !made.varies() {
			fixed += made.cost(nil)
			continue
		}
		depends = append(depends, made)
	}
	return fixed, depends
}

func (c *compiler) node(one *merged, parent *length, sized map[string]bool) *node {
	field := one.fields[0]
	cost := c.costs.of(field)
	made := &node{when: one.when, own: ownOf(field, cost)}
	own := lengthBy(field, cost) // what its arguments say of a length
	toChildren, toSized := (*length)(nil), map[string]bool(nil)
	switch {
	case cost.list && own != nil:
		made.times = own
	case cost.list && parent != nil && (sized == nil || sized[field.Name]):
		made.times = parent
	case cost.list:
		made.times = &length{fixed: usualLength}
	case own != nil:
		toChildren = own
		if cost.size != nil {
			toSized = cost.size.sized
		}
	}
	var below []ast.SelectionSet
	for _, each := range one.fields {
		if len(each.SelectionSet) > 0 {
			below = append(below, each.SelectionSet)
		}
	}
	if len(below) > 0 {
		made.fixed, made.depends = c.add(c.collect(below), toChildren, toSized)
	}
	return made
}

var typename = &fieldCost{weight: 1}

func (c *costs) of(field *ast.Field) *fieldCost {
	if cost := c.fields[field.Definition]; cost != nil {
		return cost
	}
	return typename
}

// ownOf is what a field costs as it is asked for here.
func ownOf(field *ast.Field, cost *fieldCost) ownCost {
	own := ownCost{fixed: cost.weight}
	for _, argument := range cost.weighted {
		switch value := given(field, argument.name); {
		case value == nil || value.Kind == ast.NullValue:
		case value.Kind == ast.Variable:
			own.weighted = append(own.weighted, weightedArgument{value.Raw, argument.weight})
		default:
			own.fixed += argument.weight
		}
	}
	for _, name := range cost.lists {
		if value := given(field, name); value != nil && value.Kind == ast.Variable {
			own.lists = append(own.lists, value.Raw)
		} else {
			own.fixed += literalLength(value)
		}
	}
	for _, argument := range cost.inputs {
		if value := given(field, argument.name); value != nil {
			own.fixed += argument.of.written(value, own.input)
		}
	}
	return own
}

// input adds a variable at a place of an input.
func (o *ownCost) input(name string, of *inputCost, weight float64) {
	if o.inputs == nil {
		o.inputs = map[inputVariable]float64{}
	}
	o.inputs[inputVariable{name, of, weight}]++
}

// given is an argument as it is written, or else its default.
func given(field *ast.Field, name string) *ast.Value {
	if argument := field.Arguments.ForName(name); argument != nil {
		return argument.Value
	}
	return field.Definition.Arguments.ForName(name).DefaultValue
}

func literalLength(value *ast.Value) float64 {
	switch {
	case value == nil || value.Kind == ast.NullValue:
		return 0
	case value.Kind == ast.ListValue:
		return float64(len(value.Children))
	default:
		return 1
	}
}

// lengthBy is the length of a list that a field's arguments and its directive say; nil: nothing.
func lengthBy(field *ast.Field, cost *fieldCost) *length {
	l := &length{}
	if cost.size != nil {
		l.fixed = cost.size.assumed
		for _, name := range cost.size.slicing {
			definition := field.Definition.Arguments.ForName(name)
			usual := 0.0
			if definition.DefaultValue != nil {
				usual = number(definition.DefaultValue.Raw)
			}
			switch value := given(field, name); {
			case value == nil || value.Kind == ast.NullValue:
				l.fixed = max(l.fixed, usual)
			case value.Kind == ast.Variable:
				l.numbers = append(l.numbers, numberVariable{value.Raw, usual})
			default:
				l.fixed = max(l.fixed, number(value.Raw))
			}
		}
		if len(cost.size.slicing) > 0 {
			return l
		}
	}
	if cost.size == nil && cost.list && cost.unlimited {
		l.fixed = usualLength
	}
	for _, name := range cost.lists {
		if value := given(field, name); value != nil && value.Kind == ast.Variable {
			l.lists = append(l.lists, value.Raw)
		} else {
			l.fixed = max(l.fixed, literalLength(value))
		}
	}
	if cost.size == nil && len(cost.lists) == 0 {
		return nil
	}
	return l
}
