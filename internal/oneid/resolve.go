package oneid

import (
	"context"
	"crypto/sha256"
	"maps"
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
		need += 6*len(set.Identities) + 7
	}
	if err := w.a.Enough(need); err != nil {
		return err
	}
	for _, set := range w.shown { // ids are made in the order of the records, before anything else has a number
		set.handle = Handle(w.a.Next())
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
	var disputed []*Set
	for i, set := range w.shown {
		if w.plan.Homes[i].Dispute >= 0 {
			disputed = append(disputed, set)
		}
	}
	for _, set := range w.sets {
		if set.part != 0 && !set.calm {
			disputed = append(disputed, set)
		}
	}
	for _, set := range disputed {
		w.seeds.Sets = append(w.seeds.Sets, set.ID)
	}
	if err := w.revive(ctx); err != nil {
		return err
	}
	return w.redo(ctx, w.tx, w.a, w.seeds, w.origin(disputed[0]), w.resolution)
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
