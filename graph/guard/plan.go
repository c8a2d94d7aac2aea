package guard

import (
	"encoding/json"
	"math"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/onecdp/onecdp/internal/access"
)

// plan is what an operation needs and costs. What does not depend on variables is summed up already.
type plan struct {
	needs   []need
	fixed   float64
	depends []*node
}

// cost is what the operation costs with these variables, in points; and far beyond an integer perhaps.
func (p *plan) cost(variables map[string]any) float64 {
	total := p.fixed
	for _, child := range p.depends {
		total += child.cost(variables)
	}
	return total
}

// node is a field of the answer whose cost depends on variables, or which has such a field below it.
type node struct {
	when    []condition
	own     ownCost
	times   *length // how often it has what is below it; nil: once
	fixed   float64 // what is below it and does not depend on variables
	depends []*node
}

func (n *node) cost(variables map[string]any) float64 {
	for _, condition := range n.when {
		if !condition.holds(variables) {
			return 0
		}
	}
	below := n.fixed
	for _, child := range n.depends {
		below += child.cost(variables)
	}
	if below == 0 {
		return n.own.points(variables)
	}
	return n.own.points(variables) + n.times.in(variables)*below
}

// condition is a skip or include whose argument is a variable.
type condition struct {
	variable string
	want     bool
}

func (c condition) holds(variables map[string]any) bool {
	given, _ := variables[c.variable].(bool)
	return given == c.want
}

// ownCost is what resolving a field once costs, without what is below it.
type ownCost struct {
	fixed    float64
	weighted []weightedArgument // by the names of variables
	lists    []string           // variables
}

func (o *ownCost) points(variables map[string]any) float64 {
	total := o.fixed
	for _, argument := range o.weighted {
		if variables[argument.name] != nil {
			total += argument.weight
		}
	}
	for _, name := range o.lists {
		total += lengthOf(variables[name])
	}
	return total
}

// length is that of a list: the greatest of what is known and of what variables say.
type length struct {
	fixed   float64
	numbers []numberVariable
	lists   []string // variables
}

// numberVariable is a variable that says how long a list is, and what it is taken for when it is null.
type numberVariable struct {
	name  string
	usual float64
}

func (l *length) in(variables map[string]any) float64 {
	if l == nil {
		return 1
	}
	longest := l.fixed
	for _, number := range l.numbers {
		longest = max(longest, numberOf(variables[number.name], number.usual))
	}
	for _, name := range l.lists {
		longest = max(longest, lengthOf(variables[name]))
	}
	return longest
}

func (l *length) depends() bool { return l != nil && len(l.numbers)+len(l.lists) > 0 }

func numberOf(value any, usual float64) float64 {
	switch value := value.(type) {
	case int64:
		return max(0, float64(value))
	case float64:
		return bounded(value)
	case json.Number:
		return number(value.String())
	case string: // gqlparser takes it for a number
		return number(value)
	default:
		return usual
	}
}

// lengthOf is that of a list; a value that stands for a list of one is one.
func lengthOf(value any) float64 {
	switch value := value.(type) {
	case nil:
		return 0
	case []any:
		return float64(len(value))
	default:
		return 1
	}
}

// whole is points as they are told.
func whole(points float64) int64 {
	if points >= math.MaxInt64 {
		return math.MaxInt64
	}
	return int64(math.Ceil(points))
}

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
