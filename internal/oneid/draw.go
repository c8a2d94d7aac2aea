package oneid

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/onecdp/onecdp/internal/evidence"
	"github.com/onecdp/onecdp/internal/identity"
	"github.com/onecdp/onecdp/internal/store"
)

// takeBlocked draws the links that there would be if no operation blocked an end: from the strongest identity that counts in a set to each
// that it names and that is blocked. One that no record showed before it was blocked has no row, and no link.
func (d *drawing) takeBlocked(ctx context.Context, q store.Querier, wanted func(own Row) bool) error {
	sets := map[int64]*partSet{}
	for _, set := range d.solved.living {
		if i, known := d.solved.at[set.anchor]; known && wanted(d.solved.own[i]) {
			sets[set.id] = set
		}
	}
	if len(sets) == 0 {
		return nil
	}
	var args store.Args
	given := store.Relation(q.Dialect(), "given", &args, store.Int64s("id", slices.Sorted(maps.Keys(sets))))
	found, err := q.Query(ctx, "SELECT m.set_id, i.id, i.type_id, i.scope, i.value FROM "+given+" JOIN set_mentions m ON m.set_id = given.id JOIN identities i ON i.key = m.key"+
		" WHERE i.customer_id IS NULL ORDER BY m.set_id, i.id", args...)
	_, err = store.Collect(found, err, func(row store.Row, _ *struct{}) error {
		var set, number int64
		var typ int32
		var what identity.Identity
		if err := row.Scan(&set, &number, &typ, &what.Scope, &what.Value); err != nil {
			return err
		}
		what.Type = d.TypeName(typ)
		if d.Blocked[what] {
			d.takeMention(sets[set], number, what)
		}
		return nil
	})
	return err
}

func (d *drawing) takeMention(set *partSet, number int64, what identity.Identity) {
	d.what[number] = what
	pair := [2]int64{set.anchor, number}
	if d.Registry.Compare(what, d.what[set.anchor]) < 0 {
		pair = [2]int64{number, set.anchor}
	}
	edge := d.edges[pair]
	if edge == nil {
		edge = &drawn{Edge: Edge{A: pair[0], B: pair[1], Reason: string(evidence.Blocked)}}
		d.edges[pair] = edge
	}
	for _, one := range set.stretches {
		if one.first != nil {
			edge.sights = append(edge.sights, sight{set.id, *one.first, *one.last})
			edge.see(*one.first, *one.last)
		}
	}
}

// takeShared draws the links of shared identities that are customers of their own, from the newest sets that name them. They
// are all rejected, so nothing else is decided by what is not read.
func (d *drawing) takeShared(ctx context.Context, q store.Querier, most int, numbers []int64) error {
	if len(numbers) == 0 {
		return nil
	}
	p := &part{rules: d.Rules, rows: map[Row]bool{}, at: map[int64]int{}}
	var args store.Args
	given := store.Relation(q.Dialect(), "given", &args, store.Int64s("id", numbers))
	newest := "SELECT m.set_id FROM " + given + q.Dialect().FirstOfEach("identity_set_members", "m", "m.identity_id = given.id", "m.set_id DESC", args.Bind(int64(mostOfShared)))
	found, err := q.Query(ctx, "SELECT n.set_id, n.identity_id FROM identity_set_members n WHERE n.set_id IN ("+newest+") ORDER BY n.set_id, n.identity_id", args...)
	fresh, ids := map[int64][]int64{}, map[int64]bool{}
	_, err = store.Collect(found, err, func(row store.Row, _ *struct{}) error {
		var set, member int64
		if err := row.Scan(&set, &member); err != nil {
			return err
		}
		fresh[set], ids[member] = append(fresh[set], member), true
		return nil
	})
	if err != nil {
		return err
	}
	sets := map[int64]*partSet{}
	added, err := p.loadIdentities(ctx, q, nil, ids, nil)
	if err != nil {
		return err
	}
	if err := p.loadSetRows(ctx, q, fresh, sets); err != nil {
		return err
	}
	if err := p.loadDecisions(ctx, q, added, map[int64]bool{}); err != nil {
		return err
	}
	for _, id := range slices.Sorted(maps.Keys(sets)) {
		p.sets = append(p.sets, sets[id])
	}
	if err := p.loadTimes(ctx, q); err != nil {
		return err
	}
	v, center := p.solve(most), map[int]bool{}
	for _, number := range numbers {
		if i, known := p.at[number]; known {
			center[i] = true
		}
	}
	d.take(v, func(a, b int) bool { return center[a] || center[b] })
	return nil
}

