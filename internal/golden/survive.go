package golden

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/onecdp/onecdp/internal/value"
)

// Survive finds what survives of all statements about one attribute of one customer, whatever their order. ok is false
// when there are none.
//
// The folds look at the current statements: the newest, by LATEST, of each identity and source. Values that are empty
// ("", [], {}) are left out first unless there is nothing else, so they correct nothing.
//
//   - SUM adds the numbers exactly; other values are left out. The sum is written in its shortest form.
//   - MIN and MAX choose among the numbers or, where there is none, among all values in the order of Ascending: dates as text compare
//     by code point. The value keeps the form in which it was said.
//   - UNION is the list of all elements that are not equal by value, ascending by Ascending, numbers in their shortest form. A value
//     that is no list counts as a list of one.
//
// Where nothing takes part, only what is empty or, for SUM, no number, the newest statement survives as it is. The provenance of a
// fold is that of the newest statement that takes part; of MIN and MAX, of the newest with that value.
func Survive(p Policy, statements []Statement, order Order) (survivor Statement, ok bool) {
	if len(statements) == 0 {
		return Statement{}, false
	}
	if p.Pairwise() {
		return best(p, statements, order), true
	}
	current := currentOf(statements, order)
	newest := best(Policy{}, current, order)
	if rank(newest.Value) == 0 {
		return newest, true
	}
	switch p.Survivorship {
	case Sum:
		return sum(current, newest, order), true
	case Union:
		return Statement{Value: union(current), Provenance: newest.Provenance}, true
	default:
		return extreme(p.Survivorship, current, order), true
	}
}

// best is the greatest statement by a policy.
func best(p Policy, statements []Statement, order Order) Statement {
	survivor := statements[0]
	for _, s := range statements[1:] {
		if Compare(p, s, survivor, order) > 0 {
			survivor = s
		}
	}
	return survivor
}

// currentOf keeps the newest statement of each identity and source; what is empty only if there is nothing else.
func currentOf(statements []Statement, order Order) []Statement {
	type speaker struct {
		identity int64
		source   int32
	}
	floor := 0
	for _, s := range statements {
		floor = max(floor, rank(s.Value))
	}
	place := make(map[speaker]int, len(statements))
	var current []Statement
	for _, s := range statements {
		if rank(s.Value) < floor {
			continue
		}
		who := speaker{s.Identity, s.Source}
		i, spoke := place[who]
		if !spoke {
			place[who] = len(current)
			current = append(current, s)
		} else if Compare(Policy{}, s, current[i], order) > 0 {
			current[i] = s
		}
	}
	return current
}

func isNumber(s Statement) bool { return value.IsNumber(string(s.Value)) }

// numbersOf are the statements whose value is a number.
func numbersOf(current []Statement) []Statement {
	var numbers []Statement
	for _, s := range current {
		if isNumber(s) {
			numbers = append(numbers, s)
		}
	}
	return numbers
}

func sum(current []Statement, newest Statement, order Order) Statement {
	numbers := numbersOf(current)
	if len(numbers) == 0 {
		return newest
	}
	var total value.Sum
	for _, s := range numbers {
		total.Add(string(s.Value))
	}
	return Statement{Value: json.RawMessage(total.String()), Provenance: best(Policy{}, numbers, order).Provenance}
}

func extreme(survivorship Survivorship, current []Statement, order Order) Statement {
	compare := func(a, b Statement) int { return value.CompareNumbers(string(a.Value), string(b.Value)) }
	among := numbersOf(current)
	if len(among) == 0 {
		among = current
		compare = func(a, b Statement) int { return Ascending(decoded(a.Value), decoded(b.Value)) }
	}
	survivor := among[0]
	for _, s := range among[1:] {
		c := compare(s, survivor)
		if survivorship == Min {
			c = -c
		}
		if c > 0 || c == 0 && Compare(Policy{}, s, survivor, order) > 0 {
			survivor = s
		}
	}
	return survivor
}

func union(current []Statement) json.RawMessage {
	distinct := map[string]any{}
	for _, s := range current {
		v := decoded(s.Value)
		list, is := v.([]any)
		if !is {
			list = []any{v}
		}
		for _, element := range list {
			distinct[string(value.Shortest(element))] = element
		}
	}
	all := make([]any, 0, len(distinct))
	for _, element := range distinct {
		all = append(all, element)
	}
	slices.SortFunc(all, Ascending)
	return value.Shortest(all)
}

// decoded is the value of a statement. They were valid JSON when they were stored; what is none any more is a text.
func decoded(v json.RawMessage) any {
	decoded, err := value.Decode(v)
	if err != nil {
		return strings.ToValidUTF8(string(v), "\uFFFD")
	}
	return decoded
}
