package golden_test

import (
	"cmp"
	"encoding/json"
	"testing"

	"pgregory.net/rapid"

	"github.com/onecdp/onecdp/internal/golden"
)

// byNumber orders identities and sources by their numbers.
type byNumber struct{}

func (byNumber) CompareIdentities(a, b int64) int { return cmp.Compare(a, b) }
func (byNumber) CompareSources(a, b int32) int    { return cmp.Compare(a, b) }

func statement(t *rapid.T) golden.Statement {
	values := []string{`""`, "[]", "{}", `"a"`, `"b"`, "1.5", "1.50", "true", `["x"]`}
	return golden.Statement{
		Value: json.RawMessage(rapid.SampledFrom(values).Draw(t, "value")),
		Provenance: golden.Provenance{
			Time: rapid.Int64Range(0, 3).Draw(t, "time"), Source: rapid.Int32Range(1, 2).Draw(t, "source"),
			Identity: rapid.Int64Range(1, 3).Draw(t, "identity"), Record: rapid.Int64Range(1, 9).Draw(t, "record"),
		},
	}
}

func TestWhatSurvivesDoesNotDependOnTheOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		statements := rapid.SliceOfN(rapid.Custom(statement), 1, 8).Draw(t, "statements")
		one, other := golden.Record{}, golden.Record{}
		for _, s := range statements {
			one.Compete("a", golden.Policy{}, s, byNumber{})
		}
		for _, s := range rapid.Permutation(statements).Draw(t, "order") {
			other.Compete("a", golden.Policy{}, s, byNumber{})
		}
		a, _ := one.Documents()
		b, _ := other.Documents()
		if golden.Compare(golden.Policy{}, one["a"], other["a"], byNumber{}) != 0 {
			t.Fatalf("%s and %s", a, b)
		}
	})
}

func TestWhatIsEmptySurvivesOnlyAlone(t *testing.T) {
	for _, empty := range []string{`""`, "[]", "{}"} {
		record := golden.Record{}
		record.Compete("a", golden.Policy{}, golden.Statement{Value: json.RawMessage(empty), Provenance: golden.Provenance{Time: 9}}, byNumber{})
		if string(record["a"].Value) != empty {
			t.Errorf("%s does not survive alone", empty)
		}
		record.Compete("a", golden.Policy{}, golden.Statement{Value: json.RawMessage(`"x"`), Provenance: golden.Provenance{Time: 1}}, byNumber{})
		if string(record["a"].Value) != `"x"` {
			t.Errorf("%s survives beside a value", empty)
		}
	}
}

func TestDocumentsComeBack(t *testing.T) {
	record := golden.Record{
		"b\"": {Value: json.RawMessage(`{"x":[1.50,"<é>"]}`), Provenance: golden.Provenance{Time: -5, Source: 2, Identity: 3, Record: 4}},
		"a":   {Value: json.RawMessage(`12345678901234567890.10`), Provenance: golden.Provenance{Time: 1, Source: 1, Record: 1}},
	}
	attributes, provenance := record.Documents()
	again, err := golden.Read(attributes, provenance)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range record {
		if got := again[name]; string(got.Value) != string(want.Value) || got.Provenance != want.Provenance {
			t.Errorf("%s: %+v, want %+v", name, got, want)
		}
	}
	if want := `{"a":12345678901234567890.10,"b\"":{"x":[1.50,"<é>"]}}`; string(attributes) != want {
		t.Errorf("%s, want %s", attributes, want)
	}
	if _, err := golden.Read([]byte("[]"), provenance); err == nil {
		t.Error("a list is no golden record")
	}
}
