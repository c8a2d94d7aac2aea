package rule_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/onecdp/onecdp/internal/fault"
	"github.com/onecdp/onecdp/internal/rule"
	"github.com/onecdp/onecdp/internal/value"
)

var where = fault.Path{"where"}

// decoded reads JSON as the language gets it.
func decoded(t *testing.T, text string) any {
	t.Helper()
	v, err := value.Decode([]byte(text))
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return v
}

func object(t *testing.T, text string) map[string]any {
	t.Helper()
	m, ok := decoded(t, text).(map[string]any)
	if !ok {
		t.Fatalf("%s is no object", text)
	}
	return m
}

func parsed(t *testing.T, text string) *rule.Rule {
	t.Helper()
	r, err := rule.Parse(object(t, text), where)
	if err != nil {
		t.Fatalf("%.200s: %v", text, err)
	}
	return r
}

// comparison parses {op: literal}.
func comparison(t *testing.T, is string) rule.Comparison {
	t.Helper()
	r := parsed(t, `{"attribute":{"name":"a","is":`+is+`}}`)
	node, ok := r.Root.(*rule.Attribute)
	if !ok {
		t.Fatalf("%T", r.Root)
	}
	return node.Is
}

func instant(t *testing.T, text string) time.Time {
	t.Helper()
	at, ok := value.ParseInstant(text)
	if !ok {
		t.Fatalf("%s is no time", text)
	}
	return at
}

func zone(t *testing.T, name string) *time.Location {
	t.Helper()
	z, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

// holds evaluates a comparison on the value of the attribute a (absent when empty), in every way there is.
func holds(t *testing.T, env rule.Env, is, v string) bool {
	t.Helper()
	test := comparison(t, is).Resolve(env)
	document := `{"A":1,"a":` + v + `,"b":[{"a":2}]}`
	if v == "" {
		document = `{"A":1,"b":[{"a":2}]}`
	}
	cleaned, err := value.Clean(decoded(t, document), nil)
	if err != nil {
		t.Fatal(err)
	}
	attributes, _ := cleaned.(map[string]any)
	text := value.JSON(cleaned)
	got := test.Holds(rule.FindAttribute(attributes, "a"))
	ways := map[string]bool{
		"HoldsJSON":    test.HoldsJSON(text, "a", false),
		"as property":  test.Holds(rule.FindProperty(attributes, "a")),
		"dotted":       test.HoldsJSON(text, "a", true),
		"after travel": travelled(t, test).Holds(rule.FindAttribute(attributes, "a")),
	}
	if one, ok := attributes["a"]; ok {
		ways["HoldsValue"] = test.HoldsValue(value.JSON(one))
	} else {
		ways["HoldsAbsent"] = test.HoldsAbsent()
	}
	for way, other := range ways {
		if other != got {
			t.Errorf("%s of %s: Holds says %v, %s says %v", is, v, got, way, other)
		}
	}
	return got
}

// travelled sends a test through JSON, as to a function of the database.
func travelled(t *testing.T, test rule.Test) rule.Test {
	t.Helper()
	text, err := json.Marshal(test)
	if err != nil {
		t.Fatal(err)
	}
	var back rule.Test
	if err := json.Unmarshal(text, &back); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return back
}

// table lists, for one literal, the values for which a comparison holds and those for which it does not.
type table struct{ is, yes, no string }

// run reads the values separated by blanks; ABSENT is no value.
func run(t *testing.T, env rule.Env, tables []table) {
	t.Helper()
	for _, row := range tables {
		for _, side := range []struct {
			values string
			want   bool
		}{{row.yes, true}, {row.no, false}} {
			for _, v := range strings.Fields(side.values) {
				text := strings.ReplaceAll(v, "_", " ")
				if v == "ABSENT" {
					text = ""
				}
				if got := holds(t, env, row.is, text); got != side.want {
					t.Errorf("%s on %s: %v", row.is, v, got)
				}
			}
		}
	}
}

func faults(t *testing.T, text string) []*fault.Error {
	t.Helper()
	_, err := rule.Parse(object(t, text), where)
	return fault.All(err)
}
