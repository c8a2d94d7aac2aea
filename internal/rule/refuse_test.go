package rule_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/onecdp/onecdp/internal/fault"
	"github.com/onecdp/onecdp/internal/rule"
)

// Every test is named after a bullet of the specification. A rule is refused at all of the places, or read.
func TestRefusedWhenTheRuleIsRead(t *testing.T) {
	t.Parallel()
	attribute := func(is string) string { return `{"attribute":{"name":"a","is":` + is + `}}` }
	event := func(fields string) string { return `{"event":{` + fields + `}}` }
	steps := func(list string) string { return `{"sequence":{"steps":[` + list + `]}}` }
	one, absent := `{"names":["a"]}`, `{"names":["b"],"absent":true}`
	for _, c := range []struct {
		bullet, rule string
		places       []string
	}{
		{"sequence-length", steps(one), []string{"where.sequence.steps"}},
		{"sequence-length", steps(one + strings.Repeat(","+one, 8)), []string{"where.sequence.steps"}},
		{"sequence-length", steps(one + strings.Repeat(","+one, 7)), nil},
		{"sequence-length", steps(""), []string{"where.sequence.steps"}},
		{"absent-first", steps(absent + "," + one), []string{"where.sequence.steps[0].absent"}},
		{"gap-of-first-step", steps(`{"maxGap":"P1D"},` + one), []string{"where.sequence.steps[0].maxGap"}},
		{"absent-last-without-gap", steps(one + "," + absent), []string{"where.sequence.steps[1].maxGap"}},
		{"absent-last-without-gap", steps(one + `,{"absent":true,"maxGap":"P1D"}`), nil},
		{"absent-middle-gap", steps(one + `,{"absent":true,"maxGap":"P1D"},` + one), []string{"where.sequence.steps[1].maxGap"}},
		{"absent-middle-gap", steps(one + `,` + absent + `,{"maxGap":"P1D"}`), nil},

		{"no-names", event(`"names":[]`), []string{"where.event.names"}},
		{"no-names", event(`"names":[""]`), []string{"where.event.names[0]"}},
		{"no-names", event(`"names":null`), nil},
		{"no-names", event(`"names":"order"`), nil},
		{"no-names", event(`"names":["a",null,5]`), []string{"where.event.names[1]", "where.event.names[2]"}},
		{"no-names", event(`"where":[{"property":"","is":{"exists":true}}]`), []string{"where.event.where[0].property"}},
		{"no-names", event(`"aggregate":"SUM","property":"","is":{"gt":1}`), []string{"where.event.property"}},
		{"no-names", `{"attribute":{"name":"","is":{"exists":true}}}`, []string{"where.attribute.name"}},

		{"empty-number-comparison", event(`"is":{}`), []string{"where.event.is"}},
		{"empty-number-comparison", event(`"is":{"gte":null}`), []string{"where.event.is"}},
		{"empty-number-comparison", `{"identity":{"type":"email","count":{}}}`, []string{"where.identity.count"}},
		{"empty-number-comparison", event(`"is":{"gte":"1"}`), []string{"where.event.is.gte"}},

		{"aggregate-arguments", event(`"property":"amount"`), []string{"where.event.property"}},
		{"aggregate-arguments", event(`"aggregate":"ACTIVE_DAYS","property":"amount","is":{"gte":1}`), []string{"where.event.property"}},
		{"aggregate-arguments", event(`"aggregate":"ACTIVE_DAYS"`), []string{"where.event.is"}},
		{"aggregate-arguments", event(`"aggregate":"ACTIVE_DAYS","is":{"gte":1}`), nil},
		{"aggregate-arguments", event(`"aggregate":"SUM"`), []string{"where.event.property", "where.event.is"}},
		{"aggregate-arguments", event(`"aggregate":"DISTINCT","property":"x"`), []string{"where.event.is"}},
		{"aggregate-arguments", event(`"aggregate":"AVG","property":"amount","is":{"gt":1}`), nil},
		{"aggregate-arguments", event(`"aggregate":"MEDIAN"`), []string{"where.event.aggregate"}},
		{"aggregate-arguments", event(`"aggregate":null,"property":null,"is":null`), nil},

		{"zero-days", event(`"within":{"days":0}`), []string{"where.event.within.days"}},
		{"zero-days", event(`"within":{"days":-1}`), []string{"where.event.within.days"}},
		{"zero-days", event(`"within":{"days":1.5}`), []string{"where.event.within.days"}},
		{"zero-days", event(`"within":{"days":"7"}`), []string{"where.event.within.days"}},
		{"zero-days", event(`"first":{"days":1}`), nil},

		{"bucket-range", `{"bucket":{"salt":"s","percent":0}}`, nil},
		{"bucket-range", `{"bucket":{"salt":"s","percent":100.0}}`, nil},
		{"bucket-range", `{"bucket":{"salt":"s","percent":100.0001}}`, []string{"where.bucket.percent"}},
		{"bucket-range", `{"bucket":{"salt":"s","percent":-0.1}}`, []string{"where.bucket.percent"}},
		{"bucket-range", `{"bucket":{}}`, []string{"where.bucket.salt", "where.bucket.percent"}},

		{"nul", attribute(`{"equals":"a\u0000"}`), []string{"where.attribute.is.equals"}},
		{"nul", attribute(`{"in":["a","\ud800"]}`), []string{"where.attribute.is.in[1]"}},
		{"nul", attribute(`{"matches":"\u0000"}`), []string{"where.attribute.is.matches"}},
		{"nul", event(`"names":["\udc00"]`), []string{"where.event.names[0]"}},

		{"where the path goes", `{"all":[{"any":[]},{"not":{"event":{"where":[{"property":"p","is":{"matches":"("}}]}}}]}`, []string{"where.all[1].not.event.where[0].is.matches"}},

		{"object-values", attribute(`{"equals":{}}`), []string{"where.attribute.is.equals"}},
		{"object-values", attribute(`{"notEquals":[1]}`), []string{"where.attribute.is.notEquals"}},
		{"object-values", attribute(`{"in":[1,[2],{},null]}`), []string{"where.attribute.is.in[1]", "where.attribute.is.in[2]", "where.attribute.is.in[3]"}},
		{"object-values", attribute(`{"notIn":{"a":1}}`), []string{"where.attribute.is.notIn"}},

		{"literals of the wrong type", attribute(`{"exists":1}`), []string{"where.attribute.is.exists"}},
		{"literals of the wrong type", attribute(`{"exists":"true"}`), []string{"where.attribute.is.exists"}},
		{"literals of the wrong type", attribute(`{"gt":true}`), []string{"where.attribute.is.gt"}},
		{"literals of the wrong type", attribute(`{"lte":[1]}`), []string{"where.attribute.is.lte"}},
		{"literals of the wrong type", attribute(`{"between":[1]}`), []string{"where.attribute.is.between"}},
		{"literals of the wrong type", attribute(`{"between":5}`), []string{"where.attribute.is.between"}},
		{"literals of the wrong type", attribute(`{"between":[1,2,3]}`), []string{"where.attribute.is.between"}},
		{"literals of the wrong type", attribute(`{"between":[true,null]}`), []string{"where.attribute.is.between[0]", "where.attribute.is.between[1]"}},
		{"literals of the wrong type", attribute(`{"between":[1,"a"]}`), []string{"where.attribute.is.between[1]"}},
		{"literals of the wrong type", attribute(`{"contains":1}`), []string{"where.attribute.is.contains"}},
		{"literals of the wrong type", attribute(`{"startsWith":true}`), []string{"where.attribute.is.startsWith"}},
		{"literals of the wrong type", attribute(`{"endsWith":[]}`), []string{"where.attribute.is.endsWith"}},
		{"literals of the wrong type", attribute(`{"matches":5}`), []string{"where.attribute.is.matches"}},
		{"literals of the wrong type", attribute(`{"withinLast":7}`), []string{"where.attribute.is.withinLast"}},
		{"literals of the wrong type", `{"not":{"tag":{"key":5,"is":{"exists":true}}}}`, []string{"where.not.tag.key"}},
		{"literals of the wrong type", `{"consent":{"purpose":"p","granted":"yes"}}`, []string{"where.consent.granted"}},
		{"literals of the wrong type", attribute(`{"equals":1e401}`), []string{"where.attribute.is.equals"}},

		{"bad patterns", attribute(`{"matches":"a)(b"}`), []string{"where.attribute.is.matches"}},
		{"bad patterns", attribute(`{"matches":"(?=a)"}`), []string{"where.attribute.is.matches"}},
		{"bad patterns", attribute(`{"matches":"\\"}`), []string{"where.attribute.is.matches"}},
		{"bad patterns", attribute(`{"matches":"(\\1)"}`), []string{"where.attribute.is.matches"}},
		{"bad patterns", attribute(`{"matches":"(((a{100}){100}){100})"}`), []string{"where.attribute.is.matches"}},
		{"bad patterns", attribute(`{"matches":"` + strings.Repeat(`\\pL{1000}`, 900) + `"}`), []string{"where.attribute.is.matches"}},
		{"bad patterns", `{"all":[` + strings.Repeat(attribute(`{"matches":"`+strings.Repeat("a", 1000)+`"}`)+",", 4) + `{"any":[]}]}`, []string{"where.all[3].attribute.is.matches"}},
		{"bad patterns", attribute(`{"matches":"(.*){900}z"}`), []string{"where.attribute.is.matches"}},
		{"bad patterns", attribute(`{"matches":"(.*.*.*.*.*.*.*.*.*.*){900}z"}`), []string{"where.attribute.is.matches"}},
		{"bad patterns", attribute(`{"matches":"(.{0,20}){30}z"}`), []string{"where.attribute.is.matches"}},
		{"bad patterns", attribute(`{"matches":"` + strings.Repeat(".*", 200) + `z"}`), []string{"where.attribute.is.matches"}},
		{"bad patterns", attribute(`{"matches":"a{1000}"}`), nil},
		{"bad patterns", attribute(`{"matches":"\\pL{1,500}"}`), nil},
		{"bad patterns", attribute(`{"matches":"[A-Za-z0-9._%+-]{1,64}@(?:[a-z0-9-]{1,63}\\.){1,4}[a-z]{2,10}"}`), nil},
		{"bad patterns", attribute(`{"matches":"(?i).*(tea|coffee|` + strings.Repeat("chocolate|", 50) + `cake).*\\d+ ?(g|kg)?"}`), nil},
		{"bad durations", attribute(`{"withinLast":"7D"}`), []string{"where.attribute.is.withinLast"}},
		{"bad durations", attribute(`{"withinNext":"-P1D"}`), []string{"where.attribute.is.withinNext"}},
		{"bad durations", event(`"within":{"last":"P"}`), []string{"where.event.within.last"}},
		{"bad times", event(`"within":{"since":"2026-01-01"}`), []string{"where.event.within.since"}},
		{"bad times", event(`"within":{"until":5}`), []string{"where.event.within.until"}},

		{"unknown operators and fields", attribute(`{"like":"a"}`), []string{"where.attribute.is.like"}},
		{"unknown operators and fields", `{"attribut":{}}`, []string{"where.attribut"}},
		{"unknown operators and fields", event(`"name":"a","within":{"first":1}`), []string{"where.event.name"}},
		{"unknown operators and fields", event(`"within":{"first":1}`), []string{"where.event.within.first"}},
		{"exactly one", `{}`, []string{"where"}},
		{"exactly one", `{"all":[],"any":[]}`, []string{"where"}},
		{"exactly one", attribute(`{}`), []string{"where.attribute.is"}},
		{"exactly one", attribute(`{"gt":1,"lt":2}`), []string{"where.attribute.is"}},
		{"explicit null", `{"all":null}`, []string{"where.all"}},
		{"explicit null", `{"all":[],"any":null}`, []string{"where"}},
		{"explicit null", `{"all":[null]}`, []string{"where.all[0]"}},
		{"explicit null", attribute(`{"equals":null}`), []string{"where.attribute.is.equals"}},
		{"explicit null", `{"attribute":{"name":null,"is":null}}`, []string{"where.attribute.name", "where.attribute.is"}},
		{"explicit null", `{"identity":{"type":"email","scope":null,"is":null,"count":null}}`, nil},
		{"explicit null", `{"referral":{"depth":null,"activated":null,"within":null,"is":null}}`, nil},
		{"explicit null", `{"consent":{"purpose":"p","channel":null,"granted":null}}`, nil},
		{"explicit null", `{"campaign":{"kind":"SENT","campaign":null,"channel":null}}`, nil},
		{"required", `{"attribute":{}}`, []string{"where.attribute.name", "where.attribute.is"}},
		{"required", `{"lifecycle":{}}`, []string{"where.lifecycle.stage"}},
		{"required", `{"campaign":{}}`, []string{"where.campaign.kind"}},
		{"required", `{"sequence":{}}`, []string{"where.sequence.steps"}},
		{"an object is needed", `{"all":["x"]}`, []string{"where.all[0]"}},
		{"an object is needed", `{"event":[]}`, []string{"where.event"}},
		{"enums", `{"campaign":{"kind":"sent"}}`, []string{"where.campaign.kind"}},
		{"depth", `{"referral":{"depth":0}}`, []string{"where.referral.depth"}},
		{"segment reference", `{"segment":""}`, []string{"where.segment"}},
		{"segment reference", `{"segment":true}`, []string{"where.segment"}},
		{"segment reference", `{"segment":5}`, nil},

		{"all faults are found", `{"all":[{"attribute":{"name":"a","is":{"gt":true}}},{"not":{"tag":{"is":{"contains":1}}}},{"event":{"where":[{"property":"p","is":{"in":[{}]}}],"within":{"days":0,"last":"x"}}}]}`,
			[]string{"where.all[0].attribute.is.gt", "where.all[1].not.tag.key", "where.all[1].not.tag.is.contains", "where.all[2].event.where[0].is.in[0]", "where.all[2].event.within.last", "where.all[2].event.within.days"}},
	} {
		var places []string
		for _, one := range faults(t, c.rule) {
			places = append(places, one.Path.String())
			if one.Code != fault.BadUserInput || one.Message == "" {
				t.Errorf("%s: %v", c.bullet, one)
			}
		}
		if !reflect.DeepEqual(places, c.places) {
			t.Errorf("%s: %.200s\n is refused at %v, want %v", c.bullet, c.rule, places, c.places)
		}
	}
}

