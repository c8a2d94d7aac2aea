package oneid

import (
	"bytes"
	"context"
	"crypto/sha256"
	"maps"
	"slices"
	"time"

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
	Dropped    []identity.Dropped  // claims that do not count
	Mentions   [][16]byte          // keys of those that do not count only because somebody blocked them, or because there are too many of the kind
}

// Evidence reads the claims of a record. text is their canonical JSON.
func (r *Rules) Evidence(text []byte, claims []identity.Claim) Evidence {
	sum := sha256.Sum256(text)
	e := Evidence{Digest: [16]byte(sum[:16]), Claims: text}
	e.Identities, e.Dropped = r.Read(claims)
	for _, dropped := range e.Dropped {
		if dropped.Reason == identity.Blocked || dropped.Reason == identity.Ambiguous {
			if id, reason := r.Registry.Normalise(claims[dropped.Index]); reason == nil {
				e.Mentions = append(e.Mentions, id.Key())
			}
		}
	}
	return e
}

// Set is the evidence of a batch's records that show the same, and what Find and Resolve find out about it. It is
// made anew for every attempt of a transaction.
type Set struct {
	Evidence

	Times  []time.Time // when the batch's records show it
	Source int32       // who showed it
	Record int64       // the first record of the batch that shows it
	Speaks bool        // records of the batch state attributes under it

	ID     int64 // filled in: the set's number
	Anchor int64 // filled in: the number of its strongest identity that is not shared; 0: none
	Spans  []Span
	isNew  bool
	part   int64 // the disputed evidence that its owner belongs to
	calm   bool  // its owner is disputed, and these records change nothing about it
}

// Span says whose a set is, from Since until Until.
type Span struct {
	Since, Until time.Time
	Row          Row
	Handle       Handle
}

// New tells that Find did not know the set, or that nobody has it although identities of it count.
func (set *Set) New() bool { return set.isNew || len(set.Spans) == 0 && len(set.Identities) > 0 }

// At tells whose the set is at a time; zeros: nobody's.
func (set *Set) At(at time.Time) (Row, Handle) {
	for _, span := range set.Spans {
		if len(set.Spans) == 1 || !at.Before(span.Since) && at.Before(span.Until) {
			return span.Row, span.Handle
		}
	}
	return 0, 0
}

func always(row Row, handle Handle) []Span { return []Span{{Beginning, End, row, handle}} }

// Customer is a living customer that a transaction holds locked, or has just made.
type Customer struct {
	Row       Row
	Handle    Handle
	CreatedAt time.Time
	Size      int
	Part      int64 // the disputed evidence it belongs to; 0: none
	Golden    golden.Record
	// Changed tells that the row must be written; Joined that identities came.
	Changed, Joined bool
	// Left tells that identities went.
	Left bool
	// Attributed tells that the golden record changed.
	Attributed bool
	isNew      bool
	renamed    bool // it is shown by another id than before
}

// Merge is a merge that a transaction makes.
type Merge struct {
	ID               int64
	Into             Row
	Survivor, Merged Handle
	Why              string // in words
	By               Origin
}

// Resolution is what Resolve did. Customers holds every customer that may be written.
type Resolution struct {
	Customers map[Row]*Customer
	Merges    []Merge
	Gone      []Row // rows that are no more
	Split     []Row // rows that identities have left
}

// MaxIDs is how many ids a set of n identities may take, as a rule; Transact draws more where that is not enough.
func MaxIDs(n int) int { return 8 + 8*n }

// Resolve gives every set that Find has looked up its owner, making, extending and merging customers as the
// new sets say, and deciding again what is disputed.
//
// Locks are taken in one order by everybody: fences, hashes of emails, identities by key, customers by number, sets by digest. What was
// read before the locks is read again after them; where it has changed the transaction starts over. A set that
// is known and simply followed takes no lock, unless it states something. Save must follow in the same transaction.
func (s *Service) Resolve(ctx context.Context, tx *store.Tx, a *Attempt, sets []*Set) (*Resolution, error) {
	w := &work{Service: s, tx: tx, a: a, sets: sets, resolution: &Resolution{Customers: map[Row]*Customer{}}}
	return w.resolution, w.do(ctx)
}

