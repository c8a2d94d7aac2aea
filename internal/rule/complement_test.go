package rule_test

import (
	"testing"
	"time"

	"github.com/onecdp/onecdp/internal/rule"
	"github.com/onecdp/onecdp/internal/value"
)

var someValues = []string{"", "null", "[]", "{}", `""`, `"a"`, `"A"`, `"é"`, "0", "1", "1.0", "-1", "true", "false", `"1"`, `"true"`, `[1,"a"]`, `[null]`, `[[1]]`, `[null,true]`, `[{"a":1}]`,
	`"2026-03-15"`, `"2026-03-15T12:00:00Z"`, `"2026-03-15T12:00:00.000001Z"`, `"1990-03-16"`, `["2026-03-15","x"]`, "12345678901234567890"}

var someLiterals = []string{`"a"`, `""`, "1", "0", "true", `"1"`, `"2026-03-15"`, `"é"`, "12345678901234567890"}

func TestNegativesAreExactComplements(t *testing.T) {
	t.Parallel()
	for _, v := range someValues {
		for _, literal := range someLiterals {
			for positive, negative := range map[string]string{
				`{"equals":` + literal + `}`: `{"notEquals":` + literal + `}`, `{"in":[` + literal + `]}`: `{"notIn":[` + literal + `]}`,
				`{"in":[` + literal + `,"b"]}`: `{"notIn":[` + literal + `,"b"]}`, `{"exists":true}`: `{"exists":false}`,
			} {
				if holds(t, noon, positive, v) == holds(t, noon, negative, v) {
					t.Errorf("%s and %s agree on %s", positive, negative, v)
				}
			}
		}
	}
}

func TestComparisonsOnAbsentAreFalse(t *testing.T) {
	t.Parallel()
	literals := map[rule.Op]string{rule.Exists: "true", rule.Between: `["a","b"]`, rule.In: `["a"]`, rule.NotIn: `["a"]`, rule.WithinLast: `"P1D"`, rule.NotWithinLast: `"P1D"`, rule.WithinNext: `"P1D"`, rule.AnniversaryWithinNext: `"P1D"`}
	for _, operator := range rule.Operators() {
		literal, ok := literals[operator.Op]
		if !ok {
			literal = `"a"`
		}
		want := operator.Op == rule.NotEquals || operator.Op == rule.NotIn
		for _, v := range []string{"", "null"} {
			if got := holds(t, noon, `{"`+string(operator.Op)+`":`+literal+`}`, v); got != want {
				t.Errorf("%s on absent: %v", operator.Op, got)
			}
		}
	}
}

// Whatever the text, scanning it agrees with decoding it.
func FuzzHoldsJSON(f *testing.F) {
	for _, v := range someValues {
		if v != "" {
			f.Add([]byte(`{"x":0,"a":`+v+`}`), "a")
			f.Add([]byte(`{"a":[{"b":`+v+`},{"b":[1]}]}`), "a.b")
		}
	}
	f.Add([]byte(`{"\u0061":"\u00e9\n"}`), "a")
	f.Fuzz(func(t *testing.T, text []byte, path string) {
		tests := []rule.Test{
			comparison(t, `{"exists":true}`).Resolve(noon), comparison(t, `{"in":["a",1,true]}`).Resolve(noon),
			comparison(t, `{"gte":""}`).Resolve(noon), comparison(t, `{"notWithinLast":"P1D"}`).Resolve(noon),
		}
		decoded, err := value.Decode(text)
		var cleaned any
		if err == nil {
			cleaned, err = value.Clean(decoded, nil)
		}
		document, ok := cleaned.(map[string]any)
		for _, test := range tests {
			test.HoldsValue(text)
			test.HoldsJSON(text, path, true)
			test.HoldsJSON(text, path, false)
			if err != nil || !ok {
				continue // what it says of text that is no document does not matter
			}
			kept := value.JSON(document)
			scanned, scannedName := test.HoldsJSON(kept, path, true), test.HoldsJSON(kept, path, false)
			if want := test.Holds(rule.FindProperty(document, path)); scanned != want {
				t.Fatalf("%s of %s: %s scanned %v, decoded %v", path, kept, test.Op, scanned, want)
			}
			if want := test.Holds(rule.FindAttribute(document, path)); scannedName != want {
				t.Fatalf("attribute %s of %s: %s scanned %v, decoded %v", path, kept, test.Op, scannedName, want)
			}
		}
	})
}

func BenchmarkHoldsJSON(b *testing.B) {
	text := []byte(`{"amount":129.50,"category":"shoes","channel":"tmall","coupon":null,"items":[{"price":59.5,"sku":"sh-001"},{"price":70,"sku":"sh-002"}],"note":"gift","order_id":"T20260315001"}`)
	is, _ := rule.Parse(map[string]any{"attribute": map[string]any{"name": "a", "is": map[string]any{"equals": "sh-002"}}}, nil)
	test := is.Root.(*rule.Attribute).Is.Resolve(rule.Env{AsOf: time.Unix(0, 0)})
	b.ReportAllocs()
	for b.Loop() {
		if !test.HoldsJSON(text, "items.sku", true) {
			b.Fatal("it holds")
		}
	}
}
