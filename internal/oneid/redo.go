package oneid

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"time"

	"github.com/onecdp/onecdp/internal/evidence"
	"github.com/onecdp/onecdp/internal/golden"
	"github.com/onecdp/onecdp/internal/identity"
	"github.com/onecdp/onecdp/internal/store"
)

// Origin is what brought a change about.
type Origin struct {
	Kind   string // record, operation, setting, match
	ID     int64  // of the record, the operation or the job
	Actor  string // the source of the record, or the name of a key
	Reason string // in the words of who did it; "": none
}

// redo decides a part of the evidence anew, from all that is stored about it, and makes the tables say so. The rows of the seeds are
// locked, and so are their fences; should the part turn out to be larger, the attempt begins again.
func (s *Service) redo(ctx context.Context, tx *store.Tx, a *Attempt, seeds Seeds, by Origin, r *Resolution) error {
	p, err := s.loadPart(ctx, tx, a.Rules, seeds)
	if err != nil {
		return err
	}
	if err := p.held(ctx, tx, a, r); err != nil {
		return err
	}
	v := p.solve(s.settings.MaxIdentities)
	if seeds.Before == nil {
		seeds.Before = p.withoutBatch().solve(s.settings.MaxIdentities)
	}
	d := &redoing{Service: s, solved: v, tx: tx, a: a, by: by, r: r, past: seeds.Before, restated: seeds.Restated, group: make([]Row, len(v.solution.Customers))}
	return d.do(ctx)
}

// held makes sure that everybody whom the part is about is locked.
func (p *part) held(ctx context.Context, tx *store.Tx, a *Attempt, r *Resolution) error {
	missing := map[Row]bool{}
	for row := range p.rows {
		if r.Customers[row] == nil {
			missing[row] = true
		}
	}
	if tx.Dialect().OneWriter() {
		return lockCustomers(ctx, tx, slices.Sorted(maps.Keys(missing)), r.Customers)
	}
	if len(missing) > 0 {
		return &Needs{rows: missing}
	}
	return a.fence(tx, slices.Sorted(maps.Keys(p.rows)))
}

// redoing writes a verdict.
type redoing struct {
	*Service
	*solved

	tx *store.Tx
	a  *Attempt
	by Origin
	r  *Resolution

	handedAt map[int]time.Time // by disputed weak identity: since when it has been its customer's
	past     *solved           // what was decided before
	restated map[int64]bool    // sets whose statements have changed

	group   []Row          // by customer of the solution: its row; 0: a shared identity's whose evidence is not loaded
	before  map[Row]Handle // the customers as they were
	handles []handleRow    // the ids concerned
	leads   map[Handle]Row // where each leads now; 0: to nobody
	parts   map[Row]int64  // the disputes that customers belong to
	golden  map[Row]bool   // customers whose statements are others now
	changed map[Row]bool   // customers that gained or lost something
	sizes   map[Row]int    // identities each holds
	birth   map[Row]int64  // of new customers: the identity they are born with
	audit   []auditEntry
	owners  map[int64][]Span // by set, as they shall be
}

// handleRow is an id that was given out.
type handleRow struct {
	id          Handle
	row         Row
	birth, seat int64
	created     time.Time
	reseated    bool // its seat is another now
}

func (d *redoing) do(ctx context.Context) error {
	d.before, d.golden, d.changed = map[Row]Handle{}, map[Row]bool{}, map[Row]bool{}
	for row := range d.rows {
		d.before[row] = d.r.Customers[row].Handle
	}
	for _, set := range d.sets {
		if d.restated[set.id] {
			for _, span := range set.spans {
				d.golden[span.Row] = true
			}
		}
	}
	if err := d.a.Enough(4*len(d.ids) + 4*len(d.rows) + len(d.solution.Links) + 16); err != nil {
		return err
	}
	d.assignRows()
	d.numberParts()
	if err := d.assignHandles(ctx); err != nil {
		return err
	}
	if err := d.assignSets(ctx); err != nil {
		return err
	}
	if err := d.writeIdentities(ctx); err != nil {
		return err
	}
	if err := d.writeHandles(ctx); err != nil {
		return err
	}
	if err := d.writeSets(ctx); err != nil {
		return err
	}
	if err := d.writeCustomers(ctx); err != nil {
		return err
	}
	return d.tell(ctx)
}

