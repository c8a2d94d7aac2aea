package guard

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"
)

// rulePoints are rules, and what each costs besides the question itself.
func rulePoints(t *testing.T) map[string]int64 {
	t.Helper()
	const leaf, event, pattern, property, segment = 100, 5000, 5000, 500, 15_000
	return map[string]int64{
		`{"all": []}`: 0,
		`{"attribute": {"name": "a", "is": {"equals": 1}}}`:             leaf,
		`{"attribute": {"name": "a", "is": {"matches": "b"}}}`:          leaf + pattern,
		`{"identity": {"type": "a", "is": {"matches": "b"}}}`:           leaf + pattern,
		`{"tag": {"key": "a", "is": {"anniversaryWithinNext": "P1D"}}}`: leaf + pattern,
		`{"segment": "a"}`:                                       segment,
		`{"not": {"not": {"event": {}}}}`:                        event,
		`{"event": {"names": ["a"], "within": {"last": "P1D"}}}`: event,
		`{"any": [{"event": {}}, {"all": [{"event": {}}]}, {"bucket": {"salt": "a", "percent": 1}}, null]}`:         2*event + leaf,
		`{"event": {"where": [{"property": "a", "is": {"equals": 1}}, {"property": "b", "is": {"matches": "c"}}]}}`: event + 2*property + pattern,
		`{"event": {"where": {"property": "a", "is": {"equals": 1}}}}`:                                              event + property, // one for a list
		`{"sequence": {"steps": [{"where": [{"property": "a", "is": {"equals": 1}}]}]}}`:                            event + property,
		`{"event": null, "unknown": {"event": {}}, "attribute": {"name": {"event": {}}}}`:                           leaf,
		`{"all": 3, "any": "x", "not": []}`:                                                                         0,
	}
}

// literal writes JSON as GraphQL.
func literal(t *testing.T, text string) string {
	t.Helper()
	for _, name := range []string{"all", "any", "not", "attribute", "identity", "tag", "segment", "event", "bucket", "sequence", "names", "within", "last", "where",
		"property", "steps", "is", "equals", "matches", "anniversaryWithinNext", "name", "type", "key", "salt", "percent", "unknown"} {
		text = strings.ReplaceAll(text, `"`+name+`":`, name+":")
	}
	return text
}

func TestARuleCostsWhatIsInIt(t *testing.T) {
	t.Parallel()
	const question = 15_000 + 1 + 5000
	for text, points := range rulePoints(t) {
		var given map[string]any
		if err := json.Unmarshal([]byte(text), &given); err != nil {
			t.Fatal(err)
		}
		if got := costIn(t, `{ customers(where: `+literal(t, text)+`) { totalCount } }`, nil); got != question+points {
			t.Errorf("%s as a literal: %d points, want %d", text, got, question+points)
		}
		if got := costIn(t, `query ($w: Rule) { customers(where: $w) { totalCount } }`, map[string]any{"w": given}); got != question+points {
			t.Errorf("%s as a variable: %d points, want %d", text, got, question+points)
		}
		if got := costIn(t, `query ($w: Rule) { a: customers(where: $w) { totalCount } b: customers(where: {any: [{not: $w}, {event: {}}, $w]}) { totalCount } }`,
			map[string]any{"w": given}); got != 2*question+3*points+5000 {
			t.Errorf("%s three times, in literals: %d points, want %d", text, got, 2*question+3*points+5000)
		}
		if got := costIn(t, `mutation ($w: Rule!) { createSegment(key: "a", name: "b", where: $w) { __typename } }`, map[string]any{"w": given}); got != 2+points {
			t.Errorf("%s saved: %d points, want %d", text, got, 2+points)
		}
	}
}

func TestAVariableCostsWhereItStandsInARule(t *testing.T) {
	t.Parallel()
	const question = 15_000 + 1 + 5000
	for rule, points := range map[string]int64{
		`{segment: $v}`: 15_000,
		`{attribute: {name: "a", is: {matches: $v}}}`: 100 + 5000,
		`{attribute: {name: $v, is: {equals: $v}}}`:   100,
		`{attribute: {name: "a", is: $v}}`:            100,
		`{event: $v}`:                                 5000,
		`{any: [$v, {not: $v}]}`:                      0,
	} {
		query := `query ($v: JSON) { customers(where: ` + rule + `) { totalCount } }`
		if got := costIn(t, query, map[string]any{"v": "x"}); got != question+points {
			t.Errorf("%s: %d points, want %d", rule, got, question+points)
		}
	}
	query := `query ($v: JSON) { customers(where: {segment: $v, event: $v}) { totalCount } }`
	if got := costIn(t, query, nil); got != question {
		t.Errorf("a variable that is not given: %d points", got)
	}
}

func TestRulesOfOrdinarySizeFitIntoARequest(t *testing.T) {
	t.Parallel()
	rule := func(leaf string, n int) string { return "{all: [" + strings.Repeat(leaf+" ", n) + "]}" }
	const (
		event       = `{event: {names: ["Order Completed"], within: {last: "P90D"}, is: {gte: 2}}}`
		anniversary = `{attribute: {name: "birthday", is: {anniversaryWithinNext: "P7D"}}}`
	)
	var ten strings.Builder
	for i := range 10 {
		fmt.Fprintf(&ten, "a%d: customers(where: %s) { totalCount } ", i, rule(event, 3))
	}
	for query, fits := range map[string]bool{
		`customers(where: ` + rule(event, 40) + `) { totalCount }`:            true,
		`customers(where: ` + rule(event, 100) + `) { totalCount }`:           false,
		`customers(where: ` + rule(anniversary, 90) + `) { totalCount }`:      false,
		`customers(where: ` + rule(`{segment: "a"}`, 40) + `) { totalCount }`: false,
		ten.String(): true,
	} {
		if points := costIn(t, "{ "+query+" }", nil); (points <= MostPoints) != fits {
			t.Errorf("%.80s: %d points", query, points)
		}
	}
}

func TestTheCostOfALargeRuleIsFoundAtOnce(t *testing.T) {
	t.Parallel()
	leaves := make([]any, 200_000)
	for i := range leaves {
		leaves[i] = map[string]any{"event": map[string]any{}}
	}
	var b strings.Builder
	for i := range 60 {
		fmt.Fprintf(&b, "a%d: customers(where: {any: [%s]}) { totalCount } ", i, strings.Repeat("$w, ", 100))
	}
	d := reading("query ($w: Rule) { " + b.String() + "}")
	if d.refusal != nil {
		t.Fatal(d.refusal)
	}
	began := time.Now()
	points := d.plans[d.query.Operations[0]].cost(valuesOf(map[string]any{"w": map[string]any{"all": leaves}}))
	if took := time.Since(began); took > time.Second || points < 1e12 {
		t.Errorf("%v points after %v", points, took)
	}
}
