package oneid

import (
	"bytes"
	"context"
	"maps"
	"slices"
	"time"

	"github.com/onecdp/onecdp/internal/customer"
	"github.com/onecdp/onecdp/internal/golden"
	"github.com/onecdp/onecdp/internal/identity"
	"github.com/onecdp/onecdp/internal/store"
)

// Follower keeps rows of its own that point at customers. It is called within the transaction, with all customers concerned locked.
type Follower interface {
	// Follow is told of customers that became one as a whole: all that points at one row points at another now.
	Follow(ctx context.Context, tx *store.Tx, moves []customer.Move) error
	// Rehome is told which row each of some ids leads to from now on, 0 for nobody's: a customer was divided, or made whole again.
	Rehome(ctx context.Context, tx *store.Tx, homes map[customer.Handle]customer.Row) error
}

// Follow registers those whose rows follow the customers. Call it while the program is put together.
func (s *Service) Follow(followers ...Follower) { s.followers = append(s.followers, followers...) }

// apply makes the plan's groups true in the tables, but for the customers' own rows, which Save writes.
func (w *work) apply(ctx context.Context) error {
	blend := w.blend(w.tx)
	var births []birth
	var going []Row
	for _, group := range w.plan.Groups {
		if len(group.Rows) > 1 {
			going = append(going, group.Rows...)
		}
	}
	sides, err := w.sidesOf(ctx, going)
	if err != nil {
		return err
	}
	var kept []mergeSide
	var moves []customer.Move
	orphans := map[int64]Row{}
	for i, group := range w.plan.Groups {
		held := w.resolution.Customers[w.groupRows[i]]
		if held == nil {
			first, with := w.firstShown(i)
			held = &Customer{Row: w.groupRows[i], Handle: first.handle, CreatedAt: w.tx.Now, Golden: golden.Record{}, isNew: true}
			births = append(births, birth{held, w.before.number[with]})
			w.resolution.Customers[held.Row] = held
		}
		held.Changed = true
		if len(group.Rows) > 1 {
			oldest := group.Oldest(w.before.Standings)
			survivor := w.before.Standings[oldest]
			for _, row := range group.Rows {
				if row != oldest {
					merge := w.merge(held.Row, survivor.Handle, w.before.Standings[row].Handle, group.Causes[row])
					w.resolution.Merges = append(w.resolution.Merges, merge)
					for _, id := range sides[oldest] {
						kept = append(kept, mergeSide{merge.ID, id, true})
					}
					for _, id := range sides[row] {
						kept = append(kept, mergeSide{merge.ID, id, false})
					}
				}
				if row != held.Row {
					moves = append(moves, customer.Move{From: row, To: held.Row})
					gone := w.resolution.Customers[row]
					held.Size += gone.Size
					if err := blend.take(ctx, held, gone); err != nil {
						return err
					}
					w.resolution.Gone = append(w.resolution.Gone, row)
					delete(w.resolution.Customers, row)
				}
			}
			held.Handle, held.CreatedAt = survivor.Handle, survivor.CreatedAt
		}
		held.Size += len(group.Joins)
		held.Joined = len(group.Joins) > 0
		for _, id := range group.Joins {
			if _, existed := w.before.Owner[id]; existed {
				orphans[w.before.number[id]] = held.Row
			}
		}
	}
	if err := addHandles(ctx, w.tx, births); err != nil {
		return err
	}
	if err := adopt(ctx, w.tx, orphans); err != nil {
		return err
	}
	if err := w.move(ctx, w.tx, moves); err != nil {
		return err
	}
	if err := blend.finish(ctx, w.resolution.Customers); err != nil {
		return err
	}
	if err := addSides(ctx, w.tx, kept); err != nil {
		return err
	}
	return addMerges(ctx, w.tx, w.resolution.Merges)
}

