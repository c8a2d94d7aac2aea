package oneid

import (
	"bytes"
	"context"
	"maps"
	"slices"
	"time"

	"github.com/onecdp/onecdp/internal/customer"
	"github.com/onecdp/onecdp/internal/golden"
	"github.com/onecdp/onecdp/internal/store"
)

// Follower keeps rows of its own that point at customers; it is told when customers become one.
type Follower interface {
	Follow(ctx context.Context, tx *store.Tx, moves []customer.Move) error
}

// Follow registers those whose rows follow the customers. Call it while the program is put together.
func (s *Service) Follow(followers ...Follower) { s.followers = append(s.followers, followers...) }

// apply makes the plan's groups true in the tables, but for the customers' own rows, which Save writes.
func (s *Service) apply(ctx context.Context, tx *store.Tx, ids *store.IDs, plan Plan, rows []Row, before known, shown []*Set, r *Resolution) error {
	order := s.Order(ctx, tx)
	var births []birth
	orphans := map[int64]Row{}
	for i, group := range plan.Groups {
		held := r.Customers[rows[i]]
		if held == nil {
			held = &Customer{Row: rows[i], Handle: Handle(rows[i]), CreatedAt: tx.Now, Golden: golden.Record{}, isNew: true}
			r.Customers[rows[i]] = held
		}
		held.Changed = true
		if len(group.Rows) > 1 {
			oldest := group.Oldest(before.Standings)
			survivor := before.Standings[oldest]
			for _, row := range group.Rows {
				if row != oldest {
					cause := group.Causes[row]
					r.Merges = append(r.Merges, Merge{
						ID: ids.Next(), Into: held.Row, Survivor: survivor.Handle, Merged: before.Standings[row].Handle,
						Cause: cause, Record: shown[cause.Star].Record, Source: shown[cause.Star].Source,
					})
				}
				if row != held.Row {
					r.Moves = append(r.Moves, customer.Move{From: row, To: held.Row})
					gone := r.Customers[row]
					held.Size += gone.Size
					for name, statement := range gone.Golden {
						held.Attributed = held.Golden.Take(name, statement, order) || held.Attributed
					}
					delete(r.Customers, row)
				}
			}
			held.Handle, held.CreatedAt = survivor.Handle, survivor.CreatedAt
		}
		held.Size += len(group.Joins)
		held.Joined = len(group.Joins) > 0
		for _, id := range group.Joins {
			if _, existed := before.Owner[id]; existed {
				orphans[before.number[id]] = held.Row
			}
		}
		if held.isNew {
			births = append(births, birth{held, before.number[group.Joins[0]]})
		}
	}
	if order.Err != nil {
		return order.Err
	}
	if err := addHandles(ctx, tx, births); err != nil {
		return err
	}
	if err := adopt(ctx, tx, orphans); err != nil {
		return err
	}
	if err := s.move(ctx, tx, r.Moves); err != nil {
		return err
	}
	return addMerges(ctx, tx, r.Merges, s.db)
}

// birth is a new customer and the identity it is born with, the strongest of those that made it.
type birth struct {
	customer *Customer
	identity int64
}

func addHandles(ctx context.Context, tx *store.Tx, births []birth) error {
	handles, rows, identities := make([]int64, len(births)), make([]int64, len(births)), make([]int64, len(births))
	created := make([]time.Time, len(births))
	for i, b := range births {
		handles[i], rows[i], identities[i], created[i] = int64(b.customer.Handle), int64(b.customer.Row), b.identity, b.customer.CreatedAt
	}
	_, err := tx.InsertRows(ctx, "customer_handles", "", store.Int64s("id", handles), store.Int64s("customer_id", rows),
		store.Int64s("birth_identity_id", identities), store.Int64s("seat_identity_id", identities), store.Times("created_at", created))
	return err
}

// adopt gives identities that nobody held to their new customers.
func adopt(ctx context.Context, tx *store.Tx, orphans map[int64]Row) error {
	if len(orphans) == 0 {
		return nil
	}
	identities := slices.Sorted(maps.Keys(orphans))
	rows := make([]int64, len(identities))
	for i, id := range identities {
		rows[i] = int64(orphans[id])
	}
	var args store.Args
	given := store.Relation(tx.Dialect(), "given", &args, store.Int64s("id", identities), store.Int64s("owner", rows))
	adopted, err := tx.Exec(ctx, "UPDATE identities SET customer_id = given.owner FROM "+given+
		" WHERE identities.id = given.id AND identities.customer_id IS NULL", args...)
	if err == nil && adopted < int64(len(identities)) {
		return store.ErrStartOver // somebody else was faster
	}
	return err
}

// move points everything at the rows that stay, and removes the rows that go. No event is touched: they
// belong to sets, and the sets' owners move.
func (s *Service) move(ctx context.Context, tx *store.Tx, moves []customer.Move) error {
	if len(moves) == 0 {
		return nil
	}
	from, to := make([]int64, len(moves)), make([]int64, len(moves))
	for i, m := range moves {
		from[i], to[i] = int64(m.From), int64(m.To)
	}
	for _, table := range []string{"identities", "set_owners", "customer_handles"} {
		var args store.Args
		given := store.Relation(tx.Dialect(), "given", &args, store.Int64s("gone", from), store.Int64s("stays", to))
		if _, err := tx.Exec(ctx, "UPDATE "+table+" SET customer_id = given.stays FROM "+given+
			" WHERE "+table+".customer_id = given.gone", args...); err != nil {
			return err
		}
	}
	for _, follower := range s.followers {
		if err := follower.Follow(ctx, tx, moves); err != nil {
			return err
		}
	}
	var args store.Args
	given := store.Relation(tx.Dialect(), "given", &args, store.Int64s("id", from))
	_, err := tx.Exec(ctx, "DELETE FROM customers WHERE id IN (SELECT id FROM "+given+")", args...)
	return err
}

