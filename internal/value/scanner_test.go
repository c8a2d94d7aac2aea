package value

import (
	"reflect"
	"testing"
	"unicode/utf8"
)

// FuzzScanner holds the scanner against encoding/json.
func FuzzScanner(f *testing.F) {
	for _, seed := range []string{
		`{"a":[1,2.50,-0,3e1,true,false,null,"x","\\u00e9\\n\\"","\\ud83d\\ude00"],"a":{}}`, ` [ ] `, `{"a":1,}`, `01`, `1.`, `-`, `"`, `"\\"`, `[1 2]`, `nul`, `{"a" : "b" }x`,
		"\"\t\"", `{"":{"":[[[]]]}}`, `{1:2}`, `"\\ud800"`, `.5`, `+1`, `1e`, `[,]`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if !utf8.Valid(data) {
			return // Decode refuses it before it is scanned
		}
		fast := scanner{text: string(MarkSurrogates(data))}
		got, ok := fast.whole()
		want, err := decodeSlowly(data)
		if ok != (err == nil) {
			t.Fatalf("%q: scanned %v, decoded %v", data, ok, err)
		}
		if ok && !reflect.DeepEqual(got, want) {
			t.Fatalf("%q: scanned %#v, decoded %#v", data, got, want)
		}
	})
}

const purchase = `{"messageId":"order-000000001","source":"shop","channel":"store:sh-001","identities":[{"type":"member_no","value":"M0000001"},{"type":"phone","value":"13900000001"}],` +
	`"event":{"name":"Order Completed","properties":{"amount":12.50,"sku":"sku-7","quantity":2}},"occurredAt":"2025-01-01T00:00:00Z"}`

func BenchmarkDecode(b *testing.B) {
	for name, decode := range map[string]func([]byte) (any, error){"scanner": Decode, "encoding-json": decodeSlowly} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := decode([]byte(purchase)); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
