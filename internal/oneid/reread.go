package oneid

import (
	"bytes"
	"context"
	"maps"
	"slices"

	"github.com/onecdp/onecdp/internal/identity"
	"github.com/onecdp/onecdp/internal/store"
)

// reread reads stored sets by other rules than those they were read by, and makes their members what counts now. It returns the
// numbers of the identities that were or are members; whose the sets are is decided after it.
func (s *Service) reread(ctx context.Context, tx *store.Tx, a *Attempt, sets []int64) (concerned []int64, err error) {
	if len(sets) == 0 {
		return nil, nil
	}
	stored, err := loadClaims(ctx, tx, sets)
	if err != nil {
		return nil, err
	}
	read := map[int64]Evidence{}
	var all []identity.Identity
	for _, one := range stored {
		claims, err := claimsOf(one.claims)
		if err != nil {
			return nil, err
		}
		read[one.id] = a.Evidence(one.claims, claims)
		all = append(all, read[one.id].Identities...)
	}
	numbers, err := s.ensure(ctx, tx, a, all)
	if err != nil {
		return nil, err
	}
	members, err := membersOf(ctx, tx, sets)
	if err != nil {
		return nil, err
	}
	touched := map[int64]bool{}
	var moved []int64
	var into, member, mentions []int64
	var keys [][]byte
	for _, id := range sets {
		var now []int64
		for _, one := range read[id].Identities {
			now = append(now, numbers[one])
		}
		slices.Sort(now)
		for _, number := range append(slices.Clone(now), members[id]...) {
			touched[number] = true
		}
		for _, key := range read[id].Mentions {
			mentions, keys = append(mentions, id), append(keys, key[:])
		}
		if slices.Equal(now, members[id]) {
			continue
		}
		moved = append(moved, id)
		for _, number := range now {
			into, member = append(into, id), append(member, number)
		}
	}
	if err := replaceMembers(ctx, tx, moved, into, member); err != nil {
		return nil, err
	}
	return slices.Sorted(maps.Keys(touched)), replaceMentions(ctx, tx, sets, mentions, keys)
}

func loadClaims(ctx context.Context, tx *store.Tx, sets []int64) ([]storedSet, error) {
	var args store.Args
	given := store.Relation(tx.Dialect(), "given", &args, store.Int64s("id", sets))
	rows, err := tx.Query(ctx, "SELECT s.id, s.claims FROM "+given+" JOIN identity_sets s ON s.id = given.id ORDER BY s.id", args...)
	return store.Collect(rows, err, func(row store.Row, into *storedSet) error { return row.Scan(&into.id, &into.claims) })
}

// membersOf lists the members of sets, in ascending order.
func membersOf(ctx context.Context, tx *store.Tx, sets []int64) (map[int64][]int64, error) {
	var args store.Args
	given := store.Relation(tx.Dialect(), "given", &args, store.Int64s("id", sets))
	rows, err := tx.Query(ctx, "SELECT m.set_id, m.identity_id FROM "+given+" JOIN identity_set_members m ON m.set_id = given.id ORDER BY m.set_id, m.identity_id", args...)
	members := map[int64][]int64{}
	_, err = store.Collect(rows, err, func(row store.Row, _ *struct{}) error {
		var set, member int64
		err := row.Scan(&set, &member)
		members[set] = append(members[set], member)
		return err
	})
	return members, err
}

func replaceMembers(ctx context.Context, tx *store.Tx, moved, into, member []int64) error {
	if len(moved) == 0 {
		return nil
	}
	var args store.Args
	given := store.Relation(tx.Dialect(), "given", &args, store.Int64s("id", moved))
	if _, err := tx.Exec(ctx, "DELETE FROM identity_set_members WHERE set_id IN (SELECT id FROM "+given+")", args...); err != nil {
		return err
	}
	_, err := tx.InsertRows(ctx, "identity_set_members", "", store.Int64s("set_id", into), store.Int64s("identity_id", member))
	return err
}

func replaceMentions(ctx context.Context, tx *store.Tx, sets, mentions []int64, keys [][]byte) error {
	var args store.Args
	given := store.Relation(tx.Dialect(), "given", &args, store.Int64s("id", sets))
	if _, err := tx.Exec(ctx, "DELETE FROM set_mentions WHERE set_id IN (SELECT id FROM "+given+")", args...); err != nil {
		return err
	}
	_, err := tx.InsertRows(ctx, "set_mentions", "ON CONFLICT DO NOTHING", store.Int64s("set_id", mentions), store.Bytes("key", keys))
	return err
}

