package segment

import (
	"database/sql/driver"
	"encoding/json"
	"math/big"
	"strconv"

	"modernc.org/sqlite"

	"github.com/onecdp/onecdp/internal/rule"
	"github.com/onecdp/onecdp/internal/value"
)

// aggregation is what SQLite's onecdp_aggregate_holds is asked: whether an aggregate of a property satisfies is.
type aggregation struct {
	aggregate rule.Aggregate
	path      string // dotted
	is        rule.NumberComparison
}

// aggregator sees the properties of one customer's events.
type aggregator struct {
	question *aggregation
	sum      value.Sum
	numbers  int64
	extreme  string              // the least or greatest number
	distinct map[string]struct{} // kind and text of each value
}

// Step takes the properties of one event.
func (a *aggregator) Step(_ *sqlite.FunctionContext, args []driver.Value) error {
	if a.question == nil {
		question, err := keptAs[*aggregation](args[1])
		if err != nil {
			return err
		}
		a.question = question
	}
	decoded, err := value.Decode(bytesOf(args[0]))
	if err != nil {
		return err
	}
	properties, _ := decoded.(map[string]any)
	for _, element := range rule.FindProperty(properties, a.question.path) {
		a.add(element)
	}
	return nil
}

func (a *aggregator) add(element any) {
	if a.question.aggregate == rule.Distinct {
		a.addDistinct(element)
		return
	}
	number, ok := element.(json.Number)
	if !ok {
		return
	}
	text := string(number)
	a.numbers++
	switch a.question.aggregate {
	case rule.Min:
		if a.numbers == 1 || value.CompareNumbers(text, a.extreme) < 0 {
			a.extreme = text
		}
	case rule.Max:
		if a.numbers == 1 || value.CompareNumbers(text, a.extreme) > 0 {
			a.extreme = text
		}
	default:
		a.sum.Add(text)
	}
}

func (a *aggregator) addDistinct(element any) {
	switch element.(type) {
	case string, bool, json.Number:
	default:
		return
	}
	if a.distinct == nil {
		a.distinct = map[string]struct{}{}
	}
	a.distinct[string(value.Shortest(element))] = struct{}{}
}

// WindowInverse is for windows, which no rule opens.
func (a *aggregator) WindowInverse(*sqlite.FunctionContext, []driver.Value) error { return errNotKept }

// WindowValue is whether the comparison holds; NULL when there was no event.
func (a *aggregator) WindowValue(*sqlite.FunctionContext) (driver.Value, error) {
	if a.question == nil {
		return nil, nil
	}
	return truth(a.holds()), nil
}

func (a *aggregator) holds() bool {
	is := a.question.is
	switch a.question.aggregate {
	case rule.Distinct:
		return is.Holds(strconv.Itoa(len(a.distinct)))
	case rule.Min, rule.Max:
		return a.numbers > 0 && is.Holds(a.extreme)
	case rule.Avg:
		return a.numbers > 0 && is.HoldsFor(func(limit string) int { return a.sum.CompareTimes(limit, a.numbers) })
	default:
		return is.HoldsFor(a.sum.Compare)
	}
}

// Final ends the aggregation.
func (a *aggregator) Final(*sqlite.FunctionContext) {}

// amountHolds(high, low, count, is) compares high·2^32 + low micro-units with each limit times count; the sum of
// no amounts is 0, their average is absent.
func amountHolds(_ *sqlite.FunctionContext, args []driver.Value) (driver.Value, error) {
	is, err := keptAs[*rule.NumberComparison](args[3])
	if err != nil {
		return nil, err
	}
	high, _ := args[0].(int64)
	low, _ := args[1].(int64)
	count, _ := args[2].(int64)
	if count == 0 {
		return truth(false), nil
	}
	micros := new(big.Int).Lsh(big.NewInt(high), 32)
	micros.Add(micros, big.NewInt(low))
	sum := new(big.Rat).SetFrac(micros, new(big.Int).Mul(big.NewInt(1_000_000), big.NewInt(count)))
	return truth(is.HoldsFor(func(limit string) int {
		bound, ok := new(big.Rat).SetString(limit)
		if !ok {
			return 0
		}
		return sum.Cmp(bound)
	})), nil
}
