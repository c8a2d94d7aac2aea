package oneid

import (
	"maps"
	"slices"

	"github.com/onecdp/onecdp/internal/feed"
)

// Kinds are what the feed is told of a customer.
func (c *Customer) Kinds() []feed.Kind {
	var kinds []feed.Kind
	if c.Joined {
		kinds = append(kinds, feed.Identified)
	}
	if c.Left {
		kinds = append(kinds, feed.Divided)
	}
	if c.Attributed {
		kinds = append(kinds, feed.Attributed)
	}
	return kinds
}

// Changes are what the feed is told of a resolution, but for the customers that were told of already.
func (r *Resolution) Changes(told map[Row]bool) []feed.Change {
	var all []feed.Change
	for _, row := range slices.Sorted(maps.Keys(r.Customers)) {
		if kinds := r.Customers[row].Kinds(); len(kinds) > 0 && !told[row] {
			all = append(all, feed.Change{Kinds: kinds, Customer: int64(row)})
		}
	}
	for _, row := range r.Gone {
		all = append(all, feed.Change{Kinds: []feed.Kind{feed.Removed}, Customer: int64(row)})
	}
	for _, merge := range r.Merges {
		change := feed.Change{Kinds: []feed.Kind{feed.Merged}, Customer: int64(merge.Into), Subject: merge.ID}
		if held := r.Customers[merge.Into]; held != nil && held.Attributed {
			change.Kinds = append(change.Kinds, feed.Attributed)
		}
		all = append(all, change)
	}
	return all
}