func TestPathAndHint(t *testing.T) {
	t.Parallel()
	all := faults(t, `{"all":[{"any":[]},{"not":{"event":{"where":[{"property":"p","is":{"matches":5}}]}}}]}`)
	if len(all) != 1 || !reflect.DeepEqual(all[0].Path, fault.Path{"where", "all", 1, "not", "event", "where", 0, "is", "matches"}) {
		t.Fatalf("%#v", all)
	}
	if all[0].Hint != "matches takes an RE2 pattern" {
		t.Errorf("%s", all[0].Hint)
	}
}

func TestLimits(t *testing.T) {
	t.Parallel()
	exists := `{"attribute":{"name":"a","is":{"exists":true}}}`
	nested := func(levels int) string {
		return strings.Repeat(`{"not":`, levels-1) + exists + strings.Repeat(`}`, levels-1)
	}
	wide := func(nodes int) string { return `{"all":[` + exists + strings.Repeat(","+exists, nodes-2) + `]}` }
	in := func(n int) string {
		return `{"attribute":{"name":"a","is":{"in":[0` + strings.Repeat(",1", n-1) + `]}}}`
	}
	text := func(n int) string {
		return `{"attribute":{"name":"a","is":{"equals":"` + strings.Repeat("é", n) + `"}}}`
	}
	span := func(until string) string {
		return `{"event":{"within":{"since":"1900-01-01T00:00:00Z","until":"` + until + `"}}}`
	}
	last := func(d string) string { return `{"event":{"within":{"last":"` + d + `"}}}` }
	for _, c := range []struct {
		name, fits, tooMuch, place string
	}{
		{"levels", nested(32), nested(33), "where" + strings.Repeat(".not", 32)},
		{"nodes", wide(1000), wide(1001), "where"},
		{"literals", in(10_000), in(10_001), "where"},
		{"texts", text(10_000), text(10_001), "where.attribute.is.equals"},
		{"windows", last("P200Y"), last("P201Y"), "where.event.within.last"},
		{"days", `{"event":{"within":{"days":73050}}}`, `{"event":{"within":{"days":73051}}}`, "where.event.within.days"},
		{"spans", span("2100-01-01T00:00:00Z"), span("2100-01-01T00:00:00.000001Z"), "where.event.within.until"},
	} {
		if got := faults(t, c.fits); len(got) != 0 {
			t.Errorf("%s: what fits is refused: %v", c.name, got[0])
		}
		got := faults(t, c.tooMuch)
		if len(got) != 1 || got[0].Path.String() != c.place {
			t.Errorf("%s: %v, want one fault at %s", c.name, got, c.place)
		}
	}
	if got := faults(t, `{"attribute":{"name":"a","is":{"in":[`+strings.Repeat("{},", 5000)+`{}]}}}`); len(got) != 100 {
		t.Errorf("%d faults are reported", len(got))
	}
}

