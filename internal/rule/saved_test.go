package rule_test

import (
	"encoding/json"
	"reflect"
	"testing"

	"github.com/onecdp/onecdp/internal/rule"
	"github.com/onecdp/onecdp/internal/value"
)

// Rules in canonical form, with every field of the language.
var savedRules = []string{
	`{"all":[]}`,
	`{"any":[{"all":[]},{"not":{"any":[]}}]}`,
	`{"attribute":{"is":{"equals":12.50},"name":"a.b"}}`,
	`{"attribute":{"is":{"exists":false},"name":"é"}}`,
	`{"attribute":{"is":{"in":[]},"name":"a"}}`,
	`{"attribute":{"is":{"notIn":["a",1,true]},"name":"a"}}`,
	`{"attribute":{"is":{"between":["2026-01-01","2026-02-01T00:00:00+08:00"]},"name":"a"}}`,
	`{"attribute":{"is":{"matches":"a\\d+"},"name":"a"}}`,
	`{"attribute":{"is":{"anniversaryWithinNext":"P1Y2M3W4DT5H6M7.5S"},"name":"a"}}`,
	`{"identity":{"type":"email"}}`,
	`{"identity":{"count":{"eq":2,"gt":1.5},"is":{"endsWith":"@x.cn"},"scope":"","type":"email"}}`,
	`{"tag":{"is":{"notEquals":""},"key":"vip"}}`,
	`{"event":{}}`,
	`{"event":{"is":{"gte":1}}}`,
	`{"event":{"aggregate":"SUM","first":{},"is":{"gt":100},"last":{"days":7},"names":["order"],"property":"amount","where":[{"is":{"gte":"b"},"property":"items.sku"}],"within":{"days":3,"last":"P0D","since":"2026-01-01T00:00:00.5+08:00","until":"2027-01-01T00:00:00Z"}}}`,
	`{"event":{"where":[]}}`,
	`{"sequence":{"steps":[{},{"absent":true,"maxGap":"PT30M","names":["pay"],"where":[{"is":{"contains":""},"property":"channel"}]}],"within":{"last":"P1Y"}}}`,
	`{"segment":"vip"}`,
	`{"lifecycle":{"enteredWithin":{"days":1},"stage":["new"]}}`,
	`{"campaign":{"campaign":"spring","channel":"sms","is":{"eq":0},"kind":"CLICKED","within":{"days":1}}}`,
	`{"campaign":{"kind":"SENT"}}`,
	`{"referral":{"activated":true,"depth":3,"is":{"gte":2},"within":{}}}`,
	`{"referral":{}}`,
	`{"consent":{"channel":"sms","granted":false,"purpose":"marketing"}}`,
	`{"bucket":{"percent":12.5,"salt":""}}`,
}

func TestRulesComeBackAsTheyWere(t *testing.T) {
	t.Parallel()
	for _, text := range savedRules {
		r := parsed(t, text)
		if got := string(r.JSON()); got != text {
			t.Errorf("saved as\n%s, read from\n%s", got, text)
		}
		if again := parsed(t, string(r.JSON())); !reflect.DeepEqual(again, r) {
			t.Errorf("%s: another tree", text)
		}
	}
}

func TestDefaultsAreFilledInAndNotSaved(t *testing.T) {
	t.Parallel()
	given := `{"all":[{"event":{"aggregate":"COUNT","names":"order","is":null}},{"referral":{"depth":1,"activated":false}},{"consent":{"purpose":"p","granted":true}},{"sequence":{"steps":[{"absent":false},{}]}}]}`
	r := parsed(t, given)
	if got := string(r.JSON()); got != `{"all":[{"event":{"names":["order"]}},{"referral":{}},{"consent":{"purpose":"p"}},{"sequence":{"steps":[{},{}]}}]}` {
		t.Error(got)
	}
	event, ok := r.Root.(*rule.All).Rules[0].(*rule.Event)
	if !ok || event.Aggregate != rule.Count || !event.Is.Holds("1") || event.Is.HoldsAtZero() {
		t.Errorf("%+v", event)
	}
}

func TestNodesKnowTheirPlace(t *testing.T) {
	t.Parallel()
	r := parsed(t, `{"all":[{"not":{"event":{"where":{"property":"p","is":{"equals":1}}}}}]}`)
	var places []string
	rule.Walk(r.Root, func(n rule.Node) { places = append(places, n.At().String()) })
	if !reflect.DeepEqual(places, []string{"where.all", "where.all[0].not", "where.all[0].not.event"}) {
		t.Errorf("%v", places)
	}
}

func TestMapTexts(t *testing.T) {
	t.Parallel()
	is := comparison(t, `{"in":["A",1]}`)
	mapped := is.MapTexts(func(string) string { return "b" })
	if !reflect.DeepEqual(mapped.Values, []any{"b", json.Number("1")}) || is.Values[0] != "A" {
		t.Errorf("%v of %v", mapped.Values, is.Values)
	}
}

func FuzzParse(f *testing.F) {
	for _, text := range savedRules {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		v, err := value.Decode(text)
		raw, ok := v.(map[string]any)
		if err != nil || !ok {
			return
		}
		r, err := rule.Parse(raw, where)
		if err != nil {
			return
		}
		again, err := rule.Parse(object(t, string(r.JSON())), where)
		if err != nil {
			t.Fatalf("%s: saved as %s: %v", text, r.JSON(), err)
		}
		if string(again.JSON()) != string(r.JSON()) {
			t.Fatalf("%s: saved as %s, then %s", text, r.JSON(), again.JSON())
		}
	})
}
