package oneid

import (
	"context"
	"maps"
	"slices"

	"github.com/onecdp/onecdp/internal/identity"
	"github.com/onecdp/onecdp/internal/store"
)

// loadIdentities adds customers with all of their identities, and further identities; it returns the places of those that are new.
func (p *part) loadIdentities(ctx context.Context, tx store.Querier, rows map[Row]bool, ids, reconsider map[int64]bool) ([]int, error) {
	all, err := mates(ctx, tx, rows)
	if err != nil {
		return nil, err
	}
	for _, row := range all {
		p.rows[row] = true
	}
	var args store.Args
	owners := store.Relation(tx.Dialect(), "owners", &args, store.Int64s("id", numbersOf(all)))
	given := store.Relation(tx.Dialect(), "given", &args, store.Int64s("id", slices.Sorted(maps.Keys(ids))))
	const columns = "SELECT i.id, i.type_id, i.scope, i.value, coalesce(i.customer_id, 0), i.shared, i.ruled, i.handed_at FROM "
	found, err := tx.Query(ctx, columns+owners+" JOIN identities i ON i.customer_id = owners.id UNION "+columns+given+" JOIN identities i ON i.id = given.id ORDER BY 1", args...)
	var added []int
	_, err = store.Collect(found, err, func(row store.Row, _ *struct{}) error {
		var (
			number        int64
			typ           int32
			what          identity.Identity
			owner         Row
			shared, ruled bool
			handed        *store.Instant
		)
		if err := row.Scan(&number, &typ, &what.Scope, &what.Value, &owner, &shared, &ruled, &handed); err != nil {
			return err
		}
		if _, known := p.at[number]; known {
			return nil
		}
		what.Type = p.rules.TypeName(typ)
		p.stored = append(p.stored, shared)
		at := Beginning
		if handed != nil {
			at = handed.Time
		}
		p.handed = append(p.handed, at)
		if reconsider[number] {
			shared = false
		}
		added = append(added, len(p.ids))
		p.at[number] = len(p.ids)
		p.ids, p.what, p.own = append(p.ids, number), append(p.what, what), append(p.own, owner)
		p.shared, p.ruled, p.whole = append(p.shared, shared), append(p.ruled, ruled), append(p.whole, !shared)
		return nil
	})
	return added, err
}

// loadSets adds the sets of identities whose evidence counts, and notes whom else they name.
func (p *part) loadSets(ctx context.Context, tx store.Querier, added []int, sets map[int64]*partSet, ids map[int64]bool) error {
	var numbers []int64
	for _, i := range added {
		if p.whole[i] {
			numbers = append(numbers, p.ids[i])
		}
	}
	if len(numbers) == 0 {
		return nil
	}
	var args store.Args
	given := store.Relation(tx.Dialect(), "given", &args, store.Int64s("id", numbers))
	found, err := tx.Query(ctx, "SELECT m.set_id, m.identity_id FROM identity_set_members m WHERE m.set_id IN"+
		" (SELECT n.set_id FROM "+given+" JOIN identity_set_members n ON n.identity_id = given.id) ORDER BY m.set_id, m.identity_id", args...)
	type membership struct{ set, member int64 }
	all, err := store.Collect(found, err, func(row store.Row, into *membership) error { return row.Scan(&into.set, &into.member) })
	if err != nil {
		return err
	}
	fresh := map[int64][]int64{}
	for _, one := range all {
		if sets[one.set] == nil {
			fresh[one.set] = append(fresh[one.set], one.member)
			if _, known := p.at[one.member]; !known {
				ids[one.member] = true
			}
		}
	}
	return p.loadSetRows(ctx, tx, fresh, sets)
}

// loadNamed adds sets whoever is in them: none at all, or only shared identities whose other evidence is not loaded.
func (p *part) loadNamed(ctx context.Context, tx store.Querier, seeds Seeds, sets map[int64]*partSet, ids map[int64]bool) error {
	numbers := slices.Clone(seeds.Sets)
	if len(numbers) == 0 {
		return nil
	}
	slices.Sort(numbers)
	var args store.Args
	given := store.Relation(tx.Dialect(), "given", &args, store.Int64s("id", slices.Compact(numbers)))
	found, err := tx.Query(ctx, "SELECT given.id, coalesce(m.identity_id, 0) FROM "+given+" LEFT JOIN identity_set_members m ON m.set_id = given.id ORDER BY 1, 2", args...)
	fresh := map[int64][]int64{}
	if _, err := store.Collect(found, err, func(row store.Row, _ *struct{}) error {
		var set, member int64
		err := row.Scan(&set, &member)
		if fresh[set] = append(fresh[set], member); member == 0 {
			fresh[set] = []int64{}
		} else {
			ids[member] = true
		}
		return err
	}); err != nil {
		return err
	}
	return p.loadSetRows(ctx, tx, fresh, sets)
}

