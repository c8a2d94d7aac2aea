package oneid

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"time"

	"github.com/onecdp/onecdp/internal/evidence"
	"github.com/onecdp/onecdp/internal/golden"
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
	d.sizes = map[Row]int{}
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
		var handle Handle
		created := d.tx.Now
		if best := shown[row]; best != nil {
			handle, created = best.id, best.created
		} else {
			one := d.born(customer, true)
			if home, seat := d.seatOf(one); home != row { // the records that came with the first have moved it on to somebody else already
				one.seat, d.leads[one.id] = seat, home
				d.handles = append(d.handles, one)
				one = d.born(customer, false)
			}
			handle = one.id
			d.handles = append(d.handles, one)
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

// seatOf finds the identity that an id goes by now, and who holds it. From one that was shared and is, it goes nowhere: else everybody who
// shows a shared number would take its id.
func (d *redoing) seatOf(one handleRow) (Row, int64) {
	moves := func(i int) bool {
		return d.whole[i] && (!d.stored[i] || d.place[i] < 0 || !d.solution.Shared[d.place[i]])
	}
	from, loaded := d.at[one.birth]
	if !loaded || !moves(from) { // where it had moved on to is where it goes on from
		if from, loaded = d.at[one.seat]; !loaded {
			return 0, one.seat
		}
	}
	e := d.place[from]
	if e < 0 {
		return 0, d.ids[from]
	}
	if moves(from) {
		shown := d.evidence
		shown.Shared = d.solution.Shared
		e = evidence.Seat(d.a.Registry, shown, d.arrivals, e, one.created, int64(one.id))
	}
	return d.group[d.solution.Customer[e]], d.ids[d.existing[e]]
}
