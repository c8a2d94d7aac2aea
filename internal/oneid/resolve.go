package oneid

import (
	"bytes"
	"context"
	"slices"
	"time"

	"github.com/onecdp/onecdp/internal/customer"
	"github.com/onecdp/onecdp/internal/golden"
	"github.com/onecdp/onecdp/internal/identity"
	"github.com/onecdp/onecdp/internal/store"
)

// Beginning and End bound the time for which an undated owner holds.
var (
	Beginning = time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC)
	End       = time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC)
)

// Evidence is one distinct set of identities, as a record shows it.
type Evidence struct {
	Digest     [16]byte
	Claims     []byte              // as sent: canonical JSON
	Identities []identity.Identity // those that count, strongest first; may be none
}

// Set is the evidence of a batch's records that show the same, and what Find and Resolve find out about it. It is
// made anew for every attempt of a transaction.
type Set struct {
	Evidence

	Time   time.Time // the newest time the batch shows it at
	Source int32     // who showed it
	Record int64     // the first record of the batch that shows it
	Speaks bool      // records of the batch state attributes under it

	ID     int64  // filled in: the set's number
	Anchor int64  // filled in: its strongest identity's number; 0: none
	Row    Row    // filled in: whose it is; 0: nobody's
	Handle Handle // filled in: that customer's id
	isNew  bool
}

// New tells that Find did not know the set.
func (set *Set) New() bool { return set.isNew }

// Customer is a living customer that a transaction holds locked, or has just made.
type Customer struct {
	Row       Row
	Handle    Handle
	CreatedAt time.Time
	Size      int
	Golden    golden.Record
	// Changed tells that the row must be written; Joined that identities came.
	Changed, Joined bool
	// Attributed tells that the golden record changed.
	Attributed bool
	isNew      bool
}

// Merge is a merge that a transaction makes.
type Merge struct {
	ID               int64
	Into             Row
	Survivor, Merged Handle
	Cause            Cause
	Record           int64
	Source           int32
}

// Resolution is what Resolve did. Customers holds every customer that may be written.
type Resolution struct {
	Customers map[Row]*Customer
	Merges    []Merge
	Moves     []customer.Move // rows that are gone, and where to
}

// MaxIDs is how many ids Resolve may take for a set of n identities.
func MaxIDs(n int) int { return 2 + 3*n }

// Resolve gives every set that Find has looked up its owner, making, extending and merging customers as the
// new sets say.
//
// Locks are taken in one order by everybody: hashes of emails, identities by key, customers by number, sets by digest. What was
// read before the locks is read again after them; where it has changed the transaction starts over. A set that
// is known and states nothing takes no lock. Save must follow in the same transaction.
func (s *Service) Resolve(ctx context.Context, tx *store.Tx, ids *store.IDs, sets []*Set) (*Resolution, error) {
	var (
		stars  []Star
		shown  []*Set // the set of each star
		plan   Plan
		before = known{}
	)
	for _, set := range sets {
		if set.isNew && len(set.Identities) > 0 {
			stars, shown = append(stars, Star{set.Identities, set.Time}), append(shown, set)
		}
	}
	if len(stars) > 0 {
		if err := s.meetHashes(ctx, tx, stars); err != nil {
			return nil, err
		}
		var err error
		if before, err = s.know(ctx, tx, stars); err != nil {
			return nil, err
		}
		plan = MakePlan(s.registry, s.settings.MaxIdentities, before.Facts, stars)
	}
	groupRows := make([]Row, len(plan.Groups))
	for i, group := range plan.Groups {
		if len(group.Rows) > 0 {
			groupRows[i] = group.Rows[0]
		} else {
			groupRows[i] = Row(ids.Next())
		}
	}
	if err := s.addIdentities(ctx, tx, ids, plan, groupRows, before, shown); err != nil {
		return nil, err
	}
	resolution, err := s.lockCustomers(ctx, tx, rowsToLock(plan, sets))
	if err != nil {
		return nil, err
	}
	if err := s.confirm(ctx, tx, before, stars, sets, resolution); err != nil {
		return nil, err
	}
	if err := s.apply(ctx, tx, ids, plan, groupRows, before, shown, resolution); err != nil {
		return nil, err
	}
	for i, set := range shown {
		home := plan.Home[stars[i].Identities[0]]
		set.Row = home.Row
		if home.Group >= 0 {
			set.Row = groupRows[home.Group]
		}
		set.Anchor = before.number[set.Identities[0]]
	}
	if err := s.addSets(ctx, tx, ids, sets, before); err != nil {
		return nil, err
	}
	moved := map[Row]Row{}
	for i, group := range plan.Groups {
		for _, row := range group.Rows {
			moved[row] = groupRows[i]
		}
	}
	for _, set := range sets { // known sets may belong to a customer that was merged just now
		if row, gone := moved[set.Row]; gone {
			set.Row = row
		}
		if held := resolution.Customers[set.Row]; held != nil {
			set.Handle = held.Handle
		}
	}
	return resolution, nil
}

