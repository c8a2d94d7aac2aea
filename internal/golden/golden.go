// Package golden is the golden record: of all that was said about a customer's attributes, what survives.
//
// It is pure. A merge never copies a value over another: it changes which statements are read. What survives of them is a
// function of the statements alone, never of the order in which they came.
package golden

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/onecdp/onecdp/internal/value"
)

// Provenance says where a statement comes from. The names are short because every customer's row holds them.
type Provenance struct {
	Time     int64 `json:"t"`           // when it was observed: microseconds since 1970
	Source   int32 `json:"s"`           // the source's number
	Identity int64 `json:"i,omitempty"` // the identity it was said of
	Record   int64 `json:"r"`           // the record that said it
}

// Statement is one attribute's value, said once. Value is canonical JSON and never null.
type Statement struct {
	Value json.RawMessage
	Provenance
}

// Record is the surviving statement of each attribute.
type Record map[string]Statement

// Order breaks ties between statements of one instant.
type Order interface {
	// CompareIdentities compares by (type, scope, value), CompareSources by name.
	CompareIdentities(a, b int64) int
	CompareSources(a, b int32) int
}

// Read takes a record out of the two documents a customer's row holds.
func Read(attributes, provenance []byte) (Record, error) {
	values, err := object(attributes)
	if err != nil {
		return nil, fmt.Errorf("golden: attributes: %w", err)
	}
	origins, err := object(provenance)
	if err != nil {
		return nil, fmt.Errorf("golden: provenance: %w", err)
	}
	record := make(Record, len(values))
	for name, v := range values {
		origin, _ := origins[name].(map[string]any)
		record[name] = Statement{Value: value.JSON(v), Provenance: Provenance{
			Time: whole(origin["t"]), Source: int32(whole(origin["s"])), Identity: whole(origin["i"]), Record: whole(origin["r"]),
		}}
	}
	return record, nil
}

func object(text []byte) (map[string]any, error) {
	decoded, err := value.Decode(text)
	if err != nil {
		return nil, err
	}
	fields, ok := decoded.(map[string]any)
	if !ok {
		return nil, errors.New("no object")
	}
	return fields, nil
}

func whole(v any) int64 {
	number, _ := v.(json.Number)
	n, _ := number.Int64()
	return n
}

// Documents are the two documents of a customer's row, canonical: equal records have equal documents.
func (r Record) Documents() (attributes, provenance []byte) {
	attributes, provenance = []byte{'{'}, []byte{'{'}
	for i, name := range slices.Sorted(maps.Keys(r)) {
		if i > 0 {
			attributes, provenance = append(attributes, ','), append(provenance, ',')
		}
		s := r[name]
		attributes = append(append(value.AppendText(attributes, name), ':'), s.Value...)
		provenance = append(value.AppendText(provenance, name), `:{"t":`...)
		provenance = append(strconv.AppendInt(provenance, s.Time, 10), `,"s":`...)
		provenance = append(strconv.AppendInt(provenance, int64(s.Source), 10), `,"i":`...)
		provenance = append(strconv.AppendInt(provenance, s.Identity, 10), `,"r":`...)
		provenance = append(strconv.AppendInt(provenance, s.Record, 10), '}')
	}
	return append(attributes, '}'), append(provenance, '}')
}

// Compete lets a statement survive if it is better than the present one, by a policy that is pairwise. It tells whether
// the value's text or its provenance changed.
func (r Record) Compete(name string, policy Policy, s Statement, order Order) bool {
	present, known := r[name]
	if known && Compare(policy, s, present, order) <= 0 {
		return false
	}
	r[name] = s
	return true
}

// Restate puts what was found from all statements in the place of what was known of these attributes; names nil: of all.
// It tells whether a value's text or its provenance changed.
func (r Record) Restate(found Record, names []string) (changed bool) {
	if names == nil {
		names = slices.Collect(maps.Keys(found))
		for name := range r {
			if _, survives := found[name]; !survives {
				names = append(names, name)
			}
		}
	}
	for _, name := range names {
		s, survives := found[name]
		present, known := r[name]
		switch {
		case survives && (!known || !s.equal(present)):
			r[name], changed = s, true
		case !survives && known:
			delete(r, name)
			changed = true
		}
	}
	return changed
}

func (s Statement) equal(other Statement) bool {
	return s.Provenance == other.Provenance && string(s.Value) == string(other.Value)
}
