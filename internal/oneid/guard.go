package oneid

import (
	"bytes"
	"slices"
	"sync"
)

// rememberedSets bounds how many sets a server remembers having seen; then it forgets them all.
const rememberedSets = 1 << 20

// guard keeps writers of this server that are about to show the same new identity from racing: one of them
// would wait for the other's commit and then start over. It is only about speed. What is right rests on the
// database, where other servers write too.
type guard struct {
	mu   sync.Mutex
	busy map[[16]byte]chan struct{} // identities in the hands of a writer, which closes the channel when done
	seen map[[16]byte]bool          // digests of sets that were stored: nothing about them is new, whatever else happens
}

// Guard waits for the writers of this server that are making customers of the same identities. Call it before
// the transaction, and release after it.
func (s *Service) Guard(sets []*Set) (release func()) {
	g := &s.guard
	wanted := g.newcomers(sets)
	done := make(chan struct{})
	for _, key := range wanted { // in one order for everybody, so that nobody waits in a circle
		for {
			g.mu.Lock()
			other := g.busy[key]
			if other == nil {
				g.busy[key] = done
			}
			g.mu.Unlock()
			if other == nil {
				break
			}
			<-other
		}
	}
	return func() {
		g.mu.Lock()
		for _, key := range wanted {
			delete(g.busy, key)
		}
		g.mu.Unlock()
		close(done)
	}
}

// newcomers lists the keys of the identities in sets that are not remembered, in ascending order.
func (g *guard) newcomers(sets []*Set) [][16]byte {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.busy == nil {
		g.busy = map[[16]byte]chan struct{}{}
	}
	var keys [][16]byte
	for _, set := range sets {
		if !g.seen[set.Digest] {
			for _, id := range set.Identities {
				keys = append(keys, id.Key())
			}
		}
	}
	slices.SortFunc(keys, func(a, b [16]byte) int { return bytes.Compare(a[:], b[:]) })
	return slices.Compact(keys)
}

// Remember notes that sets are stored, so that Guard lets them pass.
func (s *Service) Remember(sets []*Set) {
	g := &s.guard
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.seen == nil || len(g.seen) > rememberedSets {
		g.seen = map[[16]byte]bool{}
	}
	for _, set := range sets {
		g.seen[set.Digest] = true
	}
}
