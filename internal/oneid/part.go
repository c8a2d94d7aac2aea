package oneid

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/onecdp/onecdp/internal/identity"
	"github.com/onecdp/onecdp/internal/store"
)

// Seeds are what a part of the evidence is gathered around.
type Seeds struct {
	Rows       []Row
	Identities []int64        // numbers; also of identities that nobody has
	Reconsider []int64        // shared identities whose evidence may have shrunk
	Anew       []int64        // identities that must be looked at again even if they are shared by many
	Batch      map[int64]*Set // sets whose records are not stored yet
	Sets       []int64        // numbers of sets that belong to it whoever is in them: nobody any more, or only shared identities
	Restated   map[int64]bool // sets whose statements have changed
	Before     *solved        // the part as it was before an operation; nil: as it was before the batch
}

// part is a part of the evidence as the tables hold it: everything that ties, accepted or not, what the seeds hold.
type part struct {
	rules *Rules

	rows map[Row]bool // customers it is about
	ids  []int64
	at   map[int64]int // the place of an identity's number
	what []identity.Identity
	own  []Row // 0: nobody's
	// shared identities are loaded but for those to be reconsidered without their evidence.
	shared, ruled, whole []bool
	stored               []bool      // shared, as the tables have it
	handed               []time.Time // since when weak identities are with their customers, as the tables have it

	sets      []*partSet
	decisions []decision
}

// partSet is a set of the part.
type partSet struct {
	id      int64
	members []int
	anchor  int64
	arrived time.Time
	spans   []Span
	// stretches are the times between which its records are seen alike: divided where identities were unlinked.
	stretches []stretch
	stored    []stretch // the same without the batch
	batch     *Set
	moved     bool // its anchor is another now
}

// withoutBatch is the part as it was before the records that are about to be stored.
func (p *part) withoutBatch() *part {
	past := *p
	past.sets = make([]*partSet, 0, len(p.sets))
	for _, set := range p.sets {
		if set.batch != nil {
			earlier := *set
			earlier.stretches, earlier.batch = set.stored, nil
			set = &earlier
		}
		past.sets = append(past.sets, set)
	}
	return &past
}

// decision is what an operation in force says of an identity.
type decision struct {
	operation int64
	group     int
	side      int
	identity  int64
	kind      string
	since     time.Time
}

// mates are the rows and all that belong to the same disputes, in ascending order.
func mates(ctx context.Context, q store.Querier, rows map[Row]bool) ([]Row, error) {
	if len(rows) == 0 {
		return nil, nil
	}
	var args store.Args
	given := store.Relation(q.Dialect(), "given", &args, store.Int64s("id", numbersOf(slices.Sorted(maps.Keys(rows)))))
	found, err := q.Query(ctx, "SELECT c.id FROM customers c WHERE c.id IN (SELECT id FROM "+given+
		") UNION SELECT m.id FROM customers m WHERE m.part_id IN (SELECT DISTINCT c.part_id FROM customers c WHERE c.part_id IS NOT NULL AND c.id IN (SELECT id FROM "+given+")) ORDER BY 1", args...)
	return store.Collect(found, err, func(row store.Row, into *Row) error { return row.Scan(into) })
}

// loadPart gathers a part around its seeds.
func (s *Service) loadPart(ctx context.Context, tx store.Querier, rules *Rules, seeds Seeds) (*part, error) {
	p := &part{rules: rules, rows: map[Row]bool{}, at: map[int64]int{}}
	reconsider := map[int64]bool{}
	for _, id := range seeds.Reconsider {
		reconsider[id] = true
	}
	rows, ids := map[Row]bool{}, map[int64]bool{}
	for _, row := range seeds.Rows {
		rows[row] = true
	}
	for _, id := range append(slices.Clone(seeds.Identities), seeds.Reconsider...) {
		ids[id] = true
	}
	sets := map[int64]*partSet{}
	if err := p.loadNamed(ctx, tx, seeds, sets, ids); err != nil {
		return nil, err
	}
	for len(rows)+len(ids) > 0 {
		added, err := p.loadIdentities(ctx, tx, rows, ids, reconsider)
		if err != nil {
			return nil, err
		}
		clear(rows)
		clear(ids)
		for _, i := range added {
			if row := p.own[i]; row != 0 && !p.rows[row] && p.whole[i] {
				rows[row] = true
			}
		}
		if err := p.loadSets(ctx, tx, added, sets, ids); err != nil {
			return nil, err
		}
		if err := p.loadDecisions(ctx, tx, added, ids); err != nil {
			return nil, err
		}
		if err := p.loadDerived(ctx, tx, added, ids); err != nil {
			return nil, err
		}
	}
	for _, id := range slices.Sorted(maps.Keys(sets)) {
		p.sets = append(p.sets, sets[id])
		sets[id].batch = seeds.Batch[id]
	}
	return p, p.loadTimes(ctx, tx)
}
