// Package demo makes the demo world: a Chinese retail brand with shops, Tmall, a mini program, WeCom communities and
// Douyin, and the people who buy there. It is made from a seed, and goes in the way real data does.
package demo

import (
	"iter"
	"slices"
	"time"
)

// The world that the demo command makes.
const (
	DefaultSeed = 1
	People      = 2000
)

// World gives the records of a year in the lives of so many people, the well-known one first among them, ordered by the
// time when they happened, none after now. They are shaped like RecordInput.
//
// The same seed, people and now give the same records. Nearly everybody is one customer in the end; a few have a Tmall
// account that nothing ties to them.
func World(seed uint64, people int, now time.Time) iter.Seq[map[string]any] {
	return func(yield func(map[string]any) bool) {
		for _, h := range world(seed, people, now) {
			if !yield(h.record) {
				return
			}
		}
	}
}

func world(seed uint64, people int, now time.Time) []happening {
	now = now.Truncate(time.Second)
	var all []happening
	for number := range people {
		if number == knownNumber {
			all = append(all, knownPerson(now)...)
			continue
		}
		all = append(all, travel(newPerson(seed, number), now)...)
	}
	slices.SortStableFunc(all, func(a, b happening) int { return a.at.Compare(b.at) })
	return all
}
