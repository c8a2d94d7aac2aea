package oneid

import (
	"bytes"
	"context"
	"slices"

	"github.com/onecdp/onecdp/internal/identity"
	"github.com/onecdp/onecdp/internal/store"
)

// rowsToLock are the customers that may be written or gain a set, in ascending order.
func (w *work) rowsToLock() []Row {
	rows := slices.Clone(w.seeds.Rows)
	for _, group := range w.plan.Groups {
		rows = append(rows, group.Rows...)
	}
	for _, home := range w.plan.Homes {
		if home.Group < 0 && home.Row != 0 {
			rows = append(rows, home.Row)
		}
	}
	for _, set := range w.sets {
		for _, span := range set.Spans {
			if set.Speaks && span.Row != 0 {
				rows = append(rows, span.Row)
			}
		}
	}
	slices.Sort(rows)
	return slices.Compact(rows)
}

// addIdentities inserts the identities that are new, in the order of their keys, with their customer to be; those of disputes have none yet.
// Of shared identities that are shown again it makes sure that they stay shared.
func (w *work) addIdentities(ctx context.Context) error {
	type newcomer struct {
		identity.Identity
		key   [16]byte
		owner *int64
	}
	source := map[identity.Identity]int32{}
	for _, set := range w.shown {
		for _, id := range set.Identities {
			if _, told := source[id]; !told {
				source[id] = set.Source
			}
		}
	}
	var newcomers []newcomer
	add := func(id identity.Identity, owner *int64) {
		if _, exists := w.before.number[id]; !exists {
			newcomers = append(newcomers, newcomer{id, id.Key(), owner})
		}
	}
	for i, group := range w.plan.Groups {
		for _, id := range group.Joins {
			add(id, new(int64(w.groupRows[i])))
		}
	}
	for _, dispute := range w.plan.Disputes {
		for _, id := range dispute.Identities {
			add(id, nil)
		}
	}
	slices.SortFunc(newcomers, func(a, b newcomer) int { return bytes.Compare(a.key[:], b.key[:]) })
	var (
		n                       = len(newcomers)
		numbers, types, sources = make([]int64, n), make([]int64, n), make([]int64, n)
		owners                  = make([]*int64, n)
		scopes, values          = make([]string, n), make([]string, n)
		keys, derivedKeys       = make([][]byte, n), make([][]byte, n)
	)
	for i, one := range newcomers {
		numbers[i], owners[i], sources[i] = w.a.Next(), one.owner, int64(source[one.Identity])
		types[i] = int64(w.a.numbers[one.Type])
		scopes[i], values[i], keys[i] = one.Scope, one.Value, newcomers[i].key[:]
		w.before.number[one.Identity] = numbers[i]
		if hash, ok := w.a.Registry.Derived(one.Identity); ok {
			key := hash.Key()
			derivedKeys[i] = key[:]
		}
	}
	added, err := w.tx.InsertRows(ctx, "identities", "ON CONFLICT DO NOTHING", store.Int64s("id", numbers), store.Int64s("type_id", types),
		store.Texts("scope", scopes), store.Texts("value", values), store.Bytes("key", keys), store.Bytes("derived_key", derivedKeys), store.NullInt64s("customer_id", owners),
		store.Int64s("source_id", sources), store.Bools("shared", make([]bool, n)))
	if err != nil {
		return err
	}
	if added < int64(n) {
		return store.ErrStartOver // somebody else has just shown one of them
	}
	w.tx.AfterCommit(func() { w.counters.identities.Add(added) })
	if err := holdNobodys(ctx, w.tx, w.nobodys()); err != nil {
		return err
	}
	return w.holdShared(ctx)
}

// nobodys lists the identities of disputes that exist and that nobody has.
func (w *work) nobodys() []int64 {
	var ids []int64
	for _, dispute := range w.plan.Disputes {
		for _, id := range dispute.Identities {
			if owner, existed := w.before.Owner[id]; existed && owner == 0 {
				ids = append(ids, w.before.number[id])
			}
		}
	}
	return ids
}

// holdNobodys locks identities that exist and that nobody has, so that two transactions do not both give them away.
func holdNobodys(ctx context.Context, tx *store.Tx, ids []int64) error {
	if tx.Dialect().OneWriter() || len(ids) == 0 {
		return nil
	}
	var args store.Args
	given := store.Relation(tx.Dialect(), "given", &args, store.Int64s("id", ids))
	rows, err := tx.Query(ctx, "SELECT customer_id IS NOT NULL FROM identities WHERE id IN (SELECT id FROM "+given+") ORDER BY key FOR UPDATE", args...)
	taken, err := store.Collect(rows, err, func(row store.Row, into *bool) error { return row.Scan(into) })
	if err == nil && slices.Contains(taken, true) {
		return store.ErrStartOver
	}
	return err
}

// holdShared keeps others from deciding, before this transaction ends, that identities it took for shared are so no more.
func (w *work) holdShared(ctx context.Context) error {
	if w.tx.Dialect().OneWriter() || len(w.before.Shared) == 0 {
		return nil
	}
	var numbers []int64
	for id := range w.before.Shared {
		numbers = append(numbers, w.before.number[id])
	}
	var args store.Args
	given := store.Relation(w.tx.Dialect(), "given", &args, store.Int64s("id", numbers))
	rows, err := w.tx.Query(ctx, "SELECT shared FROM identities WHERE id IN (SELECT id FROM "+given+") ORDER BY key FOR SHARE", args...)
	shared, err := store.Collect(rows, err, func(row store.Row, into *bool) error { return row.Scan(into) })
	if err == nil && slices.Contains(shared, false) {
		return store.ErrStartOver
	}
	return err
}

// confirm reads again, under the locks, what was read before them.
func (w *work) confirm(ctx context.Context) error {
	if w.tx.Dialect().OneWriter() {
		return nil // nothing can have moved
	}
	if len(w.before.Standings) > 0 {
		after, err := w.meet(ctx, w.tx, w.a.Rules, w.stars) // how customers stand is seen from their rows
		if err != nil {
			return err
		}
		for id, row := range w.before.Owner {
			if after.Owner[id] != row || after.Shared[id] != w.before.Shared[id] || after.Ruled[id] != w.before.Ruled[id] {
				return store.ErrStartOver
			}
		}
	}
	for row, held := range w.resolution.Customers {
		// The size stands for all that the plan knew of a customer: whoever adds an identity raises it.
		if standing, planned := w.before.Standings[row]; planned && (standing.Size != held.Size || standing.Part != held.Part) {
			return store.ErrStartOver
		}
	}
	return w.confirmSpeakers(ctx)
}

// confirmSpeakers makes sure that the known sets that state something still are whose they were.
func (w *work) confirmSpeakers(ctx context.Context) error {
	var speaking, again []*Set
	for _, set := range w.sets {
		if !set.isNew && set.Speaks {
			speaking, again = append(speaking, set), append(again, &Set{Evidence: set.Evidence})
		}
	}
	if len(speaking) == 0 {
		return nil
	}
	if err := w.find(ctx, w.tx, w.a, again); err != nil {
		return err
	}
	for i, set := range speaking {
		if !slices.EqualFunc(set.Spans, again[i].Spans, func(a, b Span) bool { return a.Row == b.Row && a.Since.Equal(b.Since) }) {
			return store.ErrStartOver
		}
	}
	return nil
}

func numbersOf(rows []Row) []int64 {
	numbers := make([]int64, len(rows))
	for i, row := range rows {
		numbers[i] = int64(row)
	}
	return numbers
}
