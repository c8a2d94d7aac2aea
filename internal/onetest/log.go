package onetest

import (
	"slices"
	"time"

	"github.com/onecdp/onecdp/internal/identity"
)

// Record is one record that was accepted.
type Record struct {
	Source, MessageID string
	Claims            []identity.Claim
	At                time.Time      // occurredAt
	Attributes        map[string]any // as sent; nil: none
	Event             string         // its name; "": none

	step int // of its arrival
}

// Raw is the record as ingest takes it.
func (r Record) Raw() map[string]any {
	claims := make([]any, len(r.Claims))
	for i, c := range r.Claims {
		claim := map[string]any{"type": c.Type, "scope": c.Scope, "value": c.Value}
		if !c.Verified {
			claim["verified"] = false
		}
		claims[i] = claim
	}
	raw := map[string]any{"source": r.Source, "identities": claims, "occurredAt": r.At.Format(time.RFC3339Nano)}
	if r.MessageID != "" {
		raw["messageId"] = r.MessageID
	}
	if r.Attributes != nil {
		raw["attributes"] = r.Attributes
	}
	if r.Event != "" {
		raw["event"] = map[string]any{"name": r.Event}
	}
	return raw
}

// showsLike says that two records were sent with the same identities.
func (r *Record) showsLike(other *Record) bool {
	within := func(claims, others []identity.Claim) bool {
		return !slices.ContainsFunc(claims, func(c identity.Claim) bool { return !slices.Contains(others, c) })
	}
	return within(r.Claims, other.Claims) && within(other.Claims, r.Claims)
}

// Pair are two identities that an operation ties or keeps apart.
type Pair [2]identity.Identity

// Unlink says that records up to and including Since do not tie an identity.
type Unlink struct {
	Identity identity.Identity
	Since    time.Time
}

// Message names a record.
type Message struct{ Source, ID string }

// Operation is what an operator decided, taken apart.
type Operation struct {
	Kind      string
	Links     []Pair
	Apart     []Pair
	Unlinks   []Unlink
	Blocks    []identity.Identity
	Retracts  []Message
	Withdraws *Operation // whose links it takes away
	Undoes    *Operation
}

// Log is all that was ever said, in the order of arrival, under the settings in force.
type Log struct {
	Types      *identity.Registry
	Most       int // how many identities a customer may hold
	Records    []*Record
	Operations []*Operation

	counting map[*Record][]identity.Identity // what counts of records, until operations or settings change
}

// active says that an operation was not undone, or that its undoing was.
func (l *Log) active(o *Operation) bool {
	return !slices.ContainsFunc(l.Operations, func(undo *Operation) bool { return undo.Undoes == o && l.active(undo) })
}

// inForce lists the operations that were not undone.
func (l *Log) inForce() (operations []*Operation) {
	for _, o := range l.Operations {
		if l.active(o) {
			operations = append(operations, o)
		}
	}
	return operations
}

// Undoable says that an operation was not undone yet, and that no unmerge has withdrawn it.
func (l *Log) Undoable(o *Operation) bool {
	return l.active(o) && !slices.ContainsFunc(l.inForce(), func(other *Operation) bool { return other.Withdraws == o })
}

// links are what operators have tied.
func (l *Log) links() (pairs []Pair) {
	operations := l.inForce()
	for _, o := range operations {
		if !slices.ContainsFunc(operations, func(other *Operation) bool { return other.Withdraws == o }) {
			pairs = append(pairs, o.Links...)
		}
	}
	return pairs
}

func (l *Log) apart() (pairs []Pair) {
	for _, o := range l.inForce() {
		pairs = append(pairs, o.Apart...)
	}
	return pairs
}

// Living says that a record was not retracted.
func (l *Log) Living(r *Record) bool {
	return !slices.ContainsFunc(l.inForce(), func(o *Operation) bool {
		return slices.Contains(o.Retracts, Message{r.Source, r.MessageID})
	})
}

// members are the identities of a record that count (S2), those that operators unlinked included.
func (l *Log) members(r *Record) []identity.Identity {
	kept, read := l.counting[r]
	if !read {
		if l.counting == nil {
			l.counting = map[*Record][]identity.Identity{}
		}
		kept = l.read(r)
		l.counting[r] = kept
	}
	return slices.Clone(kept)
}

func (l *Log) read(r *Record) (kept []identity.Identity) {
	if !l.Living(r) {
		return nil
	}
	type kind struct {
		name  identity.TypeName
		scope string
	}
	count := map[kind]int{}
	for _, claim := range r.Claims {
		id, reason := l.Types.Normalise(claim)
		if reason != nil || slices.Contains(kept, id) {
			continue
		}
		if l.typeOf(id).RequiresVerified && !claim.Verified {
			continue
		}
		if slices.ContainsFunc(l.inForce(), func(o *Operation) bool { return slices.Contains(o.Blocks, id) }) {
			continue
		}
		kept = append(kept, id)
		count[kind{id.Type, id.Scope}]++
	}
	kept = slices.DeleteFunc(kept, func(id identity.Identity) bool {
		most := l.typeOf(id).MaxPerCustomer
		return most != nil && count[kind{id.Type, id.Scope}] > *most
	})
	slices.SortFunc(kept, l.compare)
	return kept
}

// unlinked says that an operator unlinked an identity of records of that time.
func (l *Log) unlinked(id identity.Identity, at time.Time) bool {
	return slices.ContainsFunc(l.unlinks(id), func(since time.Time) bool { return !at.After(since) })
}

func (l *Log) unlinks(id identity.Identity) (sinces []time.Time) {
	for _, o := range l.inForce() {
		for _, one := range o.Unlinks {
			if one.Identity == id {
				sinces = append(sinces, one.Since)
			}
		}
	}
	return sinces
}

func (l *Log) typeOf(id identity.Identity) identity.Type {
	t, _ := l.Types.Type(id.Type)
	return t
}

func (l *Log) strong(id identity.Identity) bool { return l.typeOf(id).Strength == identity.Strong }

// compare is the order of strength: priority, type, scope, value.
func (l *Log) compare(a, b identity.Identity) int {
	if c := l.typeOf(a).Priority - l.typeOf(b).Priority; c != 0 {
		if c < 0 {
			return -1
		}
		return 1
	}
	return compareText(a, b)
}