// ensure finds the numbers of identities, and adds those that nobody has shown, without a customer and without a source.
func (s *Service) ensure(ctx context.Context, tx *store.Tx, a *Attempt, ids []identity.Identity) (map[identity.Identity]int64, error) {
	numbers := map[identity.Identity]int64{}
	unique := slices.SortedFunc(maps.Keys(set(ids)), func(x, y identity.Identity) int {
		a, b := x.Key(), y.Key()
		return bytes.Compare(a[:], b[:])
	})
	find := func() error {
		keys, places := make([][]byte, len(unique)), make([]int64, len(unique))
		for i, id := range unique {
			key := id.Key()
			keys[i], places[i] = key[:], int64(i)
		}
		var args store.Args
		given := store.Relation(tx.Dialect(), "given", &args, store.Int64s("n", places), store.Bytes("key", keys))
		rows, err := tx.Query(ctx, "SELECT given.n, i.id FROM "+given+" JOIN identities i ON i.key = given.key", args...)
		_, err = store.Collect(rows, err, func(row store.Row, _ *struct{}) error {
			var n, number int64
			err := row.Scan(&n, &number)
			numbers[unique[n]] = number
			return err
		})
		return err
	}
	if err := find(); err != nil || len(numbers) == len(unique) {
		return numbers, err
	}
	if err := a.Enough(len(unique)); err != nil {
		return nil, err
	}
	var ownNumbers, types []int64
	var scopes, values []string
	var keys, derivedKeys [][]byte
	for _, id := range unique {
		if _, known := numbers[id]; known {
			continue
		}
		key := id.Key()
		ownNumbers, types = append(ownNumbers, a.Next()), append(types, int64(a.numbers[id.Type]))
		scopes, values, keys = append(scopes, id.Scope), append(values, id.Value), append(keys, key[:])
		var derivedKey []byte
		if hash, ok := a.Registry.Derived(id); ok {
			key := hash.Key()
			derivedKey = key[:]
		}
		derivedKeys = append(derivedKeys, derivedKey)
	}
	if _, err := tx.InsertRows(ctx, "identities", "ON CONFLICT DO NOTHING", store.Int64s("id", ownNumbers), store.Int64s("type_id", types),
		store.Texts("scope", scopes), store.Texts("value", values), store.Bytes("key", keys), store.Bytes("derived_key", derivedKeys),
		store.Int64s("source_id", make([]int64, len(keys))), store.Bools("shared", make([]bool, len(keys)))); err != nil {
		return nil, err
	}
	return numbers, find()
}

// Redo reads stored sets again by the rules in force and decides again the parts that they belong to. anew are members that are shared, by however
// many, and may not be any more. It returns the ids of the customers that changed.
func (s *Service) Redo(ctx context.Context, sets, anew []int64, by Origin) ([]Handle, error) {
	rules := s.Rules()
	var changed []Handle
	err := s.Transact(ctx, rules, 64+16*len(sets), func(ctx context.Context, tx *store.Tx, a *Attempt) error {
		changed = nil
		concerned, err := s.reread(ctx, tx, a, sets)
		if err != nil {
			return err
		}
		r, err := s.again(ctx, tx, a, Seeds{Identities: concerned, Sets: sets, Anew: anew}, by, nil)
		if err != nil {
			return err
		}
		changed = r.touched()
		return s.finish(ctx, tx, a, r)
	})
	return changed, err
}

