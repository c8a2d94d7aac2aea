// Package golden is the golden record: of all that was said about a customer's attributes, what survives.
//
// It is pure. A merge never copies a value over another: it takes the better of two statements, and which is
// better does not depend on the order in which they came.
package golden

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"strings"

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
	var (
		values map[string]json.RawMessage
		origin map[string]Provenance
	)
	if err := json.Unmarshal(attributes, &values); err != nil {
		return nil, fmt.Errorf("golden: attributes: %w", err)
	}
	if err := json.Unmarshal(provenance, &origin); err != nil {
		return nil, fmt.Errorf("golden: provenance: %w", err)
	}
	record := make(Record, len(values))
	for name, v := range values {
		record[name] = Statement{Value: v, Provenance: origin[name]}
	}
	return record, nil
}

// Documents are the two documents of a customer's row, canonical.
func (r Record) Documents() (attributes, provenance []byte) {
	values, origin := map[string]any{}, map[string]any{}
	for name, s := range r {
		values[name], origin[name] = s.Value, s.Provenance
	}
	return document(values), document(origin)
}

// Take lets a statement survive if it is better than the present one. It tells whether the value's text or
// its provenance changed.
func (r Record) Take(name string, s Statement, order Order) bool {
	present, known := r[name]
	if known && Compare(s, present, order) <= 0 {
		return false
	}
	r[name] = s
	return true
}

// Compare orders two statements of an attribute that survives by LATEST: the greater one survives. What is
// empty ("", [], {}) is less than anything that is not; then time, identity, source and text decide.
func Compare(a, b Statement, order Order) int {
	if c := cmp.Compare(rank(a.Value), rank(b.Value)); c != 0 {
		return c
	}
	if c := cmp.Compare(a.Time, b.Time); c != 0 {
		return c
	}
	if a.Identity != b.Identity {
		if c := order.CompareIdentities(a.Identity, b.Identity); c != 0 {
			return c
		}
	}
	if a.Source != b.Source {
		if c := order.CompareSources(a.Source, b.Source); c != 0 {
			return c
		}
	}
	if c := strings.Compare(shortest(a.Value), shortest(b.Value)); c != 0 {
		return c
	}
	return cmp.Compare(b.Record, a.Record) // the same statement twice: the first record keeps it
}

func rank(v json.RawMessage) int {
	if text := string(v); text == `""` || text == "[]" || text == "{}" {
		return 0
	}
	return 1
}

func shortest(v json.RawMessage) string {
	decoded, err := value.Decode(v)
	if err != nil {
		return string(v)
	}
	return string(value.Shortest(decoded))
}

func document(fields map[string]any) []byte {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text) // sorts keys, so that equal records have equal documents
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(fields); err != nil {
		panic(fmt.Sprintf("golden: a statement that is no JSON: %v", err)) // Statement.Value is canonical JSON
	}
	return bytes.TrimSpace(text.Bytes())
}
