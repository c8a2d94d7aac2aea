package oneid

import (
	"slices"
	"time"

	"github.com/onecdp/onecdp/internal/evidence"
	"github.com/onecdp/onecdp/internal/identity"
)

// birthOf is the identity that a new customer's id is born with: the strongest of the first record that shows the customer, moved on to
// steadier ones as the records after it in the same transaction say. stars are their identities in the order in which they came, and
// in says which identities the new customer holds. -1: no record of the transaction shows it.
func birthOf(types *identity.Registry, part evidence.Part, stars [][]int, in func(identity int) bool) int {
	birth := -1
	var arrivals []evidence.Arrival
	for i, star := range stars {
		center := evidence.Center(types, part.Identities, part.Shared, slices.DeleteFunc(slices.Clone(star), func(member int) bool { return !in(member) }))
		if center < 0 {
			continue
		}
		if birth < 0 {
			birth = center
		}
		if evidence.Center(types, part.Identities, part.Shared, star) == center {
			arrivals = append(arrivals, evidence.Arrival{Set: int64(i), Members: star, At: time.Unix(int64(i), 0)})
		}
	}
	if birth < 0 {
		return -1
	}
	return evidence.Seat(types, part, arrivals, birth, time.Time{})
}

// birthOfGroup is birthOf for a group of the plan.
func (w *work) birthOfGroup(group int) identity.Identity {
	var part evidence.Part
	places := map[identity.Identity]int{}
	var stars [][]int
	for i, home := range w.plan.Homes {
		if home.Group != group {
			continue
		}
		var star []int
		for _, id := range w.stars[i].Identities {
			if _, placed := places[id]; !placed {
				places[id] = len(part.Identities)
				part.Identities, part.Shared = append(part.Identities, id), append(part.Shared, w.before.Shared[id])
			}
			star = append(star, places[id])
		}
		stars = append(stars, star)
	}
	birth := birthOf(w.a.Registry, part, stars, func(member int) bool { return !part.Shared[member] })
	if birth < 0 {
		return w.plan.Groups[group].Joins[0]
	}
	return part.Identities[birth]
}

// birthOfPart is the identity that a customer of the verdict is born with who has no id: of a stranger as birthOf says, of a part that
// split off the strongest.
func (d *redoing) birthOfPart(customer int) int64 {
	members := d.solution.Customers[customer]
	strongest := d.ids[d.existing[members[0]]]
	if slices.ContainsFunc(members, func(e int) bool { return d.own[d.existing[e]] != 0 }) {
		return strongest
	}
	var shown []*partSet
	for _, set := range d.living {
		if set.batch != nil {
			shown = append(shown, set)
		}
	}
	slices.SortFunc(shown, func(a, b *partSet) int { return int(a.batch.Record - b.batch.Record) })
	stars := make([][]int, len(shown))
	for i, set := range shown {
		for _, member := range set.members {
			stars[i] = append(stars[i], d.place[member])
		}
	}
	part := d.evidence
	part.Shared = d.solution.Shared
	birth := birthOf(d.a.Registry, part, stars, func(member int) bool { return d.solution.Customer[member] == customer })
	if birth < 0 {
		return strongest
	}
	return d.ids[d.existing[birth]]
}
