package scalar_test

import (
	"bytes"
	"encoding/json"
	"reflect"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"

	"github.com/onecdp/onecdp/graph/scalar"
	"github.com/onecdp/onecdp/internal/fault"
)

func written(m graphql.Marshaler) string {
	var text bytes.Buffer
	m.MarshalGQL(&text)
	return text.String()
}

func TestTimesAreInstantsOfMicroseconds(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"2026-03-15T12:00:00+08:00":           `"2026-03-15T04:00:00Z"`,
		"2026-03-15T12:00:00.1234567+08:00":   `"2026-03-15T04:00:00.123456Z"`,
		"1969-12-31T23:59:59.999999999-00:30": `"1970-01-01T00:29:59.999999Z"`,
	} {
		instant, err := scalar.UnmarshalTime(text)
		if err != nil || written(scalar.MarshalTime(instant)) != want {
			t.Errorf("%s: %v, %v", text, instant, err)
		}
	}
	for _, wrong := range []any{"", "2026-03-15", "2026-03-15T12:00:00", "2026-02-30T00:00:00Z", json.Number("1"), int64(1), nil, time.Now()} {
		if _, err := scalar.UnmarshalTime(wrong); len(fault.All(err)) != 1 {
			t.Errorf("%v: %v", wrong, err)
		}
	}
}

func TestIntsAreWholeNumbersOf32Bits(t *testing.T) {
	t.Parallel()
	for _, right := range []any{int64(5), 5, json.Number("5")} {
		if n, err := scalar.UnmarshalInt(right); err != nil || n != 5 {
			t.Errorf("%v: %d, %v", right, n, err)
		}
	}
	for _, wrong := range []any{"5", 5.0, json.Number("5.5"), json.Number("1e2"), int64(1) << 31, true, nil} {
		if _, err := scalar.UnmarshalInt(wrong); len(fault.All(err)) != 1 {
			t.Errorf("%v: %v", wrong, err)
		}
	}
}

func TestTextsAreKeptInNFCAndNothingElseIsOne(t *testing.T) {
	t.Parallel()
	if text, err := scalar.UnmarshalString("e\u0301"); err != nil || text != "\u00e9" {
		t.Errorf("%q, %v", text, err)
	}
	for _, wrong := range []any{json.Number("5"), true, "a\x00b", "a\ufdd0b", "\xff", []any{"a"}} {
		if _, err := scalar.UnmarshalString(wrong); len(fault.All(err)) != 1 {
			t.Errorf("%v: %v", wrong, err)
		}
	}
}

func TestExactLeavesWhatWasGivenAsItIs(t *testing.T) {
	t.Parallel()
	given := map[string]any{"a": "\xff1.50", "b": []any{"x", "\xff2"}, "c": map[string]any{"d": "e"}}
	want := map[string]any{"a": json.Number("1.50"), "b": []any{"x", json.Number("2")}, "c": map[string]any{"d": "e"}}
	if exact := scalar.Exact(given); !reflect.DeepEqual(exact, want) {
		t.Errorf("%v", exact)
	}
	if given["a"] != "\xff1.50" || given["b"].([]any)[1] != "\xff2" {
		t.Errorf("changed: %v", given)
	}
}

func TestAmountsAreWrittenExactly(t *testing.T) {
	t.Parallel()
	if text := written(scalar.MarshalMicros(8_999_999_999_999_999_999)); text != "8999999999999.999999" {
		t.Error(text)
	}
}
