package value

import (
	"strings"
	"testing"

	"github.com/onecdp/onecdp/internal/fault"
)

func TestJSONIsBoundedBeforeItIsDecoded(t *testing.T) {
	t.Parallel()
	nested := func(n int) string { return strings.Repeat(`[{"a":`, n/2) + "1" + strings.Repeat(`}]`, n/2) }
	for text, want := range map[string]fault.Code{
		`{"query": "{ a }", "variables": {"a": [1, 2, {"b": null}]}}`: "",
		nested(MaxLevels):           "",
		nested(MaxLevels + 2):       fault.TooDeep,
		strings.Repeat("[", 10_000): fault.TooDeep,
		`"` + strings.Repeat("[", 10_000) + `\"` + strings.Repeat("{", 10_000) + `"`: "",
		`{"` + strings.Repeat("[,", 10_000) + `\\": 1}`:                              "",
		"[" + strings.Repeat("0,", MaxValues-2) + "0]":                               "",
		"[" + strings.Repeat("0,", MaxValues) + "0]":                                 fault.BadUserInput,
		strings.Repeat("[],", MaxValues/2):                                           fault.BadUserInput,
		`"unfinished \`:                                                              "",
		"":                                                                           "",
		"]]]]":                                                                       "",
	} {
		var got fault.Code
		if refusal := Bounded([]byte(text)); refusal != nil {
			got = refusal.Code
		}
		if got != want {
			t.Errorf("%.40s (%d bytes): %q, want %q", text, len(text), got, want)
		}
	}
}

func BenchmarkBounded(b *testing.B) {
	text := []byte(`{"query":"` + strings.Repeat("x", 4000) + `","variables":{"a":[` + strings.Repeat(`{"k":"v","n":1.5},`, 200) + `1]}}`)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		if Bounded(text) != nil {
			b.Fatal("refused")
		}
	}
}