// assignRows gives each customer of the solution the row that holds most of its identities already, so that few are moved.
func (d *redoing) assignRows() {
	d.sizes, d.birth = map[Row]int{}, map[Row]int64{}
	counts := map[Row]map[int]int{}
	for e, i := range d.existing {
		if row := d.own[i]; row != 0 && d.rows[row] {
			if counts[row] == nil {
				counts[row] = map[int]int{}
			}
			counts[row][d.solution.Customer[e]]++
		}
	}
	type pair struct {
		row             Row
		customer, count int
	}
	var pairs []pair
	for row, by := range counts {
		for customer, count := range by {
			pairs = append(pairs, pair{row, customer, count})
		}
	}
	slices.SortFunc(pairs, func(x, y pair) int {
		return cmp.Or(cmp.Compare(y.count, x.count), cmp.Compare(x.row, y.row), cmp.Compare(x.customer, y.customer))
	})
	taken := map[Row]bool{}
	for _, one := range pairs {
		if !taken[one.row] && d.group[one.customer] == 0 {
			taken[one.row], d.group[one.customer] = true, one.row
		}
	}
	for customer, members := range d.solution.Customers {
		if d.outside(members) {
			d.group[customer] = d.own[d.existing[members[0]]]
			continue
		}
		if d.group[customer] == 0 {
			row := Row(d.a.Next())
			d.group[customer] = row
			d.birth[row] = d.ids[d.existing[members[0]]]
			d.r.Customers[row] = &Customer{Row: row, CreatedAt: d.tx.Now, Golden: golden.Record{}, isNew: true}
			d.changed[row] = true
		}
		d.sizes[d.group[customer]] = len(members)
	}
}

// outside tells of a shared identity that the part only mentions: its customer is not decided here.
func (d *redoing) outside(members []int) bool {
	i := d.existing[members[0]]
	return len(members) == 1 && !d.whole[i] && !d.rows[d.own[i]]
}

// numberParts finds which customers remain disputed, and with whom.
func (d *redoing) numberParts() {
	d.parts = map[Row]int64{}
	cut := d.cut()
	for i, customers := range d.solution.Parts {
		byHand := slices.ContainsFunc(customers, func(customer int) bool { return cut[customer] })
		if !byHand && (!d.solution.Contested[i] || d.onlyShared(customers)) {
			continue
		}
		number := int64(0)
		for _, customer := range customers {
			if row := d.group[customer]; row != 0 && !d.outside(d.solution.Customers[customer]) {
				if held := d.r.Customers[row]; number == 0 && held.Part != 0 {
					number = held.Part
				}
			}
		}
		if number == 0 || slices.Contains(slices.Collect(maps.Values(d.parts)), number) {
			number = d.a.Next()
		}
		for _, customer := range customers {
			if !d.outside(d.solution.Customers[customer]) {
				d.parts[d.group[customer]] = number
			}
		}
	}
}

// cut lists the customers with identities that sets show together with an unlinked one: a later record ties them again, and
// must not pass for one that shows nothing new.
func (d *redoing) cut() map[int]bool {
	cut := map[int]bool{}
	for _, set := range d.sets {
		if len(set.stretches) < 2 {
			continue
		}
		for _, member := range set.members {
			if e := d.place[member]; e >= 0 {
				cut[d.solution.Customer[e]] = true
			}
		}
	}
	return cut
}

// onlyShared tells of a shared identity by itself: nothing about it is decided until its evidence shrinks.
func (d *redoing) onlyShared(customers []int) bool {
	if len(customers) != 1 || len(d.solution.Customers[customers[0]]) != 1 {
		return false
	}
	e := d.solution.Customers[customers[0]][0]
	return d.solution.Shared[e] && !d.ruled[d.existing[e]]
}

// assignHandles finds where each id leads: to whoever holds the identity that its birth identity has moved on to. Of those that
// lead to one customer the oldest is shown; who holds none gets a new one.
func (d *redoing) assignHandles(ctx context.Context) error {
	if err := d.loadHandles(ctx); err != nil {
		return err
	}
	d.leads = map[Handle]Row{}
	shown := map[Row]*handleRow{}
	for i := range d.handles {
		one := &d.handles[i]
		row, seat := d.seatOf(*one)
		one.reseated = one.seat != seat
		one.seat, d.leads[one.id] = seat, row
		if best := shown[row]; row != 0 && (best == nil || cmp.Or(one.created.Compare(best.created), cmp.Compare(one.id, best.id)) < 0) {
			shown[row] = one
		}
	}
	for customer, members := range d.solution.Customers {
		row := d.group[customer]
		if d.outside(members) {
			continue
		}
		held := d.r.Customers[row]
		handle, created := Handle(row), d.tx.Now
		if best := shown[row]; best != nil {
			handle, created = best.id, best.created
		} else {
			handle = Handle(d.a.Next())
			d.handles = append(d.handles, handleRow{id: handle, birth: d.ids[d.existing[members[0]]], seat: d.ids[d.existing[members[0]]], created: created})
			d.leads[handle] = row
		}
		if held.Handle != handle {
			held.Handle, held.CreatedAt, held.Changed, held.renamed = handle, created, true, !held.isNew
			d.changed[row] = true
		}
	}
	return nil
}

