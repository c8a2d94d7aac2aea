package value_test

import (
	"encoding/json"
	"math/big"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/onecdp/onecdp/internal/fault"
	"github.com/onecdp/onecdp/internal/value"
)

func TestMarkSurrogatesMarksOnlyLoneHalves(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		`"\ud800"`:             `"\ufdd0"`,
		`"\uDC00x"`:            `"\ufdd0x"`,
		`"\ud83d\ude00"`:       `"\ud83d\ude00"`,
		`"\ud800\ud83d\ude00"`: `"\ufdd0\ud83d\ude00"`,
		`"\ud800\u0041"`:       `"\ufdd0\u0041"`,
		`"\\ud800"`:            `"\\ud800"`,
		`"\\\ud800"`:           `"\\\ufdd0"`,
		`"\ude00\ud83d"`:       `"\ufdd0\ufdd0"`,
		`"\u0000\n"`:           `"\u0000\n"`,
		`{"\udfff":1}`:         `{"\ufdd0":1}`,
		`"\ud8`:                `"\ud8`,
		`\`:                    `\`,
		``:                     ``,
	} {
		given := []byte(in)
		if got := string(value.MarkSurrogates(given)); got != want || string(given) != in {
			t.Errorf("%s: %s, want %s (given %s)", in, got, want, given)
		}
	}
	data := []byte(`{"a":"\ud83d\ude00 \\ud800"}`)
	if marked := value.MarkSurrogates(data); &marked[0] != &data[0] {
		t.Error("an honest text was copied")
	}
}

func TestDecodeIsExactAndStrict(t *testing.T) {
	t.Parallel()
	got, err := value.Decode([]byte(` {"n":12345678901234567890.10,"s":"\ud800","l":[null,true]} `))
	want := map[string]any{"n": json.Number("12345678901234567890.10"), "s": "\uFDD0", "l": []any{nil, true}}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Fatalf("%v %v", got, err)
	}
	for _, bad := range []string{"", "{} {}", "[1]x", "{", "01", "nul", "\"\xff\"", "\"\xed\xa0\x80\"", "'a'", "NaN"} {
		if v, err := value.Decode([]byte(bad)); err == nil {
			t.Errorf("%q decoded as %v", bad, v)
		}
	}
}

func TestCleanNumbers(t *testing.T) {
	t.Parallel()
	for in, want := range map[any]string{
		json.Number("3e1"): "30", json.Number("-0"): "0", json.Number("-0.00"): "0.00", json.Number("12.50"): "12.50",
		json.Number("1.25E+1"): "12.5", json.Number("1.250e1"): "12.50", json.Number("5e-3"): "0.005", json.Number("-12e-1"): "-1.2",
		json.Number("0e9"): "0", json.Number("0.05e2"): "5", json.Number("9007199254740993"): "9007199254740993", json.Number("-7"): "-7",
		1: "1", int64(-5): "-5", int32(9): "9", 0.1: "0.1", 1e21: "1000000000000000000000", -0.5: "-0.5", 30.0: "30",
	} {
		got, err := value.Clean(in, nil)
		if err != nil || got != json.Number(want) {
			t.Errorf("%v: %v %v, want %s", in, got, err, want)
		}
	}
}

func TestCleanText(t *testing.T) {
	t.Parallel()
	given := map[string]any{"cafe\u0301": []any{"e\u0301", json.Number("1e0"), "x"}, "k": "v"}
	got, err := value.Clean(given, nil)
	want := map[string]any{"café": []any{"é", json.Number("1"), "x"}, "k": "v"}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Fatalf("%v %v", got, err)
	}
	if given["cafe\u0301"].([]any)[0] != "e\u0301" {
		t.Error("the given value was changed")
	}
	same := map[string]any{"a": []any{"b"}}
	kept, _ := value.Clean(same, nil)
	if reflect.ValueOf(kept).Pointer() != reflect.ValueOf(same).Pointer() {
		t.Error("a clean value was copied")
	}
	two, _ := value.Clean(map[string]any{"\u00e9": "composed", "e\u0301": "decomposed"}, nil)
	if !reflect.DeepEqual(two, map[string]any{"é": "composed"}) {
		t.Errorf("equal keys: %v", two)
	}
}

func TestCleanRefuses(t *testing.T) {
	t.Parallel()
	deep := any("x")
	for range 65 {
		deep = []any{deep}
	}
	for name, in := range map[string]any{
		"NUL": "a\x00", "lone surrogate": "a\uFDD0", "UTF-8": "\xff", "exponent": json.Number("1e401"), "small exponent": json.Number("1e-401"),
		"digits": json.Number("1" + strings.Repeat("0", 1000)), "spread digits": json.Number("1" + strings.Repeat("0", 900) + "e200"),
		"depth": deep, "type": time.Now(), "no number": json.Number("1x"), "key": map[string]any{"a\x00": nil},
	} {
		_, err := value.Clean(map[string]any{"in": []any{nil, in}}, fault.Path{"attributes"})
		faults := fault.All(err)
		if len(faults) != 1 || faults[0].Code != fault.BadUserInput || !strings.HasPrefix(faults[0].Path.String(), "attributes.in[1]") {
			t.Errorf("%s: %v", name, err)
		}
	}
	fine := any("x")
	for range 64 {
		fine = []any{fine}
	}
	if _, err := value.Clean(fine, nil); err != nil {
		t.Errorf("64 levels: %v", err)
	}
	for range 20 {
		_, err := value.Clean(map[string]any{"b": "\x00", "a": "\x00", "c": "\x00"}, nil)
		if got := fault.All(err)[0].Path.String(); got != "a" {
			t.Fatalf("of several faults: %s", got)
		}
	}
}

func TestCanonicalText(t *testing.T) {
	t.Parallel()
	v := map[string]any{"b": []any{json.Number("1.50"), json.Number("1.0"), nil, true, false}, "a": "<\u2028\"\\\n\x01é>", "ab": map[string]any{}, "": []any{}}
	if got, want := string(value.JSON(v)), "{\"\":[],\"a\":\"<\u2028\\\"\\\\\\n\\u0001é>\",\"ab\":{},\"b\":[1.50,1.0,null,true,false]}"; got != want {
		t.Errorf("JSON\n%s\n%s", got, want)
	}
	if got, want := string(value.Shortest([]any{json.Number("1.50"), json.Number("1.0"), json.Number("3e2"), json.Number("-0.0")})), "[1.5,1,300,0]"; got != want {
		t.Errorf("Shortest %s, want %s", got, want)
	}
}

func TestMicrosAreExact(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int64{
		"0": 0, "-0.0": 0, "1": 1e6, "0.1": 1e5, "12.50": 12_500_000, "0.000001": 1, "1e-6": 1, "-3.25": -3_250_000, "1.5000000": 1_500_000, "9e12": 9e18,
		"-9000000000000": -9e18, "90071992.54740993e2": 9007199254740993, "0.0000010": 1, "10000000e-13": 1,
	} {
		if got, ok := value.Micros(json.Number(text)); !ok || got != want {
			t.Errorf("%s: %d %v, want %d", text, got, ok, want)
		}
	}
	for _, text := range []string{"0.0000001", "1.0000001", "9000000000000.000001", "-9000000000001", "1e13", "1e400", "1e-400", "1e999999999999", "x", "", "1.", "+1", "1e"} {
		if got, ok := value.Micros(json.Number(text)); ok {
			t.Errorf("%s is no amount: %d", text, got)
		}
	}
	for micros, want := range map[int64]string{0: "0", 1: "0.000001", -1_500_000: "-1.5", 9e18: "9000000000000", 10: "0.00001", -9223372036854775808: "-9223372036854.775808"} {
		if got := value.FormatMicros(micros); got != want {
			t.Errorf("%d: %s, want %s", micros, got, want)
		}
	}
}

var numberTexts = []string{"0", "-0", "0.0", "1", "1.0", "10e-1", "3e1", "30", "30.00", "-1", "-1.5", "-15e-1", "0.1", "0.10", "1e-1", "0.01", "0.001e1", "9007199254740992",
	"9007199254740993", "9007199254740993.0", "123456789.123456789", "123456789.1234567891", "1e400", "1e-400", "-1e400", "99.9", "100", "1e2", "0.1e3", "0.0123", "1.23e-2", "2", "12", "1.2", "20e-1"}

func TestCompareNumbersByValue(t *testing.T) {
	for _, a := range numberTexts {
		for _, b := range numberTexts {
			x, _ := new(big.Rat).SetString(a)
			y, _ := new(big.Rat).SetString(b)
			if got, want := value.CompareNumbers(a, b), x.Cmp(y); got != want {
				t.Errorf("%s and %s: %d, want %d", a, b, got, want)
			}
		}
	}
	if n := testing.AllocsPerRun(100, func() { value.CompareNumbers("123.456", "123.4560") }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestSumIsExact(t *testing.T) {
	t.Parallel()
	var small value.Sum
	small.Add("0.10")
	small.Add("0.20")
	if small.Compare("0.3") != 0 || small.String() != "0.3" || small.CompareTimes("0.15", 2) != 0 {
		t.Errorf("0.10 + 0.20 = %s", small.String())
	}
	var all value.Sum
	exact := new(big.Rat)
	for range 3 {
		for _, text := range numberTexts {
			if !all.Add(text) {
				t.Errorf("%s was not added", text)
			}
			x, _ := new(big.Rat).SetString(text)
			exact.Add(exact, x)
		}
	}
	got, ok := new(big.Rat).SetString(all.String())
	if !ok || got.Cmp(exact) != 0 || all.Compare(all.String()) != 0 {
		t.Errorf("sum %s", all.String())
	}
	var full value.Sum
	for range 5 {
		full.Add("9000000000000")
		full.Add("-9000000000000")
		full.Add("9000000000000")
	}
	if full.String() != "45000000000000" {
		t.Errorf("beyond 64 bits: %s", full.String())
	}
	if full.Add("1e401") || full.Add("x") {
		t.Error("what is no number was added")
	}
}

func TestParseInstantIsStrict(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"2026-03-15T12:00:00Z": "2026-03-15T12:00:00Z", "2026-03-15T12:00:00+08:00": "2026-03-15T04:00:00Z", "2026-03-15T12:00:00.1234567-05:30": "2026-03-15T17:30:00.123456Z",
		"2026-01-01T00:00:00+23:59": "2025-12-31T00:01:00Z", "2026-01-01T00:00:00-00:00": "2026-01-01T00:00:00Z", "0001-01-01T00:00:00Z": "0001-01-01T00:00:00Z",
		"9999-12-31T23:59:59.999999999Z": "9999-12-31T23:59:59.999999Z", "1969-12-31T23:59:59.9999999Z": "1969-12-31T23:59:59.999999Z", "2024-02-29T00:00:00.5Z": "2024-02-29T00:00:00.5Z",
	} {
		got, ok := value.ParseInstant(text)
		if !ok || got.Format(time.RFC3339Nano) != want || got.Location() != time.UTC {
			t.Errorf("%s: %s %v, want %s", text, got.Format(time.RFC3339Nano), ok, want)
		}
	}
	for _, text := range []string{"", "2026-03-15", "2026-03-15T12:00:00", "2026-03-15t12:00:00Z", "2026-03-15T12:00:00z", "2026-03-15 12:00:00Z", "2026-03-15T12:00Z", "2026-03-15T24:00:00Z",
		"2026-03-15T12:60:00Z", "2026-03-15T12:00:60Z", "2026-03-15T12:00:00+24:00", "2026-03-15T12:00:00+08:60", "2026-03-15T12:00:00+0800", "2026-03-15T12:00:00+08", "2026-03-15T12:00:00.Z",
		"2026-03-15T12:00:00,5Z", "2026-02-29T12:00:00Z", "2026-13-01T12:00:00Z", "0000-01-01T00:00:00Z", "0001-01-01T00:00:00+08:00", "9999-12-31T23:59:59-00:01", "10000-01-01T00:00:00Z",
		"2026-3-15T12:00:00Z", " 2026-03-15T12:00:00Z", "2026-03-15T12:00:00Z ", "2026-03-15T12:00:00.5", "2026-03-15T+2:00:00Z", "2026-03-15T12:00:00\u221208:00"} {
		if got, ok := value.ParseInstant(text); ok {
			t.Errorf("%q is no time: %v", text, got)
		}
	}
}

func TestParseDayExists(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"0001-01-01", "1900-02-28", "1969-12-31", "1970-01-01", "2000-02-29", "2024-02-29", "2026-04-30", "9999-12-31"} {
		day, ok := value.ParseDay(text)
		if !ok || day.String() != text {
			t.Errorf("%s: %s %v", text, day, ok)
		}
	}
	if day, _ := value.ParseDay("1970-01-02"); day != 1 {
		t.Errorf("1970-01-02 is day %d", day)
	}
	for _, text := range []string{"", "1900-02-29", "2026-02-29", "2026-04-31", "2026-00-10", "2026-13-10", "2026-01-00", "2026-1-01", "20260101", "0000-01-01", "2026/01/01", "2026-01-01 ", "+026-01-01", "2026-01-01Z"} {
		if day, ok := value.ParseDay(text); ok {
			t.Errorf("%q is no day: %s", text, day)
		}
	}
}

func FuzzDecode(f *testing.F) {
	for _, seed := range []string{`{"a":[1,2.50,"\ud800"]}`, `"\\ud800"`, `-0e3`, `[[[]]]`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		v, err := value.Decode(data)
		if err != nil {
			return
		}
		cleaned, err := value.Clean(v, nil)
		if err != nil {
			return
		}
		again, err := value.Decode(value.JSON(cleaned))
		if err != nil || !reflect.DeepEqual(again, cleaned) {
			t.Fatalf("%q: %v does not come back: %v %v", data, cleaned, again, err)
		}
		twice, err := value.Clean(again, nil)
		if err != nil || !reflect.DeepEqual(twice, cleaned) {
			t.Fatalf("%q: cleaning twice: %v %v", data, twice, err)
		}
	})
}
