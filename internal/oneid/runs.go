package oneid

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/onecdp/onecdp/internal/evidence"
	"github.com/onecdp/onecdp/internal/store"
)

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
		for _, member := range set.members {
			e := d.place[member]
			if d.solution.Shared[e] || d.solution.Shared[center] || d.a.strong(d.evidence.Identities[e].Type) == strong {
				continue
			}
			weak, owner := e, center
			if !strong { // a weak type may have the lower priority number
				weak, owner = center, e
			}
			if ties[weak] == nil {
				ties[weak] = map[int][]*partSet{}
			}
			ties[weak][owner] = append(ties[weak][owner], set)
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
			owned, err := d.runsOf(ctx, owners, unlinked[weak])
			if err != nil {
				return nil, err
			}
			d.handedAt[weak] = d.handedSince(weak, owned)
			if anchored[weak] {
				runs[weak] = owned
			}
		}
	}
	return runs, nil
}

// runsOf finds whose a weak identity was when. Where all who ever showed it are one customer their times are not needed: the first owner
// is so from the beginning.
func (d *redoing) runsOf(ctx context.Context, owners map[int][]*partSet, unlinked []time.Time) ([]evidence.Run, error) {
	customers, owner := map[int]bool{}, -1
	for owner = range owners {
		customers[d.solution.Customer[owner]] = true
	}
	if len(customers) == 1 && len(unlinked) == 0 {
		return []evidence.Run{{Owner: owner}}, nil
	}
	all, err := d.loadTies(ctx, owners, len(unlinked) > 0)
	return evidence.Owners(d.a.Registry, d.evidence.Identities, all, unlinked), err
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
	centers := slices.SortedFunc(maps.Keys(owners), func(a, b int) int { return d.evidence.Identities[a].CompareText(d.evidence.Identities[b]) })
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