func TestOnlyUses(t *testing.T) {
	t.Parallel()
	r := parsed(t, `{"all":[{"not":{"segment":"vip"}},{"event":{"aggregate":"AVG","property":"amount","is":{"gt":1}}},{"event":{}}]}`)
	built := []rule.Feature{rule.FeatureAll, rule.FeatureNot, rule.FeatureEvent, rule.Feature(rule.Count)}
	var places []string
	for _, one := range fault.All(r.OnlyUses(built...)) {
		if one.Code != fault.NotImplemented {
			t.Errorf("%v", one)
		}
		places = append(places, one.Path.String())
	}
	if fmt.Sprint(places) != "[where.all[0].not.segment where.all[1].event.aggregate]" {
		t.Errorf("%v", places)
	}
	if err := r.OnlyUses(append(built, rule.FeatureSegment, rule.Feature(rule.Avg))...); err != nil {
		t.Errorf("%v", err)
	}
}

func TestGoNumbersAreTaken(t *testing.T) {
	t.Parallel()
	r, err := rule.Parse(map[string]any{"attribute": map[string]any{"name": "a", "is": map[string]any{"in": []any{1, int64(2), 2.5, json.Number("4e0"), "x", true}}}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := string(r.JSON()); got != `{"attribute":{"is":{"in":[1,2,2.5,4,"x",true]},"name":"a"}}` {
		t.Error(got)
	}
}