// work is one run of Resolve.
type work struct {
	*Service

	tx         *store.Tx
	a          *Attempt
	sets       []*Set
	resolution *Resolution

	stars     []Star
	shown     []*Set // the set of each star
	before    known
	plan      Plan
	groupRows []Row
	seeds     Seeds // of what is to be decided again
}

func (w *work) do(ctx context.Context) error {
	for _, set := range w.sets {
		if set.New() && len(set.Identities) > 0 {
			w.stars, w.shown = append(w.stars, Star{set.Identities, !set.isNew}), append(w.shown, set)
		}
	}
	if len(w.stars) > 0 {
		if err := meetHashes(ctx, w.tx, w.a.Rules, w.stars); err != nil {
			return err
		}
		var err error
		if w.before, err = w.know(ctx, w.tx, w.a.Rules, w.stars); err != nil {
			return err
		}
		w.plan = MakePlan(w.a.Rules, w.settings.MaxIdentities, w.before.Facts, w.stars)
	}
	if err := w.supply(); err != nil {
		return err
	}
	if err := w.gatherSeeds(ctx); err != nil {
		return err
	}
	if err := w.addIdentities(ctx); err != nil {
		return err
	}
	if err := w.lockCustomers(ctx, w.rowsToLock()); err != nil {
		return err
	}
	if err := w.confirm(ctx); err != nil {
		return err
	}
	if err := w.apply(ctx); err != nil {
		return err
	}
	for i, set := range w.shown {
		w.settleHome(set, w.plan.Homes[i])
	}
	if err := w.addSets(ctx); err != nil {
		return err
	}
	w.follow()
	if err := w.note(ctx); err != nil {
		return err
	}
	return w.redoDisputes(ctx)
}

// supply makes sure of the ids that sets, identities and customers may take; what a dispute takes is asked for when it is known.
func (w *work) supply() error {
	need := 2*len(w.sets) + 8
	for _, set := range w.shown {
		need += 6*len(set.Identities) + 6
	}
	if err := w.a.Enough(need); err != nil {
		return err
	}
	w.groupRows = make([]Row, len(w.plan.Groups))
	for i, group := range w.plan.Groups {
		if len(group.Rows) > 0 {
			w.groupRows[i] = group.Rows[0]
		} else {
			w.groupRows[i] = Row(w.a.Next())
		}
	}
	return nil
}

// gatherSeeds finds whom the disputes are about, and makes sure of their fences.
func (w *work) gatherSeeds(ctx context.Context) error {
	rows := map[Row]bool{}
	for _, dispute := range w.plan.Disputes {
		for _, row := range dispute.Rows {
			rows[row] = true
		}
	}
	for _, set := range w.sets {
		if set.part != 0 && !set.calm {
			for _, span := range set.Spans {
				rows[span.Row] = true
			}
		}
	}
	if len(rows) == 0 && len(w.plan.Disputes) == 0 {
		return nil
	}
	maps.Copy(rows, w.a.rows)
	all, err := mates(ctx, w.tx, rows)
	if err != nil {
		return err
	}
	w.seeds.Rows = all
	return w.a.fence(w.tx, all)
}

// settleHome gives a new set its owner, unless a dispute will.
func (w *work) settleHome(set *Set, home Home) {
	center := set.Identities[0]
	for _, id := range set.Identities {
		if !w.before.Shared[id] {
			center = id
			break
		}
	}
	set.Anchor = w.before.number[center]
	switch {
	case home.Dispute >= 0:
		set.Spans = nil
	case home.Group >= 0:
		set.Spans = always(w.groupRows[home.Group], 0)
	default:
		set.Spans = always(home.Row, 0)
	}
}