func (w *work) merge(into Row, survivor, merged Handle, cause Cause) Merge {
	set := w.shown[cause.Star]
	return Merge{
		ID: w.a.Next(), Into: into, Survivor: survivor, Merged: merged, Why: tieWords(false, cause.A.Type, cause.B.Type), By: w.origin(set),
	}
}

// origin is the record that showed a set.
func (w *work) origin(set *Set) Origin {
	return Origin{Kind: "record", ID: set.Record, Actor: w.db.Word(store.Sources, set.Source)}
}

// note tells the audit what the stars that are simply followed have changed.
func (w *work) note(ctx context.Context) error {
	var entries []auditEntry
	told, existed, followed := map[int64]bool{}, map[int64]bool{}, map[identity.Identity]Origin{}
	for i, set := range w.shown {
		home := w.plan.Homes[i]
		if home.Dispute >= 0 {
			continue
		}
		row, _ := set.At(set.Times[0])
		var after Handle
		if held := w.resolution.Customers[row]; held != nil {
			after = held.Handle
		}
		by := w.origin(set)
		for _, id := range set.Identities {
			followed[id], existed[w.before.number[id]] = by, w.before.Owner[id] != 0
			if number := w.before.number[id]; w.before.Owner[id] == 0 && !told[number] {
				told[number] = true
				entries = append(entries, auditEntry{kind: "joined", identity: number, after: after, by: &by})
			}
		}
		entries = append(entries, w.verdicts(set, &by)...)
	}
	for _, d := range w.before.Derived { // an email and its hash, now that both exist
		by, ours := followed[d.Email]
		if !ours {
			by, ours = followed[d.Hash]
		}
		if !ours || w.before.Owner[d.Email] != 0 && w.before.Owner[d.Hash] != 0 {
			continue
		}
		ends := []identity.Identity{d.Email, d.Hash}
		slices.SortFunc(ends, w.a.Registry.Compare)
		entry := auditEntry{kind: "accepted", rule: "same", identity: w.before.number[ends[0]], other: w.before.number[ends[1]], by: &by}
		if w.before.Shared[d.Email] || w.before.Shared[d.Hash] {
			entry.kind, entry.rule = "rejected", "shared"
		}
		entries = append(entries, entry)
	}
	for _, merge := range w.resolution.Merges {
		entries = append(entries, auditEntry{kind: "merged", rule: "same", before: merge.Merged, after: merge.Survivor, by: &merge.By})
	}
	entries, err := w.onlyNews(ctx, entries, existed)
	if err != nil {
		return err
	}
	return addAudit(ctx, w.tx, w.a, entries, Origin{})
}

// verdicts are those on the links that a set shows which is simply followed: of its star, and of the rays that this would have if
// shared identities were not left out.
func (w *work) verdicts(set *Set, by *Origin) (entries []auditEntry) {
	strongest := set.Identities[0]
	for i, id := range set.Identities {
		number := w.before.number[id]
		if i > 0 && (w.before.Shared[id] || w.before.Shared[strongest]) {
			entries = append(entries, auditEntry{kind: "rejected", rule: "shared", identity: w.before.number[strongest], other: number, by: by})
		}
		if !w.before.Shared[id] && number != set.Anchor {
			entries = append(entries, auditEntry{kind: "accepted", rule: "same", identity: set.Anchor, other: number, by: by})
		}
	}
	return entries
}

// birth is a new customer and the identity it is born with, the strongest of the record that made it.
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
		" WHERE identities.id = given.id AND identities.customer_id IS NULL AND NOT identities.ruled", args...)
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