func (d *redoing) loadHandles(ctx context.Context) error {
	var args store.Args
	rows := store.Relation(d.tx.Dialect(), "r", &args, store.Int64s("id", numbersOf(slices.Sorted(maps.Keys(d.rows)))))
	seats := store.Relation(d.tx.Dialect(), "s", &args, store.Int64s("id", d.ids))
	const columns = "SELECT h.id, coalesce(h.customer_id, 0), h.birth_identity_id, h.seat_identity_id, h.created_at FROM "
	found, err := d.tx.Query(ctx, columns+rows+" JOIN customer_handles h ON h.customer_id = r.id UNION "+columns+seats+
		" JOIN customer_handles h ON h.seat_identity_id = s.id WHERE h.customer_id IS NULL ORDER BY 1", args...)
	d.handles, err = store.Collect(found, err, func(row store.Row, into *handleRow) error {
		var created store.Instant
		err := row.Scan(&into.id, &into.row, &into.birth, &into.seat, &created)
		into.created = created.Time
		return err
	})
	return err
}

// seatOf finds the identity that an id goes by now, and who holds it.
func (d *redoing) seatOf(one handleRow) (Row, int64) {
	from, loaded := d.at[one.birth]
	if !loaded || !d.whole[from] { // its evidence is not here: where it had moved on to is where it goes on from
		if from, loaded = d.at[one.seat]; !loaded {
			return 0, one.seat
		}
	}
	e := d.place[from]
	if e < 0 {
		return 0, d.ids[from]
	}
	if d.whole[from] {
		shown := d.evidence
		shown.Shared = d.solution.Shared
		e = evidence.Seat(d.a.Registry, shown, d.arrivals, e, one.created)
	}
	return d.group[d.solution.Customer[e]], d.ids[d.existing[e]]
}

// assignSets finds whose each set is: its strongest identity's that is not shared; where that is weak, whoever owned it at the time.
func (d *redoing) assignSets(ctx context.Context) error {
	runs, err := d.loadRuns(ctx)
	if err != nil {
		return err
	}
	d.owners = map[int64][]Span{}
	for _, set := range d.sets {
		if !set.living() {
			d.owners[set.id] = nil
			set.anchor = d.moveAnchor(set, 0)
			continue
		}
		center := d.center(set)
		if center < 0 {
			d.owners[set.id] = nil
			set.anchor = d.moveAnchor(set, 0)
			continue
		}
		set.anchor = d.moveAnchor(set, d.ids[d.existing[center]])
		row := d.group[d.solution.Customer[center]]
		if owned := runs[center]; len(owned) > 0 {
			d.owners[set.id] = d.spans(owned, row)
		} else {
			d.owners[set.id] = always(row, 0)
		}
	}
	return nil
}

// moveAnchor notes that a set's statements are another identity's now.
func (d *redoing) moveAnchor(set *partSet, anchor int64) int64 {
	if set.anchor != anchor && set.anchor != 0 {
		for _, span := range set.spans {
			d.golden[span.Row] = true
		}
	}
	if set.anchor != anchor {
		set.moved = true
	}
	return anchor
}

func (d *redoing) center(set *partSet) int {
	members := make([]int, len(set.members))
	for i, member := range set.members {
		members[i] = d.place[member]
	}
	return evidence.Center(d.a.Registry, d.evidence.Identities, d.solution.Shared, members)
}

// spans turns runs of owners into whose a set is when; neighbours with one customer are one span.
func (d *redoing) spans(runs []evidence.Run, holder Row) []Span {
	var spans []Span
	for _, run := range runs {
		row := holder
		if run.Owner >= 0 {
			row = d.group[d.solution.Customer[run.Owner]]
		}
		since := run.Since
		if len(spans) == 0 {
			since = Beginning
		} else if spans[len(spans)-1].Row == row {
			continue
		} else {
			spans[len(spans)-1].Until = since
		}
		spans = append(spans, Span{Since: since, Until: End, Row: row})
	}
	return spans
}