// rowsToLock are the customers that may be written or gain a set, in ascending order.
func rowsToLock(plan Plan, sets []*Set) []Row {
	var rows []Row
	for _, group := range plan.Groups {
		rows = append(rows, group.Rows...)
	}
	for _, home := range plan.Home {
		if home.Group < 0 {
			rows = append(rows, home.Row)
		}
	}
	for _, set := range sets {
		if set.Speaks && set.Row != 0 {
			rows = append(rows, set.Row)
		}
	}
	slices.Sort(rows)
	return slices.Compact(rows)
}

// Find fills in the sets that are known already, and marks the others as new.
func (s *Service) Find(ctx context.Context, tx *store.Tx, sets []*Set) error {
	var (
		digests = make([][]byte, len(sets))
		times   = make([]time.Time, len(sets))
		numbers = make([]int64, len(sets))
	)
	for i, set := range sets {
		digests[i], times[i], numbers[i], set.isNew = set.Digest[:], set.Time, int64(i), true
	}
	var args store.Args
	given := store.Relation(tx.Dialect(), "given", &args, store.Int64s("n", numbers), store.Bytes("digest", digests), store.Times("occurred_at", times))
	rows, err := tx.Query(ctx, "SELECT given.n, s.id, coalesce(s.anchor_id, 0), coalesce(c.id, 0), coalesce(c.public_id, 0) FROM "+given+
		" JOIN identity_sets s ON s.digest = given.digest"+
		" LEFT JOIN set_owners o ON "+customer.OwnedBy("s.id", "given.occurred_at", "o")+
		" LEFT JOIN customers c ON c.id = o.customer_id", args...)
	_, err = store.Collect(rows, err, func(row store.Row, _ *struct{}) error {
		var n int
		var found Set
		if err := row.Scan(&n, &found.ID, &found.Anchor, &found.Row, &found.Handle); err != nil {
			return err
		}
		set := sets[n]
		set.ID, set.Anchor, set.Row, set.Handle, set.isNew = found.ID, found.Anchor, found.Row, found.Handle, false
		return nil
	})
	return err
}