// fill counts the records that show links, up to a bound for each, and finds who showed them first and when operations made them.
func (d *drawing) fill(ctx context.Context, q store.Querier, edges []*drawn) error {
	if err := d.countRecords(ctx, q, edges); err != nil {
		return err
	}
	operations := map[int64]time.Time{}
	for _, edge := range edges {
		if edge.Operation != 0 {
			operations[edge.Operation] = time.Time{}
		}
	}
	if len(operations) == 0 {
		return nil
	}
	var args store.Args
	given := store.Relation(q.Dialect(), "given", &args, store.Int64s("id", slices.Sorted(maps.Keys(operations))))
	found, err := q.Query(ctx, "SELECT o.id, o.at FROM "+given+" JOIN operations o ON o.id = given.id", args...)
	_, err = store.Collect(found, err, func(row store.Row, _ *struct{}) error {
		var id int64
		var at store.Instant
		err := row.Scan(&id, &at)
		operations[id] = at.Time
		return err
	})
	for _, edge := range edges {
		if at := operations[edge.Operation]; !at.IsZero() {
			edge.see(at, at)
		}
	}
	return err
}

func (d *drawing) countRecords(ctx context.Context, q store.Querier, edges []*drawn) error {
	places := map[sight]int{}
	var (
		n, sets      []int64
		firsts, last []time.Time
	)
	for _, edge := range edges {
		for _, one := range edge.sights {
			if _, known := places[one]; !known {
				places[one] = len(n)
				n, sets, firsts, last = append(n, int64(len(n))), append(sets, one.set), append(firsts, one.first), append(last, one.last)
			}
		}
	}
	if len(n) == 0 {
		return nil
	}
	var args store.Args
	given := store.Relation(q.Dialect(), "given", &args, store.Int64s("n", n), store.Int64s("id", sets), store.Times("lo", firsts), store.Times("hi", last))
	bound := args.Bind(int64(MostObservations))
	count := func(table, condition string) string {
		return "(SELECT count(*) FROM (SELECT 1 FROM " + table + " r WHERE r.set_id = given.id AND r.occurred_at >= given.lo AND r.occurred_at <= given.hi" + condition + " LIMIT " + bound + ") AS counted)"
	}
	first := func(table, condition string) string {
		return "(SELECT r.source_id FROM " + table + " r WHERE r.set_id = given.id AND r.occurred_at = given.lo" + condition + " ORDER BY r.id LIMIT 1)"
	}
	const quiet = " AND r.quiet AND NOT r.withdrawn"
	found, err := q.Query(ctx, "SELECT given.n, "+count("events", "")+", "+count("records", quiet)+", coalesce("+first("events", "")+", "+first("records", quiet)+", 0) FROM "+given, args...)
	counts, sources := make([]int, len(n)), make([]int32, len(n))
	_, err = store.Collect(found, err, func(row store.Row, _ *struct{}) error {
		var at, loud, silent int
		var source int32
		err := row.Scan(&at, &loud, &silent, &source)
		counts[at], sources[at] = loud+silent, source
		return err
	})
	if err == nil {
		err = q.LoadWords(ctx, store.Sources, sources)
	}
	for _, edge := range edges {
		if len(edge.sights) == 0 {
			continue
		}
		oldest := edge.sights[0]
		for _, one := range edge.sights {
			edge.Observations = min(edge.Observations+counts[places[one]], MostObservations)
			if one.first.Before(oldest.first) || one.first.Equal(oldest.first) && one.set < oldest.set {
				oldest = one
			}
		}
		if source := sources[places[oldest]]; source != 0 {
			edge.Source = d.db.Word(store.Sources, source)
		}
	}
	return err
}
