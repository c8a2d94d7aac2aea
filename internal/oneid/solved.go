package oneid

import (
	"time"

	"github.com/onecdp/onecdp/internal/evidence"
)

// solved is a part with its verdict. Places of identities in it leave out those that no record names.
type solved struct {
	*part

	existing []int // places in the part, by places in evidence
	place    []int // the other way round; -1: no record names it
	evidence evidence.Part
	solution evidence.Solution
	arrivals []evidence.Arrival
	living   []*partSet
}

// solve decides a part.
func (p *part) solve(most int) *solved {
	v := &solved{part: p, place: make([]int, len(p.ids))}
	named := make([]bool, len(p.ids))
	for _, set := range p.sets {
		if set.living() {
			v.living = append(v.living, set)
			for _, member := range set.members {
				named[member] = true
			}
		}
	}
	for i := range p.ids {
		v.place[i] = -1
		if named[i] || !p.whole[i] {
			v.place[i] = len(v.existing)
			v.existing = append(v.existing, i)
			v.evidence.Identities = append(v.evidence.Identities, p.what[i])
			v.evidence.Shared = append(v.evidence.Shared, p.shared[i])
		}
	}
	v.evidence.LastSeen = make([]time.Time, len(v.existing))
	unlinked := v.decide()
	for _, set := range v.living {
		v.sight(set, unlinked)
	}
	v.solution = evidence.Solve(p.rules.Registry, most, v.evidence)
	return v
}

// decide puts the operations' decisions into the evidence, and returns up to when identities are unlinked.
func (v *solved) decide() map[int]time.Time {
	type group struct {
		operation int64
		number    int
	}
	unlinked := map[int]time.Time{}
	sides, kinds := map[group]*[2][]int{}, map[group]string{}
	var groups []group
	for _, one := range v.decisions {
		i, loaded := v.at[one.identity]
		if !loaded || v.place[i] < 0 {
			continue
		}
		if one.kind == "unlink" {
			if one.since.After(unlinked[i]) {
				unlinked[i] = one.since
			}
			continue
		}
		key := group{one.operation, one.group}
		if sides[key] == nil {
			sides[key], kinds[key] = &[2][]int{}, one.kind
			groups = append(groups, key)
		}
		sides[key][one.side] = append(sides[key][one.side], v.place[i])
	}
	for _, key := range groups {
		a, b := sides[key][0], sides[key][1]
		if len(a) == 0 || len(b) == 0 {
			continue
		}
		if kinds[key] == "link" {
			v.evidence.Forced = append(v.evidence.Forced, evidence.Forced{Operation: key.operation, A: a, B: b})
		} else {
			v.evidence.Apart = append(v.evidence.Apart, evidence.Apart{Operation: key.operation, A: a, B: b})
		}
	}
	return unlinked
}

// sight adds a set's records to the evidence.
func (v *solved) sight(set *partSet, unlinked map[int]time.Time) {
	all := make([]int, len(set.members))
	for i, member := range set.members {
		all[i] = v.place[member]
	}
	v.arrivals = append(v.arrivals, evidence.Arrival{Set: set.id, Members: all, At: set.arrived})
	for _, one := range set.stretches {
		if one.first == nil {
			continue
		}
		var members []int
		for i, member := range set.members {
			if one.last.After(v.evidence.LastSeen[all[i]]) {
				v.evidence.LastSeen[all[i]] = *one.last
			}
			if since, cut := unlinked[member]; !cut || !one.hi.Equal(since) && one.hi.After(since) {
				members = append(members, all[i])
			}
		}
		if len(members) > 0 {
			v.evidence.Sightings = append(v.evidence.Sightings, evidence.Sighting{Set: set.id, Members: members, First: *one.first, Last: *one.last, Count: 1})
		}
	}
}
