package ingest

import (
	"github.com/onecdp/onecdp/internal/feed"
	"github.com/onecdp/onecdp/internal/oneid"
)

// changes tells the feed: one row per set, and what else became of customers. A set that comes again after
// another of the same customer has a row for each time: a customer's events are told in the order of their records.
func changes(batch []*entry, resolution *oneid.Resolution) []feed.Change {
	type owned struct {
		set *oneid.Set
		row oneid.Row
	}
	var all []feed.Change
	place := map[owned]int{}             // the row of a set, for each of its owners
	newest := map[oneid.Row]*oneid.Set{} // the set a customer was seen by last
	told := map[oneid.Row]bool{}
	for _, e := range batch {
		row, _ := e.set.At(e.OccurredAt)
		key := owned{e.set, row}
		i, known := place[key]
		if known && row != 0 && e.Event != nil && newest[row] != e.set {
			known = false
		}
		if !known {
			i = len(all)
			place[key] = i
			all = append(all, ofSet(e.set, row, resolution))
			told[row] = true
		}
		newest[row] = e.set
		if e.Event != nil {
			all[i].Events = append(all[i].Events, feed.EventKey{OccurredAt: e.OccurredAt, ID: e.id})
		}
	}
	return append(all, resolution.Changes(told)...)
}

// ofSet is the change of a set. It names the customer only where the transaction holds it locked: another may be
// merging it away.
func ofSet(set *oneid.Set, row oneid.Row, resolution *oneid.Resolution) feed.Change {
	change := feed.Change{Kinds: []feed.Kind{feed.Recorded}, Set: set.ID}
	if held := resolution.Customers[row]; held != nil {
		change.Customer = int64(row)
		change.Kinds = append(change.Kinds, held.Kinds()...)
	}
	return change
}