func addMerges(ctx context.Context, tx *store.Tx, merges []Merge, db *store.DB) error {
	n := len(merges)
	numbers, survivors, merged, records := make([]int64, n), make([]int64, n), make([]int64, n), make([]int64, n)
	causes, reasons, actors, times := make([]string, n), make([]string, n), make([]string, n), make([]time.Time, n)
	for i, m := range merges {
		numbers[i], survivors[i], merged[i], records[i] = m.ID, int64(m.Survivor), int64(m.Merged), m.Record
		causes[i], times[i] = "record", tx.Now
		reasons[i] = "one record shows " + string(m.Cause.A) + " and " + string(m.Cause.B)
		actors[i] = db.Word(store.Sources, m.Source)
	}
	_, err := tx.InsertRows(ctx, "merges", "", store.Int64s("id", numbers), store.Int64s("survivor_id", survivors),
		store.Int64s("merged_id", merged), store.Texts("cause", causes), store.Texts("reason", reasons),
		store.Texts("actor", actors), store.Int64s("record_id", records), store.Times("merged_at", times))
	return err
}

// addSets inserts the sets that are new, in the order of their digests, with members and owners.
func (s *Service) addSets(ctx context.Context, tx *store.Tx, ids *store.IDs, sets []*Set, before known) error {
	var added []*Set
	for _, set := range sets {
		if set.isNew {
			set.ID = ids.Next()
			added = append(added, set)
		}
	}
	slices.SortFunc(added, func(a, b *Set) int { return bytes.Compare(a.Digest[:], b.Digest[:]) })
	var (
		numbers, owned, owners, member, members []int64
		anchors                                 []*int64
		digests, claims                         [][]byte
	)
	for _, set := range added {
		numbers, digests, claims = append(numbers, set.ID), append(digests, set.Digest[:]), append(claims, set.Claims)
		if set.Row == 0 {
			anchors = append(anchors, nil)
			continue
		}
		anchors = append(anchors, &set.Anchor)
		owned, owners = append(owned, set.ID), append(owners, int64(set.Row))
		for _, id := range set.Identities {
			member, members = append(member, set.ID), append(members, before.number[id])
		}
	}
	inserted, err := tx.InsertRows(ctx, "identity_sets", "ON CONFLICT DO NOTHING", store.Int64s("id", numbers),
		store.Bytes("digest", digests), store.Documents("claims", claims), store.NullInt64s("anchor_id", anchors), store.AlwaysAt("arrived_at", tx.Now))
	if err != nil {
		return err
	}
	if inserted < int64(len(added)) {
		return store.ErrStartOver
	}
	if _, err := tx.InsertRows(ctx, "identity_set_members", "", store.Int64s("set_id", member), store.Int64s("identity_id", members)); err != nil {
		return err
	}
	n := len(owned)
	since, until := slices.Repeat([]time.Time{Beginning}, n), slices.Repeat([]time.Time{End}, n)
	_, err = tx.InsertRows(ctx, "set_owners", "", store.Int64s("set_id", owned), store.Bools("dated", make([]bool, n)),
		store.Times("since", since), store.Times("until", until), store.Int64s("customer_id", owners))
	return err
}

// Save writes the customers that Resolve, or what came after it, has changed.
func (s *Service) Save(ctx context.Context, tx *store.Tx, r *Resolution) error {
	var added, changed []*Customer
	for _, row := range slices.Sorted(maps.Keys(r.Customers)) {
		switch customer := r.Customers[row]; {
		case customer.isNew:
			added = append(added, customer)
		case customer.Changed:
			changed = append(changed, customer)
		}
	}
	if _, err := tx.InsertRows(ctx, "customers", "", columns(tx, added)...); err != nil {
		return err
	}
	tx.AfterCommit(func() {
		s.counters.customers.Add(int64(len(added)))
		s.counters.merges.Add(int64(len(r.Merges)))
	})
	if len(changed) == 0 {
		return nil
	}
	var args store.Args
	given := store.Relation(tx.Dialect(), "given", &args, columns(tx, changed)...)
	_, err := tx.Exec(ctx, "UPDATE customers SET public_id = given.public_id, created_at = given.created_at, updated_at = "+tx.Dialect().Greatest("customers.updated_at", "given.updated_at")+","+
		" identity_count = given.identity_count, attributes = given.attributes, provenance = given.provenance FROM "+given+
		" WHERE customers.id = given.id", args...)
	return err
}

func columns(tx *store.Tx, customers []*Customer) []store.Column {
	n := len(customers)
	rows, handles, sizes := make([]int64, n), make([]int64, n), make([]int64, n)
	created, updated := make([]time.Time, n), make([]time.Time, n)
	attributes, provenance := make([][]byte, n), make([][]byte, n)
	for i, c := range customers {
		rows[i], handles[i], sizes[i], created[i], updated[i] = int64(c.Row), int64(c.Handle), int64(c.Size), c.CreatedAt, tx.Now
		attributes[i], provenance[i] = c.Golden.Documents()
	}
	return []store.Column{
		store.Int64s("id", rows), store.Int64s("public_id", handles), store.Times("created_at", created), store.Times("updated_at", updated),
		store.Int64s("identity_count", sizes), store.Documents("attributes", attributes), store.Documents("provenance", provenance),
	}
}