// redoDisputes decides with all the evidence what could not simply be followed.
func (w *work) redoDisputes(ctx context.Context) error {
	if len(w.seeds.Rows) == 0 && len(w.plan.Disputes) == 0 {
		return nil
	}
	for _, dispute := range w.plan.Disputes {
		for _, id := range dispute.Identities {
			w.seeds.Identities = append(w.seeds.Identities, w.before.number[id])
		}
	}
	w.seeds.Batch = map[int64]*Set{}
	for _, set := range w.sets {
		if set.ID != 0 && len(set.Identities) > 0 {
			w.seeds.Batch[set.ID] = set
		}
	}
	first := w.sets[0]
	for i, set := range w.shown {
		if w.plan.Homes[i].Dispute >= 0 {
			first = set
			break
		}
	}
	if err := w.revive(ctx); err != nil {
		return err
	}
	return w.redo(ctx, w.tx, w.a, w.seeds, w.origin(first), w.resolution)
}

// revive makes sure of the members of known sets that nobody had until now: they may have been read by other settings.
func (w *work) revive(ctx context.Context) error {
	var sets, members, arrived []int64
	for _, set := range w.shown {
		if set.isNew {
			continue
		}
		arrived = append(arrived, set.ID)
		for _, id := range set.Identities {
			sets, members = append(sets, set.ID), append(members, w.before.number[id])
		}
	}
	if len(sets) == 0 {
		return nil
	}
	if _, err := w.tx.InsertRows(ctx, "identity_set_members", "ON CONFLICT DO NOTHING", store.Int64s("set_id", sets), store.Int64s("identity_id", members)); err != nil {
		return err
	}
	var args store.Args
	given := store.Relation(w.tx.Dialect(), "given", &args, store.Int64s("id", arrived))
	_, err := w.tx.Exec(ctx, "UPDATE identity_sets SET arrived_at = "+args.Bind(w.tx.Now)+" FROM "+given+" WHERE identity_sets.id = given.id AND identity_sets.anchor_id IS NULL", args...)
	return err
}

// follow brings the owners of all sets up to date: rows may be gone, and ids may be others.
func (w *work) follow() {
	moved := map[Row]Row{}
	for i, group := range w.plan.Groups {
		for _, row := range group.Rows {
			moved[row] = w.groupRows[i]
		}
	}
	for _, set := range w.sets {
		for i := range set.Spans {
			span := &set.Spans[i]
			if row, gone := moved[span.Row]; gone {
				span.Row = row
			}
			if held := w.resolution.Customers[span.Row]; held != nil {
				span.Handle = held.Handle
			}
		}
	}
}

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

// Find fills in the sets that are known already, and marks the others as new. It takes the fences of their owners, shared; where one
// is held by somebody else, the attempt must begin again.
func (s *Service) Find(ctx context.Context, tx *store.Tx, a *Attempt, sets []*Set) error {
	if err := s.find(ctx, tx, sets); err != nil {
		return err
	}
	var disputed []*Set
	for _, set := range sets {
		if set.part != 0 {
			disputed = append(disputed, set)
		}
	}
	if len(disputed) == 0 {
		return nil
	}
	if !tx.Dialect().OneWriter() { // as it is now that the fences are held
		if err := s.find(ctx, tx, disputed); err != nil {
			return err
		}
	}
	return s.calmDown(ctx, tx, a.Rules, disputed)
}

func (s *Service) find(ctx context.Context, tx *store.Tx, sets []*Set) error {
	var (
		digests = make([][]byte, len(sets))
		numbers = make([]int64, len(sets))
	)
	for i, set := range sets {
		digests[i], numbers[i], set.isNew, set.Spans, set.part, set.calm = set.Digest[:], int64(i), true, nil, 0, false
	}
	var args store.Args
	given := store.Relation(tx.Dialect(), "given", &args, store.Int64s("n", numbers), store.Bytes("digest", digests))
	rows, err := tx.Query(ctx, "SELECT given.n, s.id, coalesce(s.anchor_id, 0), o.since, o.until, coalesce(c.id, 0), coalesce(c.public_id, 0), coalesce(c.part_id, 0),"+
		" c.id IS NULL OR "+tryFence(tx, "c.id")+" FROM "+given+
		" JOIN identity_sets s ON s.digest = given.digest"+
		" LEFT JOIN set_owners o ON o.set_id = s.id LEFT JOIN customers c ON c.id = o.customer_id ORDER BY o.since", args...)
	busy := map[int32]bool{}
	_, err = store.Collect(rows, err, func(row store.Row, _ *struct{}) error {
		var (
			n            int
			id, anchor   int64
			since, until *store.Instant
			span         Span
			part         int64
			fenced       bool
		)
		if err := row.Scan(&n, &id, &anchor, &since, &until, &span.Row, &span.Handle, &part, &fenced); err != nil {
			return err
		}
		set := sets[n]
		set.ID, set.Anchor, set.isNew = id, anchor, false
		if since != nil && span.Row != 0 {
			span.Since, span.Until = since.Time, until.Time
			set.Spans, set.part = append(set.Spans, span), part
		}
		if !fenced {
			busy[fenceOf(span.Row)] = true
		}
		return nil
	})
	if err == nil && len(busy) > 0 {
		return &Needs{shared: busy}
	}
	return err
}

