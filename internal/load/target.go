package load

import (
	"encoding/json"
	"strings"
	"time"

	"github.com/onecdp/onecdp/internal/fault"
	"github.com/onecdp/onecdp/internal/value"
)

type targetKind uint8

const (
	toMessageID targetKind = iota
	toSource
	toChannel
	toEvent
	toOccurredAt
	toIdentity
	toAttribute
	toProperty
)

// target is where a text goes.
type target struct {
	kind  targetKind
	name  string   // of the identity type, attribute or property
	scope template // of an identity
	typ   cellType // of an attribute or property
	clock clock    // of occurredAt
}

// repeats says whether several cells may go there.
func (t target) repeats() bool { return t.kind == toIdentity }

const targetHint = "messageId, source, channel, event, occurredAt[:LAYOUT], identity:TYPE[@SCOPE], attribute:NAME[:TYPE] or property:NAME[:TYPE]"

var plainTargets = map[string]targetKind{
	"messageId": toMessageID, "source": toSource, "channel": toChannel, "event": toEvent, "occurredAt": toOccurredAt,
}

func parseTarget(text string, zone *time.Location, header []string) (target, *fault.Error) {
	kind, rest, more := strings.Cut(text, ":")
	if plain, ok := plainTargets[kind]; ok && (!more || plain == toOccurredAt) {
		t := target{kind: plain}
		var err *fault.Error
		if plain == toOccurredAt {
			t.clock, err = parseClock(rest, zone)
		}
		return t, err
	}
	if rest == "" {
		return target{}, unknownTarget()
	}
	switch kind {
	case "identity":
		name, scope, _ := strings.Cut(rest, "@")
		from, err := parseTemplate(scope, header)
		return target{kind: toIdentity, name: name, scope: from}, err
	case "attribute":
		name, typ := splitType(rest)
		return target{kind: toAttribute, name: name, typ: typ}, nil
	case "property":
		name, typ := splitType(rest)
		return target{kind: toProperty, name: name, typ: typ}, nil
	default:
		return target{}, unknownTarget()
	}
}

func unknownTarget() *fault.Error {
	return fault.New(fault.BadUserInput, "this is no target").WithHint(targetHint)
}

// cellType is the JSON type that a cell becomes.
type cellType string

const (
	cellText   cellType = "text"
	cellNumber cellType = "number"
	cellBool   cellType = "bool"
	cellJSON   cellType = "json"
)

// splitType takes a type off the end of a name; a name may hold colons itself.
func splitType(text string) (name string, typ cellType) {
	if i := strings.LastIndexByte(text, ':'); i > 0 {
		switch typ := cellType(text[i+1:]); typ {
		case cellText, cellNumber, cellBool, cellJSON:
			return text[:i], typ
		}
	}
	return text, cellText
}

// read makes a JSON value of a cell.
func (t cellType) read(text string) (any, *fault.Error) {
	trimmed := strings.TrimSpace(text)
	switch t {
	case cellNumber:
		number := json.Number(plainDigits(trimmed))
		if _, err := value.Clean(number, nil); err != nil {
			return nil, fault.New(fault.BadUserInput, "this is no number").WithHint("digits with a point, without separators or currency")
		}
		return number, nil
	case cellBool:
		switch strings.ToLower(trimmed) {
		case "true", "1", "yes", "y", "t", "是":
			return true, nil
		case "false", "0", "no", "n", "f", "否":
			return false, nil
		}
		return nil, fault.New(fault.BadUserInput, "this is neither true nor false").WithHint("true or false, 1 or 0, yes or no, 是 or 否")
	case cellJSON:
		v, err := value.Decode([]byte(trimmed))
		if err != nil {
			return nil, fault.New(fault.BadUserInput, "this is no JSON")
		}
		return v, nil
	default:
		return text, nil
	}
}

// plainDigits writes a number the way JSON wants it: no plus sign, no leading zeros, a digit before the point.
func plainDigits(text string) string {
	sign := ""
	switch {
	case strings.HasPrefix(text, "+"):
		text = text[1:]
	case strings.HasPrefix(text, "-"):
		sign, text = "-", text[1:]
	}
	for len(text) > 1 && text[0] == '0' && text[1] >= '0' && text[1] <= '9' {
		text = text[1:]
	}
	if strings.HasPrefix(text, ".") {
		text = "0" + text
	}
	return sign + text
}

// draft is a record being made of a row.
type draft struct {
	row        *cellRow
	file       string
	record     map[string]any
	identities []any
	attributes map[string]any
	properties map[string]any
	event      string
}

func (t *target) put(d *draft, text string) *fault.Error {
	switch t.kind {
	case toMessageID:
		d.record["messageId"] = text
	case toSource:
		d.record["source"] = text
	case toChannel:
		d.record["channel"] = text
	case toEvent:
		d.event = strings.TrimSpace(text)
	case toOccurredAt:
		at, ok := t.clock.read(strings.TrimSpace(text))
		if !ok {
			return fault.New(fault.BadUserInput, "this is no time of the layout")
		}
		d.record["occurredAt"] = at.Format(time.RFC3339Nano)
	case toIdentity:
		identity := map[string]any{"type": t.name, "value": text}
		if scope, empty := t.scope.fill(d); !empty {
			identity["scope"] = scope
		}
		d.identities = append(d.identities, identity)
	case toAttribute:
		return put(&d.attributes, t, text)
	case toProperty:
		return put(&d.properties, t, text)
	}
	return nil
}

func put(into *map[string]any, t *target, text string) *fault.Error {
	v, bad := t.typ.read(text)
	if bad != nil {
		return bad
	}
	if *into == nil {
		*into = map[string]any{}
	}
	(*into)[t.name] = v
	return nil
}

// finish puts the parts together. Properties without an event's name stay an event, which ingest then refuses: nothing
// that a row says is lost unseen.
func (d *draft) finish() map[string]any {
	if d.identities == nil {
		d.identities = []any{}
	}
	d.record["identities"] = d.identities
	if d.attributes != nil {
		d.record["attributes"] = d.attributes
	}
	if d.event != "" || d.properties != nil {
		event := map[string]any{"name": d.event}
		if d.properties != nil {
			event["properties"] = d.properties
		}
		d.record["event"] = event
	}
	return d.record
}