// addIdentities inserts the identities that are new, in the order of their keys, with their customer to be.
func (s *Service) addIdentities(ctx context.Context, tx *store.Tx, ids *store.IDs, plan Plan, rows []Row, before known, shown []*Set) error {
	type newcomer struct {
		identity.Identity
		key   [16]byte
		owner Row
	}
	source := map[identity.Identity]int32{}
	for _, set := range shown {
		for _, id := range set.Identities {
			if _, told := source[id]; !told {
				source[id] = set.Source
			}
		}
	}
	var newcomers []newcomer
	for i, group := range plan.Groups {
		for _, id := range group.Joins {
			if _, exists := before.number[id]; !exists {
				newcomers = append(newcomers, newcomer{id, id.Key(), rows[i]})
			}
		}
	}
	slices.SortFunc(newcomers, func(a, b newcomer) int { return bytes.Compare(a.key[:], b.key[:]) })
	var (
		n                               = len(newcomers)
		numbers, owners, types, sources = make([]int64, n), make([]int64, n), make([]int64, n), make([]int64, n)
		scopes, values                  = make([]string, n), make([]string, n)
		keys, derivedKeys               = make([][]byte, n), make([][]byte, n)
	)
	for i, one := range newcomers {
		numbers[i], owners[i], sources[i] = ids.Next(), int64(one.owner), int64(source[one.Identity])
		types[i] = int64(s.numbers[one.Type])
		scopes[i], values[i], keys[i] = one.Scope, one.Value, newcomers[i].key[:]
		before.number[one.Identity] = numbers[i]
		if hash, ok := s.registry.Derived(one.Identity); ok {
			key := hash.Key()
			derivedKeys[i] = key[:]
		}
	}
	added, err := tx.InsertRows(ctx, "identities", "ON CONFLICT DO NOTHING", store.Int64s("id", numbers), store.Int64s("type_id", types),
		store.Texts("scope", scopes), store.Texts("value", values), store.Bytes("key", keys), store.Bytes("derived_key", derivedKeys), store.Int64s("customer_id", owners),
		store.Int64s("source_id", sources), store.Bools("shared", make([]bool, n)))
	if err == nil && added < int64(n) {
		return store.ErrStartOver // somebody else has just shown one of them
	}
	tx.AfterCommit(func() { s.counters.identities.Add(added) })
	return err
}

// lockCustomers locks rows in ascending order. A row that is gone was merged away: start over.
func (s *Service) lockCustomers(ctx context.Context, tx *store.Tx, rows []Row) (*Resolution, error) {
	resolution := &Resolution{Customers: map[Row]*Customer{}}
	if len(rows) == 0 {
		return resolution, nil
	}
	var args store.Args
	given := store.Relation(tx.Dialect(), "given", &args, store.Int64s("id", numbersOf(rows)))
	found, err := tx.Query(ctx, "SELECT c.id, c.public_id, c.created_at, c.identity_count, c.attributes, c.provenance FROM customers c"+
		" WHERE c.id IN (SELECT id FROM "+given+") ORDER BY c.id"+tx.Dialect().ForUpdate(), args...)
	customers, err := store.Collect(found, err, func(row store.Row, into *Customer) error {
		var attributes, provenance []byte
		var created store.Instant
		if err := row.Scan(&into.Row, &into.Handle, &created, &into.Size, &attributes, &provenance); err != nil {
			return err
		}
		into.CreatedAt = created.Time
		var err error
		into.Golden, err = golden.Read(attributes, provenance)
		return err
	})
	if err != nil {
		return nil, err
	}
	if len(customers) < len(rows) {
		return nil, store.ErrStartOver
	}
	for i := range customers {
		resolution.Customers[customers[i].Row] = &customers[i]
	}
	return resolution, nil
}

// confirm reads again, under the locks, what was read before them.
func (s *Service) confirm(ctx context.Context, tx *store.Tx, before known, stars []Star, sets []*Set, resolution *Resolution) error {
	if tx.Dialect().OneWriter() {
		return nil // nothing can have moved
	}
	if len(before.Standings) > 0 {
		after, err := s.know(ctx, tx, stars)
		if err != nil {
			return err
		}
		for id, row := range before.Owner {
			if after.Owner[id] != row {
				return store.ErrStartOver
			}
		}
	}
	for row, held := range resolution.Customers {
		// The size stands for all that the plan knew of a customer: whoever adds an identity raises it.
		if standing, planned := before.Standings[row]; planned && standing.Size != held.Size {
			return store.ErrStartOver
		}
	}
	var speaking []*Set
	for _, set := range sets {
		if !set.isNew && set.Speaks {
			again := *set
			speaking = append(speaking, &again)
		}
	}
	if len(speaking) == 0 {
		return nil
	}
	if err := s.Find(ctx, tx, speaking); err != nil {
		return err
	}
	owners := map[int64]Row{}
	for _, set := range speaking {
		owners[set.ID] = set.Row
	}
	for _, set := range sets {
		if row, spoke := owners[set.ID]; spoke && row != set.Row {
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