// Stand makes sure, as the last thing before the change feed, that what the transaction did rests on the rules in force, and that the
// sets it took for known and simply followed still are; those of customers whom it holds locked are.
func (s *Service) Stand(ctx context.Context, tx *store.Tx, a *Attempt, sets []*Set, r *Resolution) error {
	var numbers []int64
	if !tx.Dialect().OneWriter() {
		for _, set := range sets {
			if !set.isNew && set.part == 0 && len(set.Spans) == 1 && r.Customers[set.Spans[0].Row] == nil {
				numbers = append(numbers, set.ID)
			}
		}
	}
	var args store.Args
	given := store.Relation(tx.Dialect(), "given", &args, store.Int64s("id", numbers))
	rows, err := tx.Query(ctx, "SELECT "+s.VersionSQL()+", (SELECT count(*) FROM "+given+" JOIN set_owners o ON o.set_id = given.id JOIN customers c ON c.id = o.customer_id"+
		" WHERE NOT o.dated AND c.part_id IS NULL)", args...)
	var version, standing int64
	if _, err := store.Collect(rows, err, func(row store.Row, _ *struct{}) error { return row.Scan(&version, &standing) }); err != nil {
		return err
	}
	switch {
	case version != a.Version:
		return ErrRulesMoved
	case standing < int64(len(numbers)):
		return store.ErrStartOver
	}
	return nil
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
	return w.holdShared(ctx)
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

// lockCustomers locks rows in ascending order. A row that is gone was merged away: start over.
func (w *work) lockCustomers(ctx context.Context, rows []Row) error {
	return lockCustomers(ctx, w.tx, rows, w.resolution.Customers)
}

func lockCustomers(ctx context.Context, tx *store.Tx, rows []Row, into map[Row]*Customer) error {
	if len(rows) == 0 {
		return nil
	}
	var args store.Args
	given := store.Relation(tx.Dialect(), "given", &args, store.Int64s("id", numbersOf(rows)))
	found, err := tx.Query(ctx, "SELECT c.id, c.public_id, c.created_at, c.identity_count, coalesce(c.part_id, 0), c.attributes, c.provenance FROM customers c"+
		" WHERE c.id IN (SELECT id FROM "+given+") ORDER BY c.id"+tx.Dialect().ForUpdate(), args...)
	customers, err := store.Collect(found, err, func(row store.Row, into *Customer) error {
		var attributes, provenance []byte
		var created store.Instant
		if err := row.Scan(&into.Row, &into.Handle, &created, &into.Size, &into.Part, &attributes, &provenance); err != nil {
			return err
		}
		into.CreatedAt = created.Time
		var err error
		into.Golden, err = golden.Read(attributes, provenance)
		return err
	})
	if err != nil {
		return err
	}
	if len(customers) < len(rows) {
		return store.ErrStartOver
	}
	for i := range customers {
		into[customers[i].Row] = &customers[i]
	}
	return nil
}

// confirm reads again, under the locks, what was read before them.
func (w *work) confirm(ctx context.Context) error {
	if w.tx.Dialect().OneWriter() {
		return nil // nothing can have moved
	}
	if len(w.before.Standings) > 0 {
		after, err := w.know(ctx, w.tx, w.a.Rules, w.stars)
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
	if err := w.find(ctx, w.tx, again); err != nil {
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
