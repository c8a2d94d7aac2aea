package rule_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/onecdp/onecdp/internal/rule"
)

var noon = rule.Env{AsOf: time.Date(2026, 3, 15, 12, 0, 0, 0, time.UTC)}

// Every test is named after a bullet of the specification's "Values and comparisons". In values, _ is a blank.
func TestValuesAndComparisons(t *testing.T) {
	t.Parallel()
	for bullet, tables := range map[string][]table{
		"type-mismatch": {
			{`{"equals":5}`, `5 5.0`, `"5" true null ABSENT "" [] {}`},
			{`{"notEquals":5}`, `"5" true null ABSENT "" [] {}`, `5 5.0 [1,5]`},
			{`{"equals":"5"}`, `"5" ["5"]`, `5 [5]`},
			{`{"equals":true}`, `true [true]`, `1 "true" false`},
			{`{"equals":1}`, `1`, `true "1"`},
			{`{"in":[1,"a",true]}`, `1 "a" true`, `"1" "true" false 0 ABSENT`},
			{`{"notIn":[1,"a",true]}`, `"1" "true" false 0 ABSENT`, `1 "a" true`},
			{`{"contains":"1"}`, `"a1"`, `1 true ["2",1] {"a":"1"}`},
			{`{"startsWith":"t"}`, `"t"`, `true 1`},
			{`{"endsWith":"e"}`, `"e"`, `true`},
			{`{"matches":".*"}`, `"" "x"`, `1 true null ABSENT`},
			{`{"withinLast":"P1D"}`, `"2026-03-15"`, `1773576000 true "yesterday" "" ABSENT`},
			{`{"withinNext":"P1D"}`, `"2026-03-15"`, `1773576000 true "x"`},
			{`{"notWithinLast":"P1D"}`, `"2026-01-01"`, `1773576000 true "x" ABSENT null`},
			{`{"anniversaryWithinNext":"P1D"}`, `"2000-03-15"`, `315 true "03-15" ABSENT`},
			{`{"gt":5}`, `6`, `"6" true [] {}`},
			{`{"gt":"5"}`, `"6"`, `6 true`},
		},
		"number-form": {
			{`{"equals":30}`, `30 30.0 3e1 300e-1 0.3e2`, `30.0000000000000000000001 3 "30"`},
			{`{"equals":3e1}`, `30`, `3`},
			{`{"in":[0]}`, `0 -0 0.0 0e9`, `1e-300`},
			{`{"equals":9007199254740993}`, `9007199254740993 9007199254740993.0`, `9007199254740992 9007199254740994`},
			{`{"gt":9007199254740992}`, `9007199254740993`, `9007199254740992`},
			{`{"between":[0.1,0.3]}`, `0.1 0.10 0.2 0.3 0.300 3e-1`, `0.0999999999999999999999 0.30000000000000000001`},
			{`{"lt":-1.5}`, `-1.51 -2 -1e300`, `-1.5 -1.50 -1 0`},
		},
		"object-values": {
			{`{"exists":true}`, `{} {"a":1} [{}]`, `ABSENT null`},
			{`{"equals":"a"}`, ``, `{} {"a":"a"}`},
			{`{"notEquals":"a"}`, `{} {"a":"a"} [{}]`, `["a",{}]`},
			{`{"gte":""}`, `""`, `{} [[]]`},
		},
		"null-and-empty-list": {
			{`{"exists":true}`, `[] {} "" 0 false [null] [1,null]`, `null ABSENT`},
			{`{"exists":false}`, `null ABSENT`, `[] {} "" 0 false [null]`},
			{`{"equals":1}`, `[null,1]`, `[] [null]`},
			{`{"notEquals":1}`, `[] [null]`, `[null,1]`},
			{`{"in":[1]}`, `[1]`, `[]`},
			{`{"notIn":[1]}`, `[]`, `[1]`},
			{`{"matches":".*"}`, `[""]`, `[]`},
			{`{"notWithinLast":"P1D"}`, ``, `[]`},
		},
		"lists: positive any, negative none": {
			{`{"equals":"b"}`, `["a","b"]`, `["a"] [["b"]]`},
			{`{"notEquals":"b"}`, `["a"] [["b"]]`, `["a","b"]`},
			{`{"gt":5}`, `[1,9]`, `[1,5]`},
			{`{"between":[3,4]}`, `[1,3,9]`, `[1,9]`},
			{`{"contains":"b"}`, `["a","abc"]`, `["a"]`},
		},
		"text-order": {
			{`{"gt":5}`, `5.1`, `5 "9"`},
			{`{"gte":"b"}`, `"b" "ba" "c" "é"`, `"2026-01-01x" "a" "B" 7 "2026-01-01"`},
			{`{"lt":"b"}`, `"a" "B" "" "2026-01-01"`, `"b" "c" 1`},
			{`{"lte":"é"}`, `"é" "z" "è"`, `"ê"`},
			{`{"gt":"\uffff"}`, `"😀"`, `"z"`},
			{`{"between":["a","c"]}`, `"a" "b" "c" "bzz"`, `"ca" "A" 2`},
			{`{"gt":"10"}`, `"9"`, `"1" 9`},
			{`{"gte":""}`, `"" "a"`, `1 true`},
			{`{"gt":"2026-03-15T12:00:00"}`, `"2026-03-16"`, `"2026-03-15"`},
			{`{"gt":"2026-02-30"}`, `"2026-03-01" "3"`, `"2026-02-29"`},
		},
		"empty-pattern": {
			{`{"contains":""}`, `"" "a" [1,""]`, `1 ABSENT [] {}`},
			{`{"startsWith":""}`, `"" "a"`, `1 ABSENT []`},
			{`{"endsWith":""}`, `"" "a"`, `1 ABSENT []`},
		},
		"literal patterns and case": {
			{`{"contains":"%"}`, `"5%"`, `"5"`},
			{`{"startsWith":"a.c"}`, `"a.cd"`, `"abcd"`},
			{`{"endsWith":"É"}`, `"cafÉ"`, `"café"`},
			{`{"equals":"a"}`, `"a"`, `"A"`},
		},
		"nfc": {
			{`{"equals":"caf\u0065\u0301"}`, `"café" "cafe\u0301"`, `"cafe"`},
			{`{"contains":"e\u0301"}`, `"café"`, `"cafe"`},
			{`{"in":["Å"]}`, `"\u0041\u030a" "\u212b"`, `"A"`},
		},
		"pattern-nfc": {
			{`{"matches":"cafe\u0301?"}`, `"café" "caf"`, `"cafe"`},
			{`{"matches":"\\d+"}`, `"12"`, `"1x" "١٢" "" "x12"`},
			{`{"matches":"\\w"}`, `"a"`, `"é"`},
			{`{"matches":"a.c"}`, `"abc" "aéc"`, `"a\nc" "abcd" "xabc"`},
			{`{"matches":"(?s)a.c"}`, `"a\nc"`, `"ac"`},
			{`{"matches":"a|ab"}`, `"a" "ab"`, `"abc"`},
			{`{"matches":"(?i)ABC"}`, `"abc"`, `"abcd"`},
			{`{"matches":"a$"}`, `"a"`, `"a\n"`},
			{`{"matches":"(?m)^a$"}`, `"a"`, `"a\n" "a\na"`},
			{`{"matches":"\\Qa.(b"}`, `"a.(b"`, `"ax(b"`},
			{`{"matches":""}`, `""`, `"a" ABSENT`},
		},
		"empty-in": {
			{`{"in":[]}`, ``, `1 "" true null ABSENT [] {}`},
			{`{"notIn":[]}`, `1 "" true null ABSENT [] {}`, ``},
		},
		"between-reversed": {
			{`{"between":[5,1]}`, ``, `1 3 5`},
			{`{"between":["c","a"]}`, ``, `"b"`},
			{`{"between":["2026-02-01","2026-01-01"]}`, ``, `"2026-01-15" "2026-01-15T00:00:00Z"`},
		},
		"unknown names": {
			{`{"equals":1}`, ``, `ABSENT`},
			{`{"exists":false}`, `ABSENT`, ``},
		},
		"a single value stands for a list": {
			{`{"in":"x"}`, `"x"`, `"y"`},
			{`{"notIn":7}`, `8`, `7`},
		},
	} {
		t.Run(bullet, func(t *testing.T) {
			t.Parallel()
			run(t, noon, tables)
		})
	}
}