func (p *part) loadSetRows(ctx context.Context, tx store.Querier, fresh map[int64][]int64, sets map[int64]*partSet) error {
	if len(fresh) == 0 {
		return nil
	}
	var args store.Args
	given := store.Relation(tx.Dialect(), "given", &args, store.Int64s("id", slices.Sorted(maps.Keys(fresh))))
	found, err := tx.Query(ctx, "SELECT s.id, coalesce(s.anchor_id, 0), s.arrived_at, o.since, o.until, coalesce(o.customer_id, 0) FROM "+given+
		" JOIN identity_sets s ON s.id = given.id LEFT JOIN set_owners o ON o.set_id = s.id ORDER BY s.id, o.since", args...)
	_, err = store.Collect(found, err, func(row store.Row, _ *struct{}) error {
		var (
			id, anchor            int64
			arrived, since, until *store.Instant
			owner                 Row
		)
		if err := row.Scan(&id, &anchor, &arrived, &since, &until, &owner); err != nil {
			return err
		}
		set := sets[id]
		if set == nil {
			set = &partSet{id: id, anchor: anchor}
			if arrived != nil {
				set.arrived = arrived.Time
			}
			sets[id] = set
		}
		if since != nil {
			set.spans = append(set.spans, Span{Since: since.Time, Until: until.Time, Row: owner})
		}
		return nil
	})
	// Members are places; those not loaded yet are so in the next round.
	for id, members := range fresh {
		if set := sets[id]; set != nil {
			for _, member := range members {
				set.members = append(set.members, int(member))
			}
		}
	}
	return err
}

// loadDecisions adds what operations in force say of identities, and notes whom they name besides.
func (p *part) loadDecisions(ctx context.Context, tx store.Querier, added []int, ids map[int64]bool) error {
	var numbers []int64
	for _, i := range added {
		if p.ruled[i] {
			numbers = append(numbers, p.ids[i])
		}
	}
	if len(numbers) == 0 {
		return nil
	}
	var args store.Args
	given := store.Relation(tx.Dialect(), "given", &args, store.Int64s("id", numbers))
	found, err := tx.Query(ctx, "SELECT d.operation_id, d.part, d.side, d.identity_id, d.kind, d.since FROM decisions d JOIN operations o ON o.id = d.operation_id AND o.active"+
		" WHERE d.kind <> 'block' AND d.operation_id IN (SELECT n.operation_id FROM "+given+" JOIN decisions n ON n.identity_id = given.id)"+
		" ORDER BY d.operation_id, d.part, d.side, d.identity_id", args...)
	all, err := store.Collect(found, err, func(row store.Row, into *decision) error {
		var since *store.Instant
		err := row.Scan(&into.operation, &into.group, &into.side, &into.identity, &into.kind, &since)
		if since != nil {
			into.since = since.Time
		}
		return err
	})
	if err != nil {
		return err
	}
	known := map[decision]bool{}
	for _, one := range p.decisions {
		known[one] = true
	}
	for _, one := range all {
		if known[one] {
			continue
		}
		p.decisions = append(p.decisions, one)
		if _, loaded := p.at[one.identity]; !loaded && one.kind == "link" {
			ids[one.identity] = true
		}
	}
	return nil
}

// loadDerived notes the hashes of emails and the emails of hashes.
func (p *part) loadDerived(ctx context.Context, tx store.Querier, added []int, ids map[int64]bool) error {
	var hashes, emails [][]byte
	for _, i := range added {
		if hash, ok := p.rules.Registry.Derived(p.what[i]); ok {
			key := hash.Key()
			hashes = append(hashes, key[:])
		}
		if p.what[i].Type == identity.EmailSHA256 {
			key := p.what[i].Key()
			emails = append(emails, key[:])
		}
	}
	if len(hashes)+len(emails) == 0 {
		return nil
	}
	var args store.Args
	byKey := store.Relation(tx.Dialect(), "h", &args, store.Bytes("key", hashes))
	byHash := store.Relation(tx.Dialect(), "e", &args, store.Bytes("key", emails))
	found, err := tx.Query(ctx, "SELECT i.id FROM "+byKey+" JOIN identities i ON i.key = h.key UNION SELECT i.id FROM "+byHash+
		" JOIN identities i ON i.derived_key = e.key WHERE i.derived_key IS NOT NULL", args...)
	all, err := store.Collect(found, err, func(row store.Row, into *int64) error { return row.Scan(into) })
	for _, id := range all {
		if _, known := p.at[id]; !known {
			ids[id] = true
		}
	}
	return err
}
