package guard

import (
	"encoding/json"
	"math"
	"sync/atomic"
)

// plan is what an operation needs and costs. What does not depend on variables is summed up already.
type plan struct {
	needs   []need
	fixed   float64
	depends []*node

	memory atomic.Pointer[any]
}

// cost is what the operation costs with these variables, in points; and far beyond an integer perhaps.
func (p *plan) cost(variables *values) float64 {
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

func (n *node) cost(variables *values) float64 {
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

// varies says that the cost depends on variables.
func (n *node) varies() bool {
	return len(n.when) > 0 || n.own.varies() || len(n.depends) > 0 || n.times.varies() && n.fixed > 0
}

// condition is a skip or include whose argument is a variable.
type condition struct {
	variable string
	want     bool
}

func (c condition) holds(given *values) bool {
	is, _ := given.variables[c.variable].(bool)
	return is == c.want
}

// ownCost is what resolving a field once costs, without what is below it.
type ownCost struct {
	fixed    float64
	weighted []weightedArgument        // by the names of variables
	lists    []string                  // variables
	inputs   map[inputVariable]float64 // how often each stands there
}

func (o *ownCost) points(given *values) float64 {
	total := o.fixed
	for _, argument := range o.weighted {
		if given.variables[argument.name] != nil {
			total += argument.weight
		}
	}
	for _, name := range o.lists {
		total += lengthOf(given.variables[name])
	}
	for variable, times := range o.inputs {
		total += times * given.costs(variable)
	}
	return total
}

func (o *ownCost) varies() bool { return len(o.weighted)+len(o.lists)+len(o.inputs) > 0 }

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

func (l *length) in(given *values) float64 {
	if l == nil {
		return 1
	}
	longest := l.fixed
	for _, number := range l.numbers {
		longest = max(longest, numberOf(given.variables[number.name], number.usual))
	}
	for _, name := range l.lists {
		longest = max(longest, lengthOf(given.variables[name]))
	}
	return longest
}

func (l *length) varies() bool { return l != nil && len(l.numbers)+len(l.lists) > 0 }

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
