package oneid

import (
	"cmp"
	"slices"

	"github.com/onecdp/onecdp/internal/identity"
)

// firstShown is the first record that shows the customer whom a group makes. Its number for an id is the customer's, and the strongest of
// what it shows is the identity that the id is born with.
func (w *work) firstShown(group int) (*Set, identity.Identity) {
	i := slices.IndexFunc(w.plan.Homes, func(home Home) bool { return home.Group == group })
	ids := w.stars[i].Identities
	return w.shown[i], ids[slices.IndexFunc(ids, func(id identity.Identity) bool { return !w.before.Shared[id] })]
}

// born gives a customer of the verdict an id. A stranger has the one of the first record that shows him, born with the strongest identity
// of that record; a part that split off has one born with its strongest.
func (d *redoing) born(customer int, stranger bool) handleRow {
	members := d.solution.Customers[customer]
	strongest := d.ids[d.existing[members[0]]]
	one := handleRow{birth: strongest, seat: strongest, created: d.tx.Now}
	if stranger && !slices.ContainsFunc(members, func(e int) bool { return d.own[d.existing[e]] != 0 }) {
		if set, center := d.firstShown(customer); set != nil {
			one.id = set.handle
			one.birth, one.seat = d.ids[d.existing[center]], d.ids[d.existing[center]]
		}
	}
	if one.id == 0 {
		one.id = Handle(d.a.Next())
	}
	return one
}

// firstShown is the first set of the batch that shows a customer, if it shows him as himself: its strongest identity that is not shared is his.
func (d *redoing) firstShown(customer int) (*Set, int) {
	var shown []*partSet
	for _, set := range d.living {
		if set.batch != nil {
			shown = append(shown, set)
		}
	}
	slices.SortFunc(shown, func(a, b *partSet) int { return cmp.Compare(a.batch.Record, b.batch.Record) })
	for _, set := range shown {
		if !slices.ContainsFunc(set.members, func(member int) bool { return d.solution.Customer[d.place[member]] == customer }) {
			continue
		}
		if center := d.center(set); d.solution.Customer[center] == customer {
			return set.batch, center
		}
		break
	}
	return nil, -1
}