// loadRuns finds, of the weak identities that sets are anchored at and that several people showed, whose they were when.
func (d *redoing) loadRuns(ctx context.Context) (map[int][]evidence.Run, error) {
	anchored := map[int]bool{} // weak identities that are the strongest of a set
	ties := map[int]map[int][]*partSet{}
	for _, set := range d.living {
		center := d.center(set)
		if center < 0 {
			continue
		}
		strong := d.a.strong(d.evidence.Identities[center].Type)
		if !strong && !d.solution.Shared[center] {
			anchored[center] = true
		}
		if !strong || d.solution.Shared[center] {
			continue
		}
		for _, member := range set.members {
			if e := d.place[member]; !d.a.strong(d.evidence.Identities[e].Type) {
				if ties[e] == nil {
					ties[e] = map[int][]*partSet{}
				}
				ties[e][center] = append(ties[e][center], set)
			}
		}
	}
	unlinked := map[int][]time.Time{}
	for _, one := range d.decisions {
		if i, loaded := d.at[one.identity]; loaded && one.kind == "unlink" && d.place[i] >= 0 {
			unlinked[d.place[i]] = append(unlinked[d.place[i]], one.since)
		}
	}
	runs := map[int][]evidence.Run{}
	d.handedAt = map[int]time.Time{}
	for weak, owners := range ties {
		if len(unlinked[weak]) > 0 || !d.oneOwner(weak, owners) {
			all, err := d.loadTies(ctx, owners, len(unlinked[weak]) > 0)
			if err != nil {
				return nil, err
			}
			owned := evidence.Owners(d.a.Registry, d.evidence.Identities, all, unlinked[weak])
			d.handedAt[weak] = d.handedSince(weak, owned)
			if anchored[weak] {
				runs[weak] = owned
			}
		}
	}
	return runs, nil
}

// handedSince is since when a weak identity has been its customer's without a break; the end of time when its last owner is somebody else.
func (d *redoing) handedSince(weak int, runs []evidence.Run) time.Time {
	since := End
	for _, run := range slices.Backward(runs) {
		if run.Owner < 0 || d.solution.Customer[run.Owner] != d.solution.Customer[weak] {
			break
		}
		since = run.Since
	}
	if since.Before(Beginning) {
		since = Beginning
	}
	return since
}

// oneOwner tells that all who showed a weak identity are the customer that holds it.
func (d *redoing) oneOwner(weak int, owners map[int][]*partSet) bool {
	for owner := range owners {
		if d.solution.Customer[owner] != d.solution.Customer[weak] {
			return false
		}
	}
	return true
}

// loadTies reads when sets tied a weak identity to its owners. Of ties that follow one another with one owner the first is enough, unless
// an unlinking cuts between them.
func (d *redoing) loadTies(ctx context.Context, owners map[int][]*partSet, all bool) ([]evidence.Tie, error) {
	centers := slices.SortedFunc(maps.Keys(owners), func(a, b int) int { return compareByName(d.evidence.Identities[a], d.evidence.Identities[b]) })
	var sets, places []int64
	var ties []evidence.Tie
	for place, center := range centers {
		for _, set := range owners[center] {
			sets, places = append(sets, set.id), append(places, int64(place))
			if set.batch != nil {
				for _, at := range set.batch.Times {
					ties = append(ties, evidence.Tie{At: at, Owner: center})
				}
			}
		}
	}
	var args store.Args
	given := store.Relation(d.tx.Dialect(), "given", &args, store.Int64s("id", sets), store.Int64s("owner", places))
	statement := "SELECT t.owner, t.at FROM (SELECT given.owner, r.occurred_at AS at FROM " + given + " JOIN events r ON r.set_id = given.id UNION ALL" +
		" SELECT given.owner, r.occurred_at FROM " + given + " JOIN records r ON r.set_id = given.id AND r.quiet) AS t"
	if !all && len(ties) == 0 {
		statement = "SELECT t.owner, t.at FROM (SELECT t.owner, t.at, lag(t.owner) OVER (ORDER BY t.at, t.owner) AS before FROM (" + statement + ") AS t) AS t" +
			" WHERE t.before IS NULL OR t.before <> t.owner"
	}
	found, err := d.tx.Query(ctx, statement, args...)
	stored, err := store.Collect(found, err, func(row store.Row, into *evidence.Tie) error {
		var at store.Instant
		err := row.Scan(&into.Owner, &at)
		into.At = at.Time
		return err
	})
	for i := range stored {
		stored[i].Owner = centers[stored[i].Owner]
	}
	return append(ties, stored...), err
}

// compareByName compares by (type, scope, value).
func compareByName(a, b identity.Identity) int {
	return cmp.Or(cmp.Compare(a.Type, b.Type), cmp.Compare(a.Scope, b.Scope), cmp.Compare(a.Value, b.Value))
}
