package load

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/text/encoding/simplifiedchinese"

	"github.com/onecdp/onecdp/internal/value"
)

func mapping(t *testing.T, text string) *Mapping {
	t.Helper()
	m, err := ParseMapping([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// imported is every record of a CSV text in order of its message id, as JSON.
func imported(t *testing.T, text string, o Options) ([]string, Summary) {
	t.Helper()
	into := new(memory)
	o.Path = file(t, "orders.csv", text)
	summary := run(t, into, o)
	var records []string
	for _, id := range slices.Sorted(maps.Keys(into.records)) {
		records = append(records, string(value.JSON(into.records[id])))
	}
	return records, summary
}

func TestEveryTargetOfAMapping(t *testing.T) {
	t.Parallel()
	o := Options{Mapping: mapping(t, `{
		"zone": "Asia/Shanghai",
		"columns": {
			"phone": ["identity:phone", "attribute:phone"], "openid": "identity:wechat_openid@{appid}", "member": "identity:member_no@shop",
			"day": "occurredAt:YYYY/MM/DD HH:mm", "vip": "attribute:vip:bool", "extra": "attribute:extra:json",
			"what": "event", "paid": "property:amount:number", "sku": "property:sku"
		},
		"constants": {"messageId": "{file}#{line}", "source": "pos", "channel": "store:{member}", "property:currency": "CNY"}
	}`)}
	records, summary := imported(t, "\uFEFFphone,openid,appid,member,day,vip,extra,what,paid,sku,unused\r\n"+
		"13800000001,o-1,wx1,M1,2026/03/15 12:00,是,\"{\"\"a\"\":[1.50]}\",Order Completed,+007.50,\"A,\n\"\"B\"\"\",x\r\n"+
		"\r\n13800000002,,,, ,,,,,,\r\n", o)
	want := []string{
		`{"attributes":{"extra":{"a":[1.50]},"phone":"13800000001","vip":true},"channel":"store:M1","event":{"name":"Order Completed","properties":{"amount":7.50,"currency":"CNY","sku":"A,\n\"B\""}},` +
			`"identities":[{"scope":"shop","type":"member_no","value":"M1"},{"scope":"wx1","type":"wechat_openid","value":"o-1"},{"type":"phone","value":"13800000001"}],` +
			`"messageId":"orders.csv#2","occurredAt":"2026-03-15T04:00:00Z","source":"pos"}`,
		`{"attributes":{"phone":"13800000002"},"event":{"name":"","properties":{"currency":"CNY"}},"identities":[{"type":"phone","value":"13800000002"}],"messageId":"orders.csv#5","source":"pos"}`,
	}
	if !slices.Equal(records, want) || summary.Read != 2 {
		t.Errorf("%s\n got %s\nwant %s", summary, strings.Join(records, "\n"), strings.Join(want, "\n"))
	}
}

func TestRowsThatCannotBeMapped(t *testing.T) {
	t.Parallel()
	o := Options{Mapping: mapping(t, `{"columns": {"phone": "identity:phone", "n": "attribute:n:number", "b": "attribute:b:bool", "j": "attribute:j:json", "t": "occurredAt"}}`)}
	for name, c := range map[string]struct{ row, field, message string }{
		"too few cells":       {"1,2", "", "the row has 2 cells, the header 5"},
		"too many cells":      {"1,2,true,1,,", "", "the row has 6 cells, the header 5"},
		"no number":           {"1,\"1,000\",,,", "n", "this is no number"},
		"infinity":            {"1,1e999,,,", "n", ""},
		"no truth":            {"1,,maybe,,", "b", "this is neither true nor false"},
		"no JSON":             {"1,,,{,", "j", "this is no JSON"},
		"no time":             {"1,,,,2026-02-30", "t", "this is no time of the layout"},
		"an open quote":       {`1,"2,true,1,` + "\n13800000009,,,,", "", "a quote is opened and never closed"},
		"after a quote":       {`1,"2"3,true,1,`, "", "cell 2 goes on after its closing quote"},
		"not UTF-8":           {"1,,,,\xff", "", "the row is not UTF-8"},
		"nobody":              {",2,,,", "identities", "there is no identity"},
		"a very long row":     {strings.Repeat("1", MaxLine+1), "", "the row is longer than 1 MiB"},
		"an open, long quote": {`1,"` + strings.Repeat("2\n13800000009,,,,\n", MaxLine/8), "", "a quote is opened and never closed"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, summary := imported(t, "phone,n,b,j,t\n13800000001,1,,,\n"+c.row+"\n13800000002,,,,\n", o)
			if summary.Rejected == 0 || summary.Accepted < 2 {
				t.Fatalf("got %s", summary)
			}
			first := readRejects(t, summary.Rejects)[0]
			if first["line"] != 3.0 || c.message != "" && first["message"] != c.message {
				t.Errorf("rejected %v", first)
			}
			if field, _ := first["field"].([]any); c.field != "" && (len(field) == 0 || field[0] != c.field) {
				t.Errorf("at %v", field)
			}
		})
	}
}

func TestWhatARejectDoesNotTake(t *testing.T) {
	t.Parallel()
	o := Options{Mapping: mapping(t, `{"columns": {"phone": "identity:phone"}}`)}
	_, summary := imported(t, "phone,note\n1,\"open\n2,\n3,\n4,\n", o)
	if summary.Rejected != 1 || summary.Accepted != 3 {
		t.Errorf("got %s", summary)
	}
}

func TestDelimitersAndHeaders(t *testing.T) {
	t.Parallel()
	const columns = `"columns": {"a": "identity:phone", "b": "property:n:number"}, "constants": {"event": "x", "messageId": "{line}"}`
	for delimiter, text := range map[string]string{
		"": "a,b\n1,2\n", "tab": "a\tb\n1\t2\n", ";": "a;b\n1;2\n", "semicolon": "a;b\n\"1\";\"2\"\n", "pipe": "a|b\n1|2\n", "blanks": "  a   b\n 1 \t 2 \n", "、": "a、b\n1、2\n",
	} {
		records, _ := imported(t, text, Options{Mapping: mapping(t, `{"delimiter": "`+delimiter+`", `+columns+`}`)})
		want := `{"event":{"name":"x","properties":{"n":2}},"identities":[{"type":"phone","value":"1"}],"messageId":"2"}`
		if len(records) != 1 || records[0] != want {
			t.Errorf("%q: %s", delimiter, records)
		}
	}
	records, _ := imported(t, "1,2\n3,4\n", Options{Mapping: mapping(t, `{"header": ["a", "b"], `+columns+`}`)})
	if len(records) != 2 {
		t.Errorf("without a header line: %s", records)
	}
}

func TestAChineseExcel(t *testing.T) {
	t.Parallel()
	text, err := simplifiedchinese.GBK.NewEncoder().String("手机,姓名\n13800000001,张伟\n")
	if err != nil {
		t.Fatal(err)
	}
	m := new(Mapping)
	for _, column := range []string{"手机=identity:phone", "姓名=attribute:name"} {
		if err := m.Map(column); err != nil {
			t.Fatal(err)
		}
	}
	records, _ := imported(t, text, Options{Mapping: m, Encoding: "GB18030"})
	if len(records) != 1 || !strings.Contains(records[0], `"attributes":{"name":"张伟"}`) {
		t.Errorf("got %s", records)
	}
}

func TestMappingsThatAreWrong(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"no JSON":                `{`,
		"more than JSON":         `{} {}`,
		"a misspelt field":       `{"colums": {}}`,
		"a number for a target":  `{"columns": {"a": 1}}`,
		"no identity":            `{"columns": {"a": "attribute:name"}}`,
		"an unknown target":      `{"columns": {"a": "phone"}}`,
		"a target without name":  `{"columns": {"a": "identity"}}`,
		"an unknown column":      `{"columns": {"c": "identity:phone"}}`,
		"an ambiguous column":    `{"columns": {"b": "identity:phone"}}`,
		"a target twice":         `{"columns": {"a": ["identity:phone", "attribute:x", "attribute:x"]}}`,
		"a property of no event": `{"columns": {"a": ["identity:phone", "property:x"]}}`,
		"a zone that is none":    `{"zone": "Mars", "columns": {"a": "identity:phone"}}`,
		"a delimiter":            `{"delimiter": "ab", "columns": {"a": "identity:phone"}}`,
		"a layout without year":  `{"columns": {"a": ["identity:phone", "occurredAt:DD.MM."]}}`,
		"an open brace":          `{"columns": {"a": "identity:phone"}, "constants": {"messageId": "{line"}}`,
		"an unknown place":       `{"columns": {"a": "identity:phone"}, "constants": {"messageId": "{row}"}}`,
	} {
		m, err := ParseMapping([]byte(text))
		if err == nil {
			_, err = Run(t.Context(), new(memory), Options{Path: file(t, "a.csv", "a,b,b\n1,2,3\n"), Mapping: m})
		}
		if err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	for _, bad := range []string{"", "a", "=b", "a="} {
		if new(Mapping).Map(bad) == nil {
			t.Errorf("column %q was taken", bad)
		}
	}
	if new(Mapping).Set("event") == nil {
		t.Error("a constant without a value was taken")
	}
}

func TestClocks(t *testing.T) {
	t.Parallel()
	shanghai, err := time.LoadLocation("Asia/Shanghai")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ layout, text, want string }{
		{"", "2026-03-15T12:00:00.123456+08:00", "2026-03-15T04:00:00.123456Z"},
		{"", "2026-03-15 12:00:00", "2026-03-15T04:00:00Z"},
		{"", "2026/3/5", "2026-03-04T16:00:00Z"},
		{"YYYYMMDD", "19970101", "1996-12-31T16:00:00Z"},
		{"2006-01-02", "1997-01-01", "1996-12-31T16:00:00Z"},
		{"YYYY-MM-DD HH:mm:ss.SSS", "2026-03-15 12:00:00.250", "2026-03-15T04:00:00.25Z"},
		{"unix", "1700000000", "2023-11-14T22:13:20Z"},
		{"unixms", "1700000000123", "2023-11-14T22:13:20.123Z"},
		{"unix", "99999999999999", ""},
		{"YYYYMMDD", "19970229", ""},
		{"", "yesterday", ""},
	} {
		clock, bad := parseClock(c.layout, shanghai)
		if bad != nil {
			t.Fatal(bad)
		}
		at, ok := clock.read(c.text)
		if got := at.Format(time.RFC3339Nano); ok != (c.want != "") || ok && got != c.want {
			t.Errorf("%q as %q: %s, want %q", c.text, c.layout, got, c.want)
		}
	}
}

func TestNumbersOfCells(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{"1": "1", " 007 ": "7", "-00.50": "-0.50", "+.5": "0.5", "1e3": "1e3", "": "", "-": "", "1.": "", "0x1": "", "NaN": "", "１": ""} {
		got, bad := cellNumber.read(text)
		if (bad == nil) != (want != "") || bad == nil && got != json.Number(want) {
			t.Errorf("%q: %v %v", text, got, bad)
		}
	}
}
