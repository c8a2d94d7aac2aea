package rule_test

import (
	"fmt"
	"math"
	"reflect"
	"slices"
	"testing"

	"github.com/onecdp/onecdp/internal/rule"
)

func numbers(t *testing.T, limits string) rule.NumberComparison {
	t.Helper()
	event, ok := parsed(t, `{"event":{"is":`+limits+`}}`).Root.(*rule.Event)
	if !ok {
		t.Fatal("no event")
	}
	return event.Is
}

func TestNumberComparisonIsExact(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		limits  string
		yes, no []string
	}{
		{`{"eq":0.3}`, []string{"0.3", "0.30", "3e-1"}, []string{"0.30000000000000004", "0"}},
		{`{"ne":1}`, []string{"0", "1.5"}, []string{"1", "1.0"}},
		{`{"gte":2,"lt":4}`, []string{"2", "3.999999"}, []string{"1.999999", "4"}},
		{`{"gt":-1,"lte":9007199254740993}`, []string{"0", "9007199254740993"}, []string{"-1", "9007199254740994"}},
		{`{"gt":5,"lt":1}`, nil, []string{"0", "3", "6"}},
		{`{"eq":null,"gte":1}`, []string{"1"}, []string{"0"}},
	} {
		is := numbers(t, c.limits)
		for _, n := range c.yes {
			if !is.Holds(n) {
				t.Errorf("%s holds for %s", c.limits, n)
			}
		}
		for _, n := range c.no {
			if is.Holds(n) {
				t.Errorf("%s does not hold for %s", c.limits, n)
			}
		}
	}
	if !numbers(t, `{"lte":2}`).HoldsAtZero() || numbers(t, `{"gte":1}`).HoldsAtZero() || !numbers(t, `{"eq":0}`).HoldsAtZero() {
		t.Error("zero counts")
	}
	float, err := rule.Parse(map[string]any{"event": map[string]any{"is": map[string]any{"eq": 0.1, "gte": int64(0)}}}, where)
	if err != nil || !float.Root.(*rule.Event).Is.Holds("0.10") {
		t.Errorf("a float is its shortest decimal: %v", err)
	}
}

func TestIntegersTranslateLimitsExactly(t *testing.T) {
	t.Parallel()
	for _, limits := range []string{`{"eq":2}`, `{"eq":2.5}`, `{"ne":2}`, `{"ne":2.5}`, `{"gt":2}`, `{"gt":2.5}`, `{"gte":2}`, `{"gte":2.5}`, `{"lt":2}`, `{"lt":2.5}`, `{"lte":2}`, `{"lte":2.5}`,
		`{"gt":-2.5}`, `{"lt":-2.5}`, `{"gte":-2.5}`, `{"lte":-2.5}`, `{"gte":1,"lte":3,"ne":2}`, `{"gt":5,"lt":1}`, `{"eq":1e300}`, `{"ne":1e300}`, `{"lt":1e300}`, `{"gt":1e300}`, `{"gt":1e300,"lte":4}`, `{"lt":-1e300}`, `{"gte":-1e300}`} {
		is := numbers(t, limits)
		for _, places := range []int{0, 1} {
			all := is.Integers(places)
			for n := int64(-40); n <= 40; n++ {
				number := fmt.Sprintf("%de-%d", n, places)
				got := all.Least <= n && n <= all.Greatest && !slices.Contains(all.Except, n)
				if got != is.Holds(number) {
					t.Errorf("%s for %s: %v (%+v)", limits, number, got, all)
				}
			}
		}
	}
	if got := numbers(t, `{"gte":100.5,"ne":200}`).Integers(6); !reflect.DeepEqual(got, rule.Integers{Least: 100_500_000, Greatest: math.MaxInt64, Except: []int64{200_000_000}}) {
		t.Errorf("%+v", got)
	}
}
