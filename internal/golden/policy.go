package golden

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"

	"github.com/onecdp/onecdp/internal/value"
)

// Survivorship is how an attribute's value is chosen among what was said.
type Survivorship string

// The survivorships.
const (
	Latest         Survivorship = "LATEST"          // the newest statement
	Earliest       Survivorship = "EARLIEST"        // the oldest statement
	SourcePriority Survivorship = "SOURCE_PRIORITY" // the newest of the most trusted source that says anything
	Sum            Survivorship = "SUM"             // the sum of the current numbers
	Min            Survivorship = "MIN"             // the least of the current values
	Max            Survivorship = "MAX"             // the greatest of the current values
	Union          Survivorship = "UNION"           // the elements of the current lists
	Consent        Survivorship = "CONSENT"         // the newest statement; of several the one that denies
)

// Survivorships lists them all.
func Survivorships() []Survivorship {
	return []Survivorship{Latest, Earliest, SourcePriority, Sum, Min, Max, Union, Consent}
}

// Denied is the text that wins a tie of consent.
const Denied = "denied"

// Policy says how an attribute survives. The zero Policy is LATEST.
type Policy struct {
	Survivorship Survivorship
	Sources      []int32 // for SOURCE_PRIORITY: numbers of sources, the most trusted first
}

// Pairwise tells that the better of any two statements survives, so that a record can be kept up one statement at a time.
// The others are folds over the current statements and must be made from all of them.
func (p Policy) Pairwise() bool {
	switch p.Survivorship {
	case Sum, Min, Max, Union:
		return false
	default:
		return true
	}
}

// Compare orders two statements of an attribute by a policy that is pairwise: the greater one survives. It is a total
// order of statements that differ. For a fold it is the order of LATEST.
//
// What is empty ("", [], {}) is less than anything that is not. Then:
//
//   - LATEST: time, identity by (type, scope, value), source by name, JSON text with the shortest exact numbers.
//   - EARLIEST: the same the other way round.
//   - SOURCE_PRIORITY: the place of the source among the policy's, those that are not listed behind all others and equal; then as LATEST.
//   - CONSENT: time, then the text "denied" over anything else; then as LATEST.
//
// Of one statement made twice the first record's is the greater.
func Compare(p Policy, a, b Statement, order Order) int {
	if c := cmp.Compare(rank(a.Value), rank(b.Value)); c != 0 {
		return c
	}
	c := 0
	switch p.Survivorship {
	case Earliest:
		c = later(b, a, order)
	case SourcePriority:
		if c = cmp.Compare(p.place(b.Source), p.place(a.Source)); c == 0 {
			c = later(a, b, order)
		}
	case Consent:
		if c = cmp.Compare(a.Time, b.Time); c == 0 {
			c = cmp.Compare(denial(a.Value), denial(b.Value))
		}
		if c == 0 {
			c = later(a, b, order)
		}
	default:
		c = later(a, b, order)
	}
	if c != 0 {
		return c
	}
	return cmp.Compare(b.Record, a.Record)
}

// later orders statements by time, identity, source and text.
func later(a, b Statement, order Order) int {
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
	if string(a.Value) == string(b.Value) {
		return 0
	}
	return strings.Compare(shortest(a.Value), shortest(b.Value))
}

// place is where a source stands in the policy's order of trust, from 0.
func (p Policy) place(source int32) int {
	if i := slices.Index(p.Sources, source); i >= 0 {
		return i
	}
	return len(p.Sources)
}

// rank is 0 of what survives only if there is nothing else, and 1 of everything else.
func rank(v json.RawMessage) int {
	if text := string(v); text == `""` || text == "[]" || text == "{}" {
		return 0
	}
	return 1
}

func denial(v json.RawMessage) int {
	if string(v) == `"`+Denied+`"` {
		return 1
	}
	return 0
}

func shortest(v json.RawMessage) string {
	decoded, err := value.Decode(v)
	if err != nil {
		return string(v)
	}
	return string(value.Shortest(decoded))
}
