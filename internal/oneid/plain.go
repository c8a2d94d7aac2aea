package oneid

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/onecdp/onecdp/internal/evidence"
	"github.com/onecdp/onecdp/internal/identity"
	"github.com/onecdp/onecdp/internal/store"
)

// A customer is plain when all evidence that names its identities is followed, nothing in it breaks a constraint, and its sets are anchored as the
// rules in force would have it. To decide about a plain customer changes nothing: where its ids have moved on to counts only once it is
// disputed, and is found out then. So who wants to know looks without a lock. A look that comes between two changes may
// find a customer not plain that is: then it is decided about for nothing.

// looked is a customer as it is looked at.
type looked struct {
	row        Row
	part       int64
	numbers    []int64
	identities []identity.Identity
	disputed   bool // an identity is shared, or an operation names it
	sets       []*lookedSet
}

// lookedSet is a set that names an identity of a customer.
type lookedSet struct {
	id      int64
	members []int64
	anchor  int64
	owner   Row
	dated   bool
}

// notPlain finds those of the customers that may be others by the rules. The other ones are as they have to be.
func (s *Service) notPlain(ctx context.Context, rules *Rules, rows []Row) (map[Row]bool, error) {
	customers, err := s.look(ctx, rules, rows)
	if err != nil {
		return nil, fmt.Errorf("look at customers: %w", err)
	}
	found := map[Row]bool{}
	for _, row := range rows {
		if one := customers[row]; one != nil && !s.plain(rules, one) {
			found[row] = true
		}
	}
	return found, nil
}

// plain says whether a customer is.
func (s *Service) plain(rules *Rules, c *looked) bool {
	if c.part != 0 || c.disputed || len(c.identities) > s.settings.MaxIdentities || overLimit(rules, c.identities) {
		return false
	}
	place := make(map[int64]int, len(c.numbers))
	for i, number := range c.numbers {
		place[number] = i
	}
	whole, strong := newForest(len(c.numbers)), newForest(len(c.numbers))
	for _, set := range c.sets {
		if len(set.members) == 0 || set.owner != c.row || set.dated {
			return false
		}
		members := make([]int, len(set.members))
		for i, number := range set.members {
			at, inside := place[number]
			if !inside {
				return false
			}
			members[i] = at
		}
		center := evidence.Center(rules.Registry, c.identities, nil, members)
		if c.numbers[center] != set.anchor {
			return false
		}
		for _, member := range members {
			whole.tie(center, member)
			if rules.strong(c.identities[center].Type) && rules.strong(c.identities[member].Type) {
				strong.tie(center, member)
			}
		}
	}
	tieDerived(rules, c.identities, whole, strong)
	return whole.one(func(int) bool { return true }) && strong.one(func(i int) bool { return rules.strong(c.identities[i].Type) })
}

// overLimit says whether identities are more of some type and scope than a customer may have, whenever they were seen.
func overLimit(rules *Rules, identities []identity.Identity) bool {
	counts := map[Kind]int{}
	for _, id := range identities {
		kind := Kind{id.Type, id.Scope}
		counts[kind]++
		typ, declared := rules.Registry.Type(id.Type)
		if !declared || typ.MaxPerCustomer != nil && counts[kind] > *typ.MaxPerCustomer {
			return true
		}
	}
	return false
}

// tieDerived ties the emails to their hashes.
func tieDerived(rules *Rules, identities []identity.Identity, trees ...forest) {
	for i, id := range identities {
		if hash, ok := rules.Registry.Derived(id); ok {
			if at := slices.Index(identities, hash); at >= 0 {
				for _, one := range trees {
					one.tie(i, at)
				}
			}
		}
	}
}

// look reads customers, and the sets of those that are not known to be disputed.
func (s *Service) look(ctx context.Context, rules *Rules, rows []Row) (map[Row]*looked, error) {
	customers := map[Row]*looked{}
	var args store.Args
	given := store.Relation(s.db.Dialect(), "given", &args, store.Int64s("id", numbersOf(rows)))
	found, err := s.db.Query(ctx, "SELECT c.id, coalesce(c.part_id, 0), i.id, i.type_id, i.scope, i.value, i.shared, i.ruled FROM "+given+
		" JOIN customers c ON c.id = given.id JOIN identities i ON i.customer_id = c.id", args...)
	_, err = store.Collect(found, err, func(row store.Row, _ *struct{}) error {
		var (
			customer      Row
			part, number  int64
			typ           int32
			id            identity.Identity
			shared, ruled bool
		)
		if err := row.Scan(&customer, &part, &number, &typ, &id.Scope, &id.Value, &shared, &ruled); err != nil {
			return err
		}
		one := customers[customer]
		if one == nil {
			one = &looked{row: customer, part: part}
			customers[customer] = one
		}
		id.Type = rules.TypeName(typ)
		one.numbers, one.identities = append(one.numbers, number), append(one.identities, id)
		one.disputed = one.disputed || shared || ruled
		return nil
	})
	if err != nil {
		return nil, err
	}
	holder := map[int64]*looked{}
	for _, row := range slices.Sorted(maps.Keys(customers)) {
		if one := customers[row]; one.part == 0 && !one.disputed {
			for _, number := range one.numbers {
				holder[number] = one
			}
		}
	}
	if len(holder) == 0 {
		return customers, nil
	}
	return customers, s.lookAtSets(ctx, holder)
}

// lookAtSets adds the sets that name identities to their holders.
func (s *Service) lookAtSets(ctx context.Context, holder map[int64]*looked) error {
	var args store.Args
	given := store.Relation(s.db.Dialect(), "given", &args, store.Int64s("id", slices.Sorted(maps.Keys(holder))))
	found, err := s.db.Query(ctx, "SELECT m.set_id, m.identity_id FROM identity_set_members m WHERE m.set_id IN"+
		" (SELECT n.set_id FROM "+given+" JOIN identity_set_members n ON n.identity_id = given.id)", args...)
	sets := map[int64]*lookedSet{}
	_, err = store.Collect(found, err, func(row store.Row, _ *struct{}) error {
		var set, member int64
		err := row.Scan(&set, &member)
		if sets[set] == nil {
			sets[set] = &lookedSet{id: set}
		}
		sets[set].members = append(sets[set].members, member)
		return err
	})
	if err != nil {
		return err
	}
	args = nil
	given = store.Relation(s.db.Dialect(), "given", &args, store.Int64s("id", slices.Sorted(maps.Keys(sets))))
	found, err = s.db.Query(ctx, "SELECT s.id, coalesce(s.anchor_id, 0), coalesce(o.customer_id, 0), coalesce(o.dated, false) FROM "+given+
		" JOIN identity_sets s ON s.id = given.id LEFT JOIN set_owners o ON o.set_id = s.id", args...)
	_, err = store.Collect(found, err, func(row store.Row, _ *struct{}) error {
		var read lookedSet
		if err := row.Scan(&read.id, &read.anchor, &read.owner, &read.dated); err != nil {
			return err
		}
		set := sets[read.id]
		set.anchor, set.owner, set.dated = read.anchor, read.owner, read.dated
		return nil
	})
	for _, id := range slices.Sorted(maps.Keys(sets)) {
		set := sets[id]
		told := map[*looked]bool{}
		for _, member := range set.members {
			if one := holder[member]; one != nil && !told[one] {
				told[one] = true
				one.sets = append(one.sets, set)
			}
		}
	}
	return err
}
