package oneid

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/onecdp/onecdp/internal/store"
)

// writeIdentities gives identities to their customers.
func (d *redoing) writeIdentities(ctx context.Context) error {
	var numbers []int64
	var owners []*int64
	var shared []bool
	var handed []time.Time
	for i, number := range d.ids {
		if !d.whole[i] {
			continue
		}
		row, isShared := Row(0), false
		since := Beginning
		if e := d.place[i]; e >= 0 {
			row, isShared = d.group[d.solution.Customer[e]], d.solution.Shared[e]
			if at, disputed := d.handedAt[e]; disputed {
				since = at
			}
		}
		d.noteIdentity(i, row, isShared)
		if row == d.own[i] && isShared == d.stored[i] && since.Equal(d.handed[i]) {
			continue
		}
		var owner *int64
		if row != 0 {
			owner = new(int64(row))
		}
		numbers, owners, shared, handed = append(numbers, number), append(owners, owner), append(shared, isShared), append(handed, since)
		if row != d.own[i] {
			d.changed[row], d.changed[d.own[i]] = true, true
		}
	}
	if len(numbers) == 0 {
		return nil
	}
	var args store.Args
	given := store.Relation(d.tx.Dialect(), "given", &args, store.Int64s("id", numbers), store.NullInt64s("owner", owners), store.Bools("shared", shared), store.Times("handed_at", handed))
	_, err := d.tx.Exec(ctx, "UPDATE identities SET customer_id = given.owner, shared = given.shared, handed_at = nullif(given.handed_at, "+args.Bind(Beginning)+") FROM "+given+" WHERE identities.id = given.id", args...)
	return err
}

// noteIdentity tells the audit what became of an identity, where the ids that lead somewhere else do not tell it.
func (d *redoing) noteIdentity(i int, row Row, shared bool) {
	entry := auditEntry{identity: d.ids[i], before: d.before[d.own[i]]}
	if held := d.r.Customers[row]; held != nil && row != 0 {
		entry.after = held.Handle
	}
	switch {
	case entry.before == 0 && entry.after != 0:
		entry.kind = "joined"
	case entry.before != 0 && entry.after == 0:
		entry.kind = "left"
	case entry.before != entry.after && d.leads[entry.before] != row:
		entry.kind = "moved"
	}
	if entry.kind != "" {
		d.audit = append(d.audit, entry)
	}
	if shared != d.stored[i] {
		kind := "shared"
		if !shared {
			kind = "unshared"
		}
		d.audit = append(d.audit, auditEntry{kind: kind, rule: "shared", identity: d.ids[i], before: entry.before, after: entry.after})
	}
}

// writeHandles makes ids lead where they lead now, with all that belongs to them.
func (d *redoing) writeHandles(ctx context.Context) error {
	var numbers, births, seats []int64
	var rows []*int64
	var created []time.Time
	homes := map[Handle]Row{}
	for _, one := range d.handles {
		row := d.leads[one.id]
		var owner *int64
		if row != 0 {
			owner = new(int64(row))
		}
		if one.row == row && row != 0 && !one.reseated {
			continue
		}
		numbers, births, seats, rows, created = append(numbers, int64(one.id)), append(births, one.birth), append(seats, one.seat), append(rows, owner), append(created, one.created)
		if one.row != row {
			homes[one.id] = row
		}
	}
	columns := []store.Column{
		store.Int64s("id", numbers), store.NullInt64s("customer_id", rows), store.Int64s("birth_identity_id", births),
		store.Int64s("seat_identity_id", seats), store.Times("created_at", created),
	}
	if _, err := d.tx.InsertRows(ctx, "customer_handles", "ON CONFLICT (id) DO UPDATE SET customer_id = excluded.customer_id, seat_identity_id = excluded.seat_identity_id", columns...); err != nil {
		return err
	}
	if len(homes) == 0 {
		return nil
	}
	for _, follower := range d.followers {
		if err := follower.Rehome(ctx, d.tx, homes); err != nil {
			return err
		}
	}
	return nil
}