// again decides parts anew: it locks whom they are about, lets change alter what they rest on, and writes the verdict.
func (s *Service) again(ctx context.Context, tx *store.Tx, a *Attempt, seeds Seeds, by Origin, change func() error) (*Resolution, error) {
	r := &Resolution{Customers: map[Row]*Customer{}}
	rows, shared, err := s.holders(ctx, tx, seeds.Identities)
	if err != nil {
		return nil, err
	}
	maps.Copy(rows, a.rows)
	for _, row := range seeds.Rows {
		rows[row] = true
	}
	if seeds.Rows, err = mates(ctx, tx, rows); err != nil {
		return nil, err
	}
	if seeds.Reconsider, err = s.doubtful(ctx, tx, a, append(shared, seeds.Reconsider...), len(seeds.Identities)); err != nil {
		return nil, err
	}
	seeds.Reconsider = append(seeds.Reconsider, seeds.Anew...)
	if err := a.fence(tx, seeds.Rows); err != nil {
		return nil, err
	}
	if err := lockShared(ctx, tx, seeds.Reconsider); err != nil {
		return nil, err
	}
	if err := lockCustomers(ctx, tx, seeds.Rows, r.Customers); err != nil {
		return nil, err
	}
	before, err := s.loadPart(ctx, tx, a.Rules, seeds)
	if err != nil {
		return nil, err
	}
	if err := before.held(ctx, tx, a, r); err != nil {
		return nil, err
	}
	seeds.Before = before.solve(s.settings.MaxIdentities)
	if change != nil {
		if err := change(); err != nil {
			return nil, err
		}
	}
	return r, s.redo(ctx, tx, a, seeds, by, r)
}

// holders finds the customers of identities, and which of these are shared.
func (s *Service) holders(ctx context.Context, tx *store.Tx, ids []int64) (rows map[Row]bool, shared []int64, err error) {
	rows = map[Row]bool{}
	var nobodys []int64
	var args store.Args
	given := store.Relation(tx.Dialect(), "given", &args, store.Int64s("id", ids))
	found, err := tx.Query(ctx, "SELECT i.id, coalesce(i.customer_id, 0), i.shared FROM "+given+" JOIN identities i ON i.id = given.id", args...)
	_, err = store.Collect(found, err, func(row store.Row, _ *struct{}) error {
		var id int64
		var owner Row
		var isShared bool
		if err := row.Scan(&id, &owner, &isShared); err != nil {
			return err
		}
		if owner != 0 {
			rows[owner] = true
		} else {
			nobodys = append(nobodys, id)
		}
		if isShared {
			shared = append(shared, id)
		}
		return nil
	})
	if err == nil {
		err = holdNobodys(ctx, tx, nobodys)
	}
	return rows, shared, err
}

// lockShared keeps others from adding evidence to shared identities while it is counted.
func lockShared(ctx context.Context, tx *store.Tx, ids []int64) error {
	if len(ids) == 0 || tx.Dialect().OneWriter() {
		return nil
	}
	var args store.Args
	given := store.Relation(tx.Dialect(), "given", &args, store.Int64s("id", ids))
	_, err := tx.Exec(ctx, "SELECT id FROM identities WHERE id IN (SELECT id FROM "+given+") ORDER BY key FOR UPDATE", args...)
	return err
}

// sureOwners is how many owners a shared identity has at least that is not looked at again: an operation takes away a few, never so many.
func (a *Attempt) sureOwners(seeds int) int {
	most := 0
	for name := range a.numbers {
		if t, _ := a.Registry.Type(name); t.MaxOwners != nil {
			most = max(most, *t.MaxOwners)
		}
	}
	return most + 2*seeds + 64
}

// doubtful leaves out the shared identities that have so many owners that they stay shared whatever an operation takes away.
func (s *Service) doubtful(ctx context.Context, tx *store.Tx, a *Attempt, shared []int64, seeds int) ([]int64, error) {
	if len(shared) == 0 {
		return nil, nil
	}
	var single []int64
	for name, number := range a.numbers {
		if a.singleValued(name) {
			single = append(single, int64(number))
		}
	}
	slices.Sort(shared)
	var args store.Args
	given := store.Relation(tx.Dialect(), "given", &args, store.Int64s("id", slices.Compact(shared)))
	types := store.Relation(tx.Dialect(), "single", &args, store.Int64s("id", single))
	limit := args.Bind(a.sureOwners(seeds))
	rows, err := tx.Query(ctx, "SELECT given.id FROM "+given+" WHERE (SELECT count(*) FROM (SELECT DISTINCT s.anchor_id FROM identity_set_members m JOIN identity_sets s ON s.id = m.set_id"+
		" JOIN identities i ON i.id = s.anchor_id WHERE m.identity_id = given.id AND i.type_id IN (SELECT id FROM "+types+") LIMIT "+limit+") AS owners) < "+limit, args...)
	return store.Collect(rows, err, func(row store.Row, into *int64) error { return row.Scan(into) })
}
