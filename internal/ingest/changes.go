package ingest

import (
	"github.com/onecdp/onecdp/internal/feed"
	"github.com/onecdp/onecdp/internal/oneid"
)

// changes tells the feed: one row per set, and one per customer that was merged into or is gone. A set that comes again after
// another of the same customer has a row for each time: a customer's events are told in the order of their records.
func changes(batch []*entry, resolution *oneid.Resolution) []feed.Change {
	var all []feed.Change
	place := map[*oneid.Set]int{}        // the row of a set
	newest := map[oneid.Row]*oneid.Set{} // the set a customer was seen by last
	for _, e := range batch {
		i, known := place[e.set]
		if known && e.set.Row != 0 && e.Event != nil && newest[e.set.Row] != e.set {
			known = false
		}
		if !known {
			i = len(all)
			place[e.set] = i
			all = append(all, ofSet(e.set, resolution))
		}
		newest[e.set.Row] = e.set
		if e.Event != nil {
			all[i].Events = append(all[i].Events, feed.EventKey{OccurredAt: e.OccurredAt, ID: e.id})
		}
	}
	for _, move := range resolution.Moves {
		all = append(all, feed.Change{Kinds: []feed.Kind{feed.Removed}, Customer: int64(move.From)})
	}
	for _, merge := range resolution.Merges {
		change := feed.Change{Kinds: []feed.Kind{feed.Merged}, Customer: int64(merge.Into), Subject: merge.ID}
		if resolution.Customers[merge.Into].Attributed {
			change.Kinds = append(change.Kinds, feed.Attributed)
		}
		all = append(all, change)
	}
	return all
}

// ofSet is the change of a set. It names the customer only where the transaction holds it locked: another may be
// merging it away.
func ofSet(set *oneid.Set, resolution *oneid.Resolution) feed.Change {
	change := feed.Change{Kinds: []feed.Kind{feed.Recorded}, Set: set.ID}
	if held := resolution.Customers[set.Row]; held != nil {
		change.Customer = int64(set.Row)
		if held.Joined {
			change.Kinds = append(change.Kinds, feed.Identified)
		}
		if held.Attributed {
			change.Kinds = append(change.Kinds, feed.Attributed)
		}
	}
	return change
}
