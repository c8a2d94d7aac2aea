package ingest

import (
	"encoding/json"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/onecdp/onecdp/internal/fault"
	"github.com/onecdp/onecdp/internal/identity"
	"github.com/onecdp/onecdp/internal/value"
)

// maxName is how long, in characters, a source, a channel, an event name or an attribute name may be.
const maxName = 512

// Record is one observation from one channel, read and found well formed.
type Record struct {
	MessageID  string // "" when the sender gave none
	Source     string
	Channel    string // "" when the sender gave none
	Claims     []identity.Claim
	Attributes map[string]any // clean values; nil when there are none
	Event      *Event         // nil when nothing happened
	Dated      bool           // the sender said when
	OccurredAt time.Time      // when, if Dated; else when it is received
}

// Event is what happened, as a record tells it.
type Event struct {
	Name       string
	Properties map[string]any // clean values
}

// Read takes a record out of a map shaped like RecordInput. All faults of its form are found and joined, each
// with its place below at; the message never repeats what was sent.
func Read(raw map[string]any, at fault.Path) (Record, error) {
	r := reader{at: at}
	record := Record{
		MessageID: r.text(raw["messageId"], "messageId"),
		Source:    r.name(raw["source"], "source"),
		Channel:   r.name(raw["channel"], "channel"),
		Claims:    r.claims(raw["identities"]),
		Event:     r.event(raw["event"]),
	}
	if record.Source == "" {
		record.Source = "api"
	}
	record.Attributes = r.object(raw["attributes"], "attributes")
	for name := range record.Attributes {
		if utf8.RuneCountInString(name) > maxName {
			r.fail(at.With("attributes"), "an attribute's name has more than %d characters", maxName)
		}
	}
	record.OccurredAt, record.Dated = r.instant(raw["occurredAt"], "occurredAt")
	for field := range raw {
		if !fields[field] {
			r.unknown(at, field)
		}
	}
	return record, r.err()
}

var fields = map[string]bool{
	"messageId": true, "source": true, "channel": true, "identities": true, "attributes": true, "event": true, "occurredAt": true,
}

// reader collects the faults of one record.
type reader struct {
	at     fault.Path
	faults []error
}

func (r *reader) fail(at fault.Path, format string, args ...any) {
	r.faults = append(r.faults, fault.Bad(at, format, args...))
}

func (r *reader) err() error { return joinFaults(r.faults) }

// text reads an optional text.
func (r *reader) text(v any, field ...any) string {
	if v == nil {
		return ""
	}
	text, ok := v.(string)
	if !ok {
		r.fail(r.at.With(field...), "must be a text")
		return ""
	}
	text, err := value.Text(text, r.at.With(field...))
	if err != nil {
		r.faults = append(r.faults, err)
		return ""
	}
	return text
}

// name reads an optional text of bounded length.
func (r *reader) name(v any, field ...any) string {
	text := r.text(v, field...)
	if len(text) > maxName && utf8.RuneCountInString(text) > maxName {
		r.fail(r.at.With(field...), "has more than %d characters", maxName)
		return ""
	}
	return text
}

func (r *reader) object(v any, field ...any) map[string]any {
	if v == nil {
		return nil
	}
	object, ok := v.(map[string]any)
	if !ok {
		r.fail(r.at.With(field...), "must be an object")
		return nil
	}
	clean, err := value.Clean(object, r.at.With(field...))
	if err != nil {
		r.faults = append(r.faults, err)
		return nil
	}
	return clean.(map[string]any)
}

func (r *reader) instant(v any, field string) (at time.Time, given bool) {
	text, isText := v.(string)
	if v == nil {
		return time.Time{}, false
	}
	instant, ok := value.ParseInstant(text)
	if !isText || !ok {
		r.faults = append(r.faults, fault.Bad(r.at.With(field), "is no time").WithHint("write RFC 3339 with an offset: 2026-03-15T12:00:00+08:00"))
		return time.Time{}, false
	}
	return instant, true
}

func (r *reader) event(v any) *Event {
	if v == nil {
		return nil
	}
	object, ok := v.(map[string]any)
	if !ok {
		r.fail(r.at.With("event"), "must be an object")
		return nil
	}
	event := &Event{Name: r.name(object["name"], "event", "name"), Properties: r.object(object["properties"], "event", "properties")}
	if name, isText := object["name"].(string); object["name"] == nil || (isText && strings.TrimSpace(name) == "") {
		r.fail(r.at.With("event", "name"), "an event needs a name")
	}
	if event.Properties == nil {
		event.Properties = map[string]any{}
	}
	for field := range object {
		if field != "name" && field != "properties" {
			r.unknown(r.at.With("event"), field)
		}
	}
	return event
}

func (r *reader) claims(v any) []identity.Claim {
	list, ok := v.([]any)
	if one, single := v.(map[string]any); single {
		list, ok = []any{one}, true
	}
	if v != nil && !ok {
		r.fail(r.at.With("identities"), "must be a list")
		return nil
	}
	if len(list) == 0 {
		r.fail(r.at.With("identities"), "a record needs at least one identity")
		return nil
	}
	claims := make([]identity.Claim, 0, len(list))
	for i, element := range list {
		object, ok := element.(map[string]any)
		if !ok {
			r.fail(r.at.With("identities", i), "must be an object")
			continue
		}
		claims = append(claims, r.claim(object, i))
	}
	return claims
}

func (r *reader) claim(object map[string]any, i int) identity.Claim {
	claim := identity.Claim{
		Type:     r.text(object["type"], "identities", i, "type"),
		Scope:    r.text(object["scope"], "identities", i, "scope"),
		Verified: true,
	}
	if claim.Type == "" {
		r.fail(r.at.With("identities", i, "type"), "an identity needs a type")
	}
	// The value is kept letter by letter: a normaliser to come may want what NFC takes away.
	switch text := object["value"].(type) {
	case string:
		claim.Value = text
		r.text(text, "identities", i, "value")
	default:
		r.fail(r.at.With("identities", i, "value"), "must be a text")
	}
	switch verified := object["verified"].(type) {
	case nil:
	case bool:
		claim.Verified = verified
	default:
		r.fail(r.at.With("identities", i, "verified"), "must be true or false")
	}
	for field := range object {
		if field != "type" && field != "scope" && field != "value" && field != "verified" {
			r.unknown(r.at.With("identities", i), field)
		}
	}
	return claim
}

// amount is the number that sums use: properties.amount, else revenue, total or value, the first that is a
// number. problem tells why a number is none.
func (e *Event) amount() (micros *int64, field, problem string) {
	for _, name := range []string{"amount", "revenue", "total", "value"} {
		number, ok := e.Properties[name].(json.Number)
		if !ok {
			continue
		}
		if amount, ok := value.Micros(number); ok {
			return &amount, name, ""
		}
		return nil, name, "is no amount: more than six decimals, or beyond 9,000,000,000,000"
	}
	return nil, "", ""
}

// unknown says that an object has a field it must not have.
func (r *reader) unknown(at fault.Path, field string) {
	if name := plainWord(field); name != "" {
		r.fail(at, "unknown field %s", name)
	} else {
		r.fail(at, "has a field of an unknown name")
	}
}

// plainWord is a name that may stand in a message: one that a programmer wrote. Of anything else, which might be a
// person's data in the wrong place, it is "".
func plainWord(name string) string {
	if len(name) > 40 {
		return ""
	}
	for i, c := range name {
		letter := c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')
		if !letter && (i == 0 || c < '0' || c > '9') {
			return ""
		}
	}
	return name
}