// addSets inserts the sets that are new, in the order of their digests, with members and owners; those of disputes have no owners yet.
func (w *work) addSets(ctx context.Context) error {
	var added []*Set
	for _, set := range w.sets {
		if set.isNew {
			set.ID = w.a.Next()
			added = append(added, set)
		}
	}
	slices.SortFunc(added, func(a, b *Set) int { return bytes.Compare(a.Digest[:], b.Digest[:]) })
	var (
		numbers, owned, owners, member, members []int64
		anchors                                 []*int64
		digests, claims, keys                   [][]byte
		mentions                                []int64
	)
	for _, set := range added {
		numbers, digests, claims = append(numbers, set.ID), append(digests, set.Digest[:]), append(claims, set.Claims)
		anchors = append(anchors, orNull(set.Anchor))
		for _, key := range set.Mentions {
			mentions, keys = append(mentions, set.ID), append(keys, key[:])
		}
		for _, span := range set.Spans {
			owned, owners = append(owned, set.ID), append(owners, int64(span.Row))
		}
		for _, id := range set.Identities {
			member, members = append(member, set.ID), append(members, w.before.number[id])
		}
	}
	inserted, err := w.tx.InsertRows(ctx, "identity_sets", "ON CONFLICT DO NOTHING", store.Int64s("id", numbers),
		store.Bytes("digest", digests), store.Documents("claims", claims), store.NullInt64s("anchor_id", anchors), store.AlwaysAt("arrived_at", w.tx.Now))
	if err != nil {
		return err
	}
	if inserted < int64(len(added)) {
		return store.ErrStartOver
	}
	if _, err := w.tx.InsertRows(ctx, "identity_set_members", "", store.Int64s("set_id", member), store.Int64s("identity_id", members)); err != nil {
		return err
	}
	if len(mentions) > 0 {
		if _, err := w.tx.InsertRows(ctx, "set_mentions", "ON CONFLICT DO NOTHING", store.Int64s("set_id", mentions), store.Bytes("key", keys)); err != nil {
			return err
		}
	}
	return addOwners(ctx, w.tx, owned, owners)
}

// addOwners gives sets to customers for all time.
func addOwners(ctx context.Context, tx *store.Tx, sets, owners []int64) error {
	n := len(sets)
	since, until := slices.Repeat([]time.Time{Beginning}, n), slices.Repeat([]time.Time{End}, n)
	_, err := tx.InsertRows(ctx, "set_owners", "", store.Int64s("set_id", sets), store.Bools("dated", make([]bool, n)),
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
	if err := vacate(ctx, tx, changed); err != nil {
		return err
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
		" identity_count = given.identity_count, part_id = given.part_id, attributes = given.attributes, provenance = given.provenance FROM "+given+
		" WHERE customers.id = given.id", args...)
	return err
}

// vacate takes their ids from customers that will be shown by others: two may change theirs, and no two may have one even between two rows of a
// statement.
func vacate(ctx context.Context, tx *store.Tx, changed []*Customer) error {
	var rows []int64
	for _, held := range changed {
		if held.renamed {
			rows = append(rows, int64(held.Row))
		}
	}
	if len(rows) == 0 {
		return nil
	}
	var args store.Args
	given := store.Relation(tx.Dialect(), "given", &args, store.Int64s("id", rows))
	_, err := tx.Exec(ctx, "UPDATE customers SET public_id = -id WHERE id IN (SELECT id FROM "+given+")", args...)
	return err
}

func columns(tx *store.Tx, customers []*Customer) []store.Column {
	n := len(customers)
	rows, handles, sizes := make([]int64, n), make([]int64, n), make([]int64, n)
	created, updated := make([]time.Time, n), make([]time.Time, n)
	parts := make([]*int64, n)
	attributes, provenance := make([][]byte, n), make([][]byte, n)
	for i, c := range customers {
		rows[i], handles[i], sizes[i], created[i], updated[i] = int64(c.Row), int64(c.Handle), int64(c.Size), c.CreatedAt, tx.Now
		parts[i] = orNull(c.Part)
		attributes[i], provenance[i] = c.Golden.Documents()
	}
	return []store.Column{
		store.Int64s("id", rows), store.Int64s("public_id", handles), store.Times("created_at", created), store.Times("updated_at", updated),
		store.Int64s("identity_count", sizes), store.NullInt64s("part_id", parts), store.Documents("attributes", attributes), store.Documents("provenance", provenance),
	}
}