// writeSets gives sets to their owners; no event is touched.
func (d *redoing) writeSets(ctx context.Context) error {
	var gone, anchored []int64
	var anchors []*int64
	var numbers, owners []int64
	var dated []bool
	var since, until []time.Time
	for _, set := range d.sets {
		if set.moved {
			var anchor *int64
			if set.anchor != 0 {
				anchor = new(set.anchor)
			}
			anchored, anchors = append(anchored, set.id), append(anchors, anchor)
		}
		spans := d.owners[set.id]
		if sameSpans(set.spans, spans) {
			d.handOut(set, spans)
			continue
		}
		gone = append(gone, set.id)
		for _, span := range set.spans {
			d.golden[span.Row] = true
		}
		for _, span := range spans {
			d.golden[span.Row] = true
			numbers, owners, dated = append(numbers, set.id), append(owners, int64(span.Row)), append(dated, len(spans) > 1)
			since, until = append(since, span.Since), append(until, span.Until)
		}
		d.handOut(set, spans)
	}
	if len(anchored) > 0 {
		var args store.Args
		given := store.Relation(d.tx.Dialect(), "given", &args, store.Int64s("id", anchored), store.NullInt64s("anchor", anchors))
		if _, err := d.tx.Exec(ctx, "UPDATE identity_sets SET anchor_id = given.anchor FROM "+given+" WHERE identity_sets.id = given.id", args...); err != nil {
			return err
		}
	}
	if len(gone) > 0 {
		var args store.Args
		given := store.Relation(d.tx.Dialect(), "given", &args, store.Int64s("id", gone))
		if _, err := d.tx.Exec(ctx, "DELETE FROM set_owners WHERE set_id IN (SELECT id FROM "+given+")", args...); err != nil {
			return err
		}
	}
	_, err := d.tx.InsertRows(ctx, "set_owners", "", store.Int64s("set_id", numbers), store.Bools("dated", dated),
		store.Times("since", since), store.Times("until", until), store.Int64s("customer_id", owners))
	return err
}

// handOut tells the sets of the batch whose they are.
func (d *redoing) handOut(set *partSet, spans []Span) {
	if set.batch == nil {
		return
	}
	set.batch.Spans, set.batch.Anchor = slices.Clone(spans), set.anchor
	for i := range set.batch.Spans {
		if held := d.r.Customers[set.batch.Spans[i].Row]; held != nil {
			set.batch.Spans[i].Handle = held.Handle
		}
	}
}

func sameSpans(a, b []Span) bool {
	return slices.EqualFunc(a, b, func(x, y Span) bool { return x.Row == y.Row && x.Since.Equal(y.Since) && x.Until.Equal(y.Until) })
}

// writeCustomers notes what Save is to write of the customers that remain, and removes those that are no more.
func (d *redoing) writeCustomers(ctx context.Context) error {
	var gone []int64
	for _, row := range slices.Sorted(maps.Keys(d.rows)) {
		if _, remains := d.sizes[row]; !remains {
			gone = append(gone, int64(row))
			d.r.Gone = append(d.r.Gone, row)
			delete(d.r.Customers, row)
		}
	}
	for row, size := range d.sizes {
		held := d.r.Customers[row]
		if held.Size != size || held.Part != d.parts[row] || d.changed[row] {
			held.Joined = held.Joined || size > held.Size
			held.Left = held.Left || size < held.Size
			held.Size, held.Part, held.Changed = size, d.parts[row], true
		}
	}
	if len(gone) > 0 {
		var args store.Args
		given := store.Relation(d.tx.Dialect(), "given", &args, store.Int64s("id", gone))
		if _, err := d.tx.Exec(ctx, "DELETE FROM customers WHERE id IN (SELECT id FROM "+given+")", args...); err != nil {
			return err
		}
	}
	return d.writeGolden(ctx)
}

// writeGolden makes the golden records of those anew of whom other statements are now.
func (d *redoing) writeGolden(ctx context.Context) error {
	var rows []Row
	for _, row := range slices.Sorted(maps.Keys(d.golden)) {
		if d.r.Customers[row] != nil {
			rows = append(rows, row)
		}
	}
	if len(rows) == 0 {
		return nil
	}
	held := make([]*Customer, len(rows))
	for i, row := range rows {
		held[i] = d.r.Customers[row]
	}
	return d.Remake(ctx, d.tx, held, nil)
}

// tell writes the merges, which of them stand no more, and the audit.
func (d *redoing) tell(ctx context.Context) error {
	var merges []Merge
	for _, row := range slices.Sorted(maps.Keys(d.before)) {
		was := d.before[row]
		into := d.leads[was]
		if into == 0 {
			continue
		}
		if survivor := d.r.Customers[into].Handle; survivor != was {
			merges = append(merges, Merge{ID: d.a.Next(), Into: into, Survivor: survivor, Merged: was, Why: d.why(was, survivor), By: d.by})
			d.audit = append(d.audit, auditEntry{kind: "merged", rule: "same", before: was, after: survivor})
		}
	}
	for _, one := range d.handles {
		public := d.before[one.row]
		if one.row == 0 || one.id == public || d.leads[one.id] == d.leads[public] {
			continue
		}
		entry := auditEntry{kind: "split", before: public}
		if held := d.r.Customers[d.leads[one.id]]; held != nil {
			entry.after = held.Handle
			d.r.Split = append(d.r.Split, held.Row)
		}
		d.audit = append(d.audit, entry)
	}
	if err := d.undoMerges(ctx); err != nil {
		return err
	}
	d.r.Merges = append(d.r.Merges, merges...)
	if err := d.addSides(ctx, merges); err != nil {
		return err
	}
	if err := addMerges(ctx, d.tx, merges); err != nil {
		return err
	}
	if err := d.compareVerdicts(ctx); err != nil {
		return err
	}
	return addAudit(ctx, d.tx, d.a, d.audit, d.by)
}

