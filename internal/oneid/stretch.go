package oneid

import (
	"context"
	"slices"
	"time"

	"github.com/onecdp/onecdp/internal/store"
)

// stretch is what a set's records after lo and up to hi show.
type stretch struct {
	lo, hi      time.Time
	first, last *time.Time
}

func (s *partSet) living() bool {
	return slices.ContainsFunc(s.stretches, func(one stretch) bool { return one.first != nil })
}

// loadTimes turns members into places and finds out when each set was seen, from either end of an index.
func (p *part) loadTimes(ctx context.Context, tx store.Querier) error {
	unlinked := map[int64][]time.Time{}
	for _, one := range p.decisions {
		if one.kind == "unlink" {
			unlinked[one.identity] = append(unlinked[one.identity], one.since)
		}
	}
	type place struct{ set, stretch int }
	var (
		places     []place
		n, numbers []int64
		los, his   []time.Time
	)
	for i, set := range p.sets {
		cuts := []time.Time{}
		for j, member := range set.members {
			cuts = append(cuts, unlinked[int64(member)]...)
			set.members[j] = p.at[int64(member)]
		}
		slices.SortFunc(cuts, time.Time.Compare)
		lo := Beginning
		for _, cut := range append(slices.CompactFunc(cuts, time.Time.Equal), End) {
			n, numbers = append(n, int64(len(places))), append(numbers, set.id)
			los, his = append(los, lo), append(his, cut)
			places = append(places, place{i, len(set.stretches)})
			set.stretches = append(set.stretches, stretch{lo: lo, hi: cut})
			lo = cut
		}
	}
	if len(places) == 0 {
		return nil
	}
	var args store.Args
	given := store.Relation(tx.Dialect(), "given", &args, store.Int64s("n", n), store.Int64s("id", numbers), store.Times("lo", los), store.Times("hi", his))
	end := func(table, condition, order string) string {
		return ", (SELECT r.occurred_at FROM " + table + " r WHERE r.set_id = given.id AND r.occurred_at > given.lo AND r.occurred_at <= given.hi" + condition +
			" ORDER BY r.occurred_at " + order + ", r.id " + order + " LIMIT 1)"
	}
	found, err := tx.Query(ctx, "SELECT given.n"+end("events", "", "ASC")+end("events", "", "DESC")+
		end("records", " AND r.quiet", "ASC")+end("records", " AND r.quiet", "DESC")+" FROM "+given, args...)
	_, err = store.Collect(found, err, func(row store.Row, _ *struct{}) error {
		var number int
		var seen [4]*store.Instant
		if err := row.Scan(&number, &seen[0], &seen[1], &seen[2], &seen[3]); err != nil {
			return err
		}
		one := &p.sets[places[number].set].stretches[places[number].stretch]
		for _, at := range seen {
			if at != nil {
				one.see(at.Time)
			}
		}
		return nil
	})
	for _, set := range p.sets {
		if set.batch != nil {
			set.seeBatch()
		}
	}
	return err
}

// seeBatch adds the times of the records that are not stored yet, and keeps what there was without them.
func (s *partSet) seeBatch() {
	s.stored = slices.Clone(s.stretches)
	for _, at := range s.batch.Times {
		for i := range s.stretches {
			if one := &s.stretches[i]; at.After(one.lo) && !at.After(one.hi) {
				one.see(at)
			}
		}
	}
}

func (s *stretch) see(at time.Time) {
	if s.first == nil || at.Before(*s.first) {
		s.first = &at
	}
	if s.last == nil || at.After(*s.last) {
		s.last = &at
	}
}
