package ingest_test

import (
	"testing"

	"github.com/onecdp/onecdp/internal/fault"
	"github.com/onecdp/onecdp/internal/ingest"
	"github.com/onecdp/onecdp/internal/value"
)

func TestReadFindsEveryFaultAtItsPlace(t *testing.T) {
	long := `"` + string(make513()) + `"`
	for text, places := range map[string][]string{
		`{}`:                  {"records[3].identities"},
		`{"identities":[]}`:   {"records[3].identities"},
		`{"identities":"x"}`:  {"records[3].identities"},
		`{"identities":[1]}`:  {"records[3].identities[0]"},
		`{"identities":[{}]}`: {"records[3].identities[0].type", "records[3].identities[0].value"},
		`{"identities":[{"type":"","value":"x"}]}`:                                          {"records[3].identities[0].type"},
		`{"identities":[{"type":"phone","value":13912345678}]}`:                             {"records[3].identities[0].value"},
		`{"identities":[{"type":"phone","value":"1","verified":"yes","kind":1}]}`:           {"records[3].identities[0].verified", "records[3].identities[0]"},
		`{"identities":[{"type":"phone","value":"1\u0000"}]}`:                               {"records[3].identities[0].value"},
		`{"identities":[{"type":"phone","value":"1\ud800"}]}`:                               {"records[3].identities[0].value"},
		`{"identities":[{"type":"phone","value":"1"}],"attributes":[1]}`:                    {"records[3].attributes"},
		`{"identities":[{"type":"phone","value":"1"}],"attributes":{"a":{"b":"\u0000"}}}`:   {"records[3].attributes.a.b"},
		`{"identities":[{"type":"phone","value":"1"}],"attributes":{` + long + `:1}}`:       {"records[3].attributes"},
		`{"identities":[{"type":"phone","value":"1"}],"event":{"properties":{}}}`:           {"records[3].event.name"},
		`{"identities":[{"type":"phone","value":"1"}],"event":{"name":" "}}`:                {"records[3].event.name"},
		`{"identities":[{"type":"phone","value":"1"}],"event":{"name":` + long + `}}`:       {"records[3].event.name"},
		`{"identities":[{"type":"phone","value":"1"}],"event":{"name":"a","properties":1}}`: {"records[3].event.properties"},
		`{"identities":[{"type":"phone","value":"1"}],"event":{"name":"a","props":{}}}`:     {"records[3].event"},
		`{"identities":[{"type":"phone","value":"1"}],"occurredAt":"2026-02-30T00:00:00Z"}`: {"records[3].occurredAt"},
		`{"identities":[{"type":"phone","value":"1"}],"occurredAt":"2026-02-03"}`:           {"records[3].occurredAt"},
		`{"identities":[{"type":"phone","value":"1"}],"occurredAt":5,"messageId":5}`:        {"records[3].messageId", "records[3].occurredAt"},
		`{"identities":[{"type":"phone","value":"1"}],"source":` + long + `,"chanel":"x"}`:  {"records[3].source", "records[3]"},
	} {
		_, err := ingest.Read(record(t, text), fault.Path{"records", 3})
		faults := fault.All(err)
		if len(faults) != len(places) {
			t.Errorf("%.100s: %d faults, want %d: %v", text, len(faults), len(places), err)
			continue
		}
		for i, place := range places {
			if faults[i].Path.String() != place || faults[i].Code != fault.BadUserInput {
				t.Errorf("%.100s: fault at %s (%s), want %s", text, faults[i].Path, faults[i].Code, place)
			}
		}
	}
}

func make513() []byte {
	text := make([]byte, 513)
	for i := range text {
		text[i] = 'x'
	}
	return text
}

func TestReadTakesWhatIsWellFormed(t *testing.T) {
	got, err := ingest.Read(record(t, `{"messageId":null,"channel":null,"identities":{"type":"phone","value":" 139 ","verified":null},
		"attributes":{"é":"é","n":3e1},"event":{"name":"view"},"occurredAt":"2026-03-15T12:00:00.1234567+08:00"}`), nil)
	if err != nil {
		t.Fatal(err)
	}
	if got.Source != "api" || got.MessageID != "" || got.Channel != "" || got.Event.Properties == nil {
		t.Errorf("defaults: %+v", got)
	}
	if len(got.Claims) != 1 || !got.Claims[0].Verified || got.Claims[0].Value != " 139 " {
		t.Errorf("claims: %+v", got.Claims)
	}
	if text := string(value.JSON(got.Attributes)); text != `{"n":30,"é":"é"}` {
		t.Errorf("attributes: %s", text)
	}
	if at := got.OccurredAt.Format("2006-01-02T15:04:05.999999999Z07:00"); at != "2026-03-15T04:00:00.123456Z" {
		t.Errorf("occurredAt: %s", at)
	}
}
