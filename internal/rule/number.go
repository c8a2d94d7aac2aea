package rule

import (
	"encoding/json"
	"math"
	"math/big"

	"github.com/onecdp/onecdp/internal/fault"
	"github.com/onecdp/onecdp/internal/value"
)

// NumberComparison compares a computed number; all limits must hold. It has at least one.
type NumberComparison struct {
	Path   fault.Path
	Limits []Limit // in the order eq, ne, gt, gte, lt, lte
}

// Limit is one side of a NumberComparison.
type Limit struct {
	Op    string // eq, ne, gt, gte, lt, lte
	Value string // an exact decimal, the shortest JSON number
}

var limitOps = []string{"eq", "ne", "gt", "gte", "lt", "lte"}

// atLeastOne is the default comparison of counts.
func atLeastOne(at fault.Path) NumberComparison {
	return NumberComparison{Path: at, Limits: []Limit{{Op: "gte", Value: "1"}}}
}

func orderHolds(op string, order int) bool {
	switch op {
	case "eq":
		return order == 0
	case "ne":
		return order != 0
	case "gt":
		return order > 0
	case "gte":
		return order >= 0
	case "lt":
		return order < 0
	case "lte":
		return order <= 0
	default:
		return false
	}
}

// HoldsFor tells whether all limits hold for a number known only by how it compares with a limit
// (-1, 0, 1), as value.Sum.Compare does. An absent number holds for none: do not ask.
func (c NumberComparison) HoldsFor(compare func(limit string) int) bool {
	for _, limit := range c.Limits {
		if !orderHolds(limit.Op, compare(limit.Value)) {
			return false
		}
	}
	return true
}

// Holds tells whether all limits hold for a JSON number, by exact decimal value.
func (c NumberComparison) Holds(number string) bool {
	return c.HoldsFor(func(limit string) int { return value.CompareNumbers(number, limit) })
}

// HoldsAtZero tells whether people for whom nothing was counted are among those meant.
func (c NumberComparison) HoldsAtZero() bool { return c.Holds("0") }

// Integers is a NumberComparison for a number kept as an integer: it holds for n when
// Least <= n <= Greatest and n is none of Except. Least > Greatest holds for none.
type Integers struct {
	Least, Greatest int64
	Except          []int64
}

// Integers translates the limits for a number kept in units of 10^-places: 0 for counts, 6 for
// amounts in micro-units. The translation is exact: gte 2.5 is Least 3 for a count.
func (c NumberComparison) Integers(places int) Integers {
	all := Integers{Least: math.MinInt64, Greatest: math.MaxInt64}
	unit := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(places)), nil)
	for _, limit := range c.Limits {
		scaled, ok := new(big.Rat).SetString(limit.Value)
		if !ok {
			return Integers{Least: 1, Greatest: 0}
		}
		scaled.Mul(scaled, new(big.Rat).SetInt(unit))
		floor := new(big.Int).Div(scaled.Num(), scaled.Denom()) // rounds down: Denom is positive
		ceiling := floor
		if !scaled.IsInt() {
			ceiling = new(big.Int).Add(floor, big.NewInt(1))
		}
		all.narrow(limit.Op, floor, ceiling)
	}
	return all
}

func (n *Integers) narrow(op string, floor, ceiling *big.Int) {
	one := big.NewInt(1)
	switch op {
	case "eq":
		n.atLeast(ceiling)
		n.atMost(floor)
	case "ne":
		if floor == ceiling && floor.IsInt64() {
			n.Except = append(n.Except, floor.Int64())
		}
	case "gt":
		n.atLeast(new(big.Int).Add(floor, one))
	case "gte":
		n.atLeast(ceiling)
	case "lt":
		n.atMost(new(big.Int).Sub(ceiling, one))
	case "lte":
		n.atMost(floor)
	}
}

func (n *Integers) atLeast(bound *big.Int) {
	switch {
	case bound.IsInt64():
		n.Least = max(n.Least, bound.Int64())
	case bound.Sign() > 0:
		n.Least, n.Greatest = math.MaxInt64, math.MinInt64
	}
}

func (n *Integers) atMost(bound *big.Int) {
	switch {
	case bound.IsInt64():
		n.Greatest = min(n.Greatest, bound.Int64())
	case bound.Sign() < 0:
		n.Least, n.Greatest = math.MaxInt64, math.MinInt64
	}
}

func (c NumberComparison) document() any {
	limits := make(map[string]any, len(c.Limits))
	for _, limit := range c.Limits {
		limits[limit.Op] = json.Number(limit.Value)
	}
	return limits
}