func TestManyLiterals(t *testing.T) {
	t.Parallel()
	var literals []string
	for i := range 50 {
		literals = append(literals, fmt.Sprintf(`"t%d"`, i), fmt.Sprintf("%d.50", i))
	}
	run(t, noon, []table{{`{"in":[` + strings.Join(literals, ",") + `]}`, `"t7" 7.5 75e-1 7.500 ["x",49.5]`, `"t70" 7 "7.5" true`}})
}

func TestPathsGoThroughLists(t *testing.T) {
	t.Parallel()
	properties := `{"items":[{"sku":"a","tags":["x","y"]},{"sku":null},{},"junk",[{"sku":"deep"}],{"sku":["b","c"]}],"a.b":1,"a":{"b":{"c":2},"":3},"empty":[],"none":[{"sku":null}],"flat":"text"}`
	for path, want := range map[string]string{
		"items.sku": "[a b c]", "items.tags": "[x y]", "items.0": "absent", "items.0.sku": "absent", "a.b": "[map[c:2]]", "a.b.c": "[2]", "a.": "[3]",
		"empty": "[]", "empty.sku": "absent", "none.sku": "absent", "flat.x": "absent", "nobody": "absent", "": "absent", ".": "absent", "a..b": "absent",
	} {
		found := rule.FindProperty(object(t, properties), path)
		got := "absent"
		if found != nil {
			got = fmt.Sprint([]any(found))
		}
		if got != want {
			t.Errorf("%s: %s, want %s", path, got, want)
		}
		exists := comparison(t, `{"exists":true}`).Resolve(noon)
		if exists.HoldsJSON([]byte(properties), path, true) != (want != "absent") {
			t.Errorf("%s: the scanner disagrees", path)
		}
	}
	dotted := comparison(t, `{"equals":1}`).Resolve(noon)
	if !dotted.HoldsJSON([]byte(properties), "a.b", false) || dotted.HoldsJSON([]byte(properties), "a.b", true) {
		t.Error("the name of an attribute is no path, that of a property is one")
	}
}
