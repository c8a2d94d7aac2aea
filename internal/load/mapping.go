package load

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/onecdp/onecdp/internal/fault"
)

// Mapping says what the cells of a CSV row mean. As JSON:
//
//	{
//	  "delimiter": "blanks",
//	  "zone": "Asia/Shanghai",
//	  "columns": {
//	    "customer_id": "identity:member_no@cdnow",
//	    "date": "occurredAt:YYYYMMDD",
//	    "dollar_value": "property:amount:number"
//	  },
//	  "constants": {"source": "cdnow", "event": "Order Completed"}
//	}
//
// A target is one of messageId, source, channel, event, occurredAt[:LAYOUT], identity:TYPE[@SCOPE], attribute:NAME[:TYPE],
// property:NAME[:TYPE], where TYPE is text (the default), number, bool or json. A column may have several targets. A constant
// is a template: {COLUMN} is that cell, {file} the file's name, {line} the row's line, {hash} a digest of the row.
type Mapping struct {
	Delimiter string             `json:"delimiter,omitempty"` // "": a comma, in .tsv files a tab; one character; comma, tab, semicolon, pipe, blanks (runs of them, without quotes)
	Header    []string           `json:"header,omitempty"`    // the columns' names, when the first line is data already
	Zone      string             `json:"zone,omitempty"`      // IANA name; the zone of times without an offset
	Columns   map[string]Targets `json:"columns,omitempty"`   // column -> what it fills
	Constants map[string]string  `json:"constants,omitempty"` // target -> template
}

// Targets are what one column fills; in JSON a text, or a list of texts.
type Targets []string

// UnmarshalJSON reads a text or a list of texts.
func (t *Targets) UnmarshalJSON(text []byte) error {
	var one string
	if json.Unmarshal(text, &one) == nil {
		*t = Targets{one}
		return nil
	}
	var several []string
	if err := json.Unmarshal(text, &several); err != nil {
		return errors.New("a column has a target, or a list of targets")
	}
	*t = several
	return nil
}

// ParseMapping reads a mapping from JSON. An unknown field is an error, so that a slip of the pen shows.
func ParseMapping(text []byte) (*Mapping, error) {
	decoder := json.NewDecoder(bytes.NewReader(bytes.TrimPrefix(text, byteOrderMark)))
	decoder.DisallowUnknownFields()
	m := new(Mapping)
	if err := decoder.Decode(m); err != nil {
		return nil, fault.New(fault.BadUserInput, "the mapping cannot be read: %v", err)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, fault.New(fault.BadUserInput, "the mapping cannot be read: more follows the object")
	}
	return m, nil
}

// Map adds COLUMN=TARGET, as a flag has it.
func (m *Mapping) Map(text string) error {
	column, target, ok := strings.Cut(text, "=")
	if !ok || column == "" || target == "" {
		return fault.New(fault.BadUserInput, "a mapped column is written COLUMN=TARGET").WithHint("phone=identity:phone")
	}
	if m.Columns == nil {
		m.Columns = map[string]Targets{}
	}
	m.Columns[column] = append(m.Columns[column], target)
	return nil
}

// Set adds the constant TARGET=TEMPLATE, as a flag has it.
func (m *Mapping) Set(text string) error {
	target, template, ok := strings.Cut(text, "=")
	if !ok || target == "" {
		return fault.New(fault.BadUserInput, "a constant is written TARGET=VALUE").WithHint("event=Order Completed")
	}
	if m.Constants == nil {
		m.Constants = map[string]string{}
	}
	m.Constants[target] = template
	return nil
}

// plan is a mapping bound to a header.
type plan struct {
	width int
	cells []filling
}

// filling takes a text out of a row and puts it where it belongs.
type filling struct {
	from   template
	to     target
	column string // for faults; "" for a constant
}

// defaultMessageID is the message id of rows whose mapping names none; see rowID.
const defaultMessageID = "{file}:{line}:{hash}"

func (m *Mapping) compile(header []string, zone *time.Location) (*plan, error) {
	if m.Zone != "" {
		named, err := time.LoadLocation(m.Zone)
		if err != nil {
			return nil, fault.Bad(fault.Path{"zone"}, "this is no time zone").WithHint("an IANA name such as Asia/Shanghai")
		}
		zone = named
	}
	if zone == nil {
		zone = time.UTC
	}
	p := &plan{width: len(header)}
	var faults []error
	add := func(place fault.Path, from template, column, text string) {
		to, err := parseTarget(text, zone, header)
		switch {
		case err != nil:
			faults = append(faults, err.At(place))
		case !to.repeats() && slices.ContainsFunc(p.cells, func(f filling) bool { return f.to.kind == to.kind && f.to.name == to.name }):
			faults = append(faults, fault.Bad(place, "%s is filled already", text))
		default:
			p.cells = append(p.cells, filling{from: from, to: to, column: column})
		}
	}
	for _, column := range sortedKeys(m.Columns) {
		place := fault.Path{"columns", column}
		from, err := cell(column, header)
		if err != nil {
			faults = append(faults, err.At(place))
			continue
		}
		for _, text := range m.Columns[column] {
			add(place, from, column, text)
		}
	}
	for _, text := range sortedKeys(m.Constants) {
		place := fault.Path{"constants", text}
		from, err := parseTemplate(m.Constants[text], header)
		if err != nil {
			faults = append(faults, err.At(place))
			continue
		}
		add(place, from, "", text)
	}
	if !p.fills(toMessageID) {
		from, _ := parseTemplate(defaultMessageID, nil)
		p.cells = append(p.cells, filling{from: from, to: target{kind: toMessageID}})
	}
	if !p.fills(toIdentity) && len(faults) == 0 {
		faults = append(faults, fault.New(fault.BadUserInput, "the mapping names no identity").WithHint("phone=identity:phone"))
	}
	if p.fills(toProperty) && !p.fills(toEvent) {
		faults = append(faults, fault.New(fault.BadUserInput, "the mapping has properties and no event").WithHint("event=Order Completed"))
	}
	return p, errors.Join(faults...)
}

func (p *plan) fills(kind targetKind) bool {
	return slices.ContainsFunc(p.cells, func(f filling) bool { return f.to.kind == kind })
}

// record makes a RecordInput of a row. Empty cells are left out.
func (p *plan) record(read *cellRow, file string) (map[string]any, *fault.Error) {
	if len(read.cells) != p.width {
		return nil, fault.New(fault.BadUserInput, "the row has %d cells, the header %d", len(read.cells), p.width)
	}
	d := draft{row: read, file: file, record: map[string]any{}}
	for i := range p.cells {
		f := &p.cells[i]
		text, empty := f.from.fill(&d)
		if empty {
			continue
		}
		if bad := f.to.put(&d, text); bad != nil {
			if f.column != "" {
				return nil, bad.At(fault.Path{f.column})
			}
			return nil, bad
		}
	}
	return d.finish(), nil
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}
