package evidence

import (
	"slices"
	"time"

	"github.com/onecdp/onecdp/internal/identity"
)

// Tie is a record whose star ties a weak identity to a strong one. Rejected links count, and unlinked ones too.
type Tie struct {
	At    time.Time
	Owner int // the strong identity's place
}

// Run is a stretch of time in which the events of a weak identity are one owner's. It ends where the next one begins.
type Run struct {
	Since time.Time // inclusive
	Owner int       // the strong identity's place; -1: never owned, the events are the holder's
}

// Instant is how finely times are kept: what is later than another time is at least this much later.
const Instant = time.Microsecond

// Owners tells whose the events of a weak identity are over time (S10). ties may come in any order; those to an identity
// that is not strong do not count. unlinked are the sinces of the unlinkIdentity operations of the weak identity that are in force. The first
// run begins at the zero time, and neighbours have different owners.
func Owners(types *identity.Registry, identities []identity.Identity, ties []Tie, unlinked []time.Time) []Run {
	ties = slices.DeleteFunc(slices.Clone(ties), func(t Tie) bool {
		declared, _ := types.Type(identities[t.Owner].Type)
		return declared.Strength != identity.Strong
	})
	slices.SortFunc(ties, func(a, b Tie) int {
		if c := a.At.Compare(b.At); c != 0 {
			return c
		}
		return identities[a.Owner].CompareText(identities[b.Owner])
	})
	// Of one time the greatest counts: the last of its neighbours.
	last := 0
	for i, t := range ties {
		if i > 0 && !t.At.Equal(ties[last].At) {
			last++
		}
		ties[last] = t
	}
	if len(ties) > 0 {
		ties = ties[:last+1]
	}

	unlinked = slices.SortedFunc(slices.Values(unlinked), time.Time.Compare)
	changes := make([]time.Time, 0, 1+len(ties)+len(unlinked))
	changes = append(changes, time.Time{})
	for _, t := range ties {
		changes = append(changes, t.At)
	}
	for _, since := range unlinked {
		changes = append(changes, since.Add(Instant))
	}
	slices.SortFunc(changes, time.Time.Compare)

	runs := make([]Run, 0, len(changes))
	for _, at := range changes {
		owner := ownerAt(ties, unlinked, at)
		if len(runs) == 0 || runs[len(runs)-1].Owner != owner {
			runs = append(runs, Run{Since: at, Owner: owner})
		}
	}
	return runs
}

// ownerAt is the owner of an event: of the ties after the last unlink before it, the last that is not after it, or else
// the first of all. ties are one for each time, ascending; unlinked are ascending.
func ownerAt(ties []Tie, unlinked []time.Time, at time.Time) int {
	before, _ := slices.BinarySearchFunc(unlinked, at, time.Time.Compare)
	first := 0
	if before > 0 {
		first = tiesUntil(ties, unlinked[before-1])
	}
	if first == len(ties) {
		return -1
	}
	return ties[max(first, tiesUntil(ties, at)-1)].Owner
}

// tiesUntil counts the ties that are not after a time.
func tiesUntil(ties []Tie, at time.Time) int {
	n, _ := slices.BinarySearchFunc(ties, at, func(t Tie, at time.Time) int {
		if t.At.After(at) {
			return 1
		}
		return -1
	})
	return n
}

// Center is the identity whose customer the events of a record with these members belong to (S10): the strongest member
// that is not shared; where all are, the strongest; -1 when there is none. members are places, and shared is by place, nil: none is.
func Center(types *identity.Registry, identities []identity.Identity, shared []bool, members []int) int {
	strongest, center := -1, -1
	for _, m := range members {
		if strongest < 0 || types.Compare(identities[m], identities[strongest]) < 0 {
			strongest = m
		}
		if shared != nil && shared[m] {
			continue
		}
		if center < 0 || types.Compare(identities[m], identities[center]) < 0 {
			center = m
		}
	}
	if center < 0 {
		return strongest
	}
	return center
}