// undoMerges marks the merges of ids that lead to different customers again.
func (d *redoing) undoMerges(ctx context.Context) error {
	var handles []int64
	for _, one := range d.handles {
		handles = append(handles, int64(one.id))
	}
	var args store.Args
	given := store.Relation(d.tx.Dialect(), "given", &args, store.Int64s("id", handles))
	rows, err := d.tx.Query(ctx, "SELECT m.id, m.survivor_id, m.merged_id FROM "+given+" JOIN merges m ON m.merged_id = given.id WHERE m.undone_at IS NULL", args...)
	type standing struct {
		id               int64
		survivor, merged Handle
	}
	found, err := store.Collect(rows, err, func(row store.Row, into *standing) error { return row.Scan(&into.id, &into.survivor, &into.merged) })
	if err != nil {
		return err
	}
	var undone []int64
	for _, one := range found {
		survivor, known := d.leads[one.survivor]
		if !known || survivor != d.leads[one.merged] || survivor == 0 {
			undone = append(undone, one.id)
		}
	}
	if len(undone) == 0 {
		return nil
	}
	args = nil
	given = store.Relation(d.tx.Dialect(), "given", &args, store.Int64s("id", undone))
	_, err = d.tx.Exec(ctx, "UPDATE merges SET undone_at = "+args.Bind(d.tx.Now)+" FROM "+given+" WHERE merges.id = given.id", args...)
	return err
}

// addSides notes what the customers of a merge held just before it: what unmerging keeps apart.
func (d *redoing) addSides(ctx context.Context, merges []Merge) error {
	rowOf := map[Handle]Row{}
	for row, handle := range d.before {
		rowOf[handle] = row
	}
	var sides []mergeSide
	for _, merge := range merges {
		for _, side := range []struct {
			handle   Handle
			survivor bool
		}{{merge.Survivor, true}, {merge.Merged, false}} {
			var strong, all []int64
			for i, number := range d.ids {
				if row, known := rowOf[side.handle]; known && d.own[i] == row {
					all = append(all, number)
					if d.a.strong(d.what[i].Type) {
						strong = append(strong, number)
					}
				}
			}
			if len(strong) == 0 {
				strong = all
			}
			for _, number := range strong {
				sides = append(sides, mergeSide{merge.ID, number, side.survivor})
			}
		}
	}
	return addSides(ctx, d.tx, sides)
}

// compareVerdicts tells the audit which links have another verdict than before.
func (d *redoing) compareVerdicts(ctx context.Context) error {
	was, err := d.earlier(ctx)
	if err != nil {
		return err
	}
	for pair, rule := range d.verdicts() {
		earlier, known := was[pair]
		delete(was, pair)
		if known && earlier == rule {
			continue
		}
		kind := "rejected"
		if rule == "same" {
			kind = "accepted"
		}
		d.audit = append(d.audit, auditEntry{kind: kind, rule: rule, identity: pair[0], other: pair[1]})
	}
	for pair := range was {
		if d.has(pair[0]) && d.has(pair[1]) {
			d.audit = append(d.audit, auditEntry{kind: "withdrawn", identity: pair[0], other: pair[1]})
		}
	}
	return nil
}

func (p *part) has(number int64) bool {
	_, loaded := p.at[number]
	return loaded
}

// verdicts are the links' verdicts, by the numbers of their ends.
func (v *solved) verdicts() map[[2]int64]string {
	all := map[[2]int64]string{}
	for _, link := range v.solution.Links {
		pair := [2]int64{v.ids[v.existing[link.A]], v.ids[v.existing[link.B]]}
		if all[pair] != "same" { // a forced link and a record's may tie the same two
			all[pair] = string(link.Reason)
		}
	}
	return all
}

// why says in words what joined two customers: the accepted link between what they held.
func (d *redoing) why(merged, survivor Handle) string {
	for _, link := range d.solution.Links {
		if !link.Accepted {
			continue
		}
		a, b := d.existing[link.A], d.existing[link.B]
		x, y := d.before[d.own[a]], d.before[d.own[b]]
		if x == merged && y == survivor || x == survivor && y == merged {
			return tieWords(link.Operation != 0, d.what[a].Type, d.what[b].Type)
		}
	}
	if d.by.Reason != "" {
		return d.by.Reason
	}
	return "all evidence together shows one person"
}
