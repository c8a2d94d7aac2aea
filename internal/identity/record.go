package identity

import "slices"

// Reason says why a claim is no identity. It never carries the value.
type Reason uint8

// The reasons. Unverified and Ambiguous are found in records only.
const (
	Undeclared Reason = iota + 1 // no type of that name
	NoScope                      // the type needs a scope and the claim has none
	Invalid                      // the value cannot be one of its type
	Blocked                      // the value stands for nobody
	Unverified                   // the type takes verified claims only
	Ambiguous                    // the record has more values of the type and scope than one customer may
)

// String is the reason as answers show it.
func (r Reason) String() string {
	switch r {
	case Undeclared:
		return "undeclared"
	case NoScope:
		return "no scope"
	case Invalid:
		return "invalid"
	case Blocked:
		return "blocked"
	case Unverified:
		return "unverified"
	case Ambiguous:
		return "ambiguous"
	}
	return "unknown"
}

func because(r Reason) *Reason { return &r }

// Dropped names a claim of a record that does not count, by its place and not by its value.
type Dropped struct {
	Index  int    // place in the record's claims, from 0
	Type   string // as sent
	Reason Reason
}

// Read takes the identities out of one record's claims. kept has no duplicates and is sorted
// strongest first; dropped is in the order of the claims. Which claims count depends on the
// settings, so a record is read again from what was sent whenever they change.
func (r *Registry) Read(claims []Claim) (kept []Identity, dropped []Dropped) {
	return r.ReadWithout(claims, nil)
}

// ReadWithout is Read where an operator has blocked further identities: blocked says which (nil:
// none). They are dropped before values are counted, so that a record stops being ambiguous when
// all but one of its values are blocked.
func (r *Registry) ReadWithout(claims []Claim, blocked func(Identity) bool) (kept []Identity, dropped []Dropped) {
	if len(claims) == 0 {
		return nil, nil
	}
	type reading struct {
		Identity
		index int
	}
	// Most records are small enough for the stack.
	var space [8]reading
	readings := space[:0]
	for i, claim := range claims {
		id, reason := r.Normalise(claim)
		switch {
		case reason != nil:
		case !claim.Verified && r.types[id.Type].RequiresVerified:
			reason = because(Unverified)
		case blocked != nil && blocked(id):
			reason = because(Blocked)
		}
		if reason != nil {
			dropped = append(dropped, Dropped{Index: i, Type: claim.Type, Reason: *reason})
			continue
		}
		readings = append(readings, reading{id, i})
	}
	slices.SortFunc(readings, func(a, b reading) int { return r.Compare(a.Identity, b.Identity) })
	// Values of one type and scope are neighbours now.
	for start := 0; start < len(readings); {
		first := readings[start].Identity
		end, distinct := start, 0
		for end < len(readings) && readings[end].Type == first.Type && readings[end].Scope == first.Scope {
			if end == start || readings[end].Value != readings[end-1].Value {
				distinct++
			}
			end++
		}
		limit := r.types[first.Type].MaxPerCustomer
		ambiguous := limit != nil && distinct > *limit
		for i := start; i < end; i++ {
			switch {
			case ambiguous:
				dropped = append(dropped, Dropped{readings[i].index, string(first.Type), Ambiguous})
			case i == start || readings[i].Value != readings[i-1].Value:
				if kept == nil {
					kept = make([]Identity, 0, len(readings)-i)
				}
				kept = append(kept, readings[i].Identity)
			}
		}
		start = end
	}
	slices.SortFunc(dropped, func(a, b Dropped) int { return a.Index - b.Index })
	return kept, dropped
}
