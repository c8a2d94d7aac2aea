package oneid

import (
	"bytes"
	"context"
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
	seen map[[16]byte]bool          // digests of sets that have been through a transaction: little about them is new
}

// Guard waits for the writers of this server that are making customers of the same identities. Call it before
// the transaction, and release after it. It ends with an error only when ctx does.
func (s *Service) Guard(ctx context.Context, shown []Evidence) (release func(), err error) {
	g := &s.guard
	wanted := s.newcomers(shown)
	done := make(chan struct{})
	release = func() {
		g.mu.Lock()
		for _, key := range wanted {
			if g.busy[key] == done {
				delete(g.busy, key)
			}
		}
		g.mu.Unlock()
		close(done)
	}
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
			s.counters.waiting.Add(1)
			select {
			case <-other:
			case <-ctx.Done():
			}
			s.counters.waiting.Add(-1)
			if ctx.Err() != nil {
				release()
				return nil, ctx.Err()
			}
		}
	}
	return release, nil
}

// newcomers lists the keys of the identities that were not shown together before, and of the hashes of emails
// among them, in ascending order.
func (s *Service) newcomers(shown []Evidence) [][16]byte {
	g := &s.guard
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.busy == nil {
		g.busy = map[[16]byte]chan struct{}{}
	}
	var keys [][16]byte
	for _, one := range shown {
		if g.seen[one.Digest] {
			continue
		}
		for _, id := range one.Identities {
			keys = append(keys, id.Key())
			if hash, ok := s.Registry().Derived(id); ok {
				keys = append(keys, hash.Key())
			}
		}
	}
	slices.SortFunc(keys, func(a, b [16]byte) int { return bytes.Compare(a[:], b[:]) })
	return slices.Compact(keys)
}

// Remember notes what has been through a transaction, so that Guard lets it pass the next time.
func (s *Service) Remember(shown []Evidence) {
	g := &s.guard
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.seen == nil || len(g.seen) > rememberedSets {
		g.seen = map[[16]byte]bool{}
	}
	for _, one := range shown {
		g.seen[one.Digest] = true
	}
}
