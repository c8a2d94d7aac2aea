package oneid

import (
	"maps"
	"slices"
	"sync"
)

// rememberedSets bounds how many sets a server remembers having seen; then it starts over.
const rememberedSets = 1 << 20

// guard keeps writers of this server that are about to show the same new identities from racing: one of them
// would wait for the other's commit and then start over. It is only about speed. What is right rests on the
// database, where other servers write too.
type guard struct {
	stripes [256]sync.Mutex // by the first byte of an identity's key

	mu   sync.RWMutex
	seen map[[16]byte]bool // sets that were stored: nothing is new about them, whatever else happens
}

// Guard waits for the writers of this server that are making customers of the same identities. Call it before
// the transaction, and release after it.
func (s *Service) Guard(sets []*Set) (release func()) {
	wanted := map[byte]bool{}
	s.guard.mu.RLock()
	for _, set := range sets {
		if s.guard.seen[set.Digest] {
			continue
		}
		for _, id := range set.Identities {
			wanted[id.Key()[0]] = true
		}
	}
	s.guard.mu.RUnlock()
	held := slices.Sorted(maps.Keys(wanted)) // one order for everybody
	for _, stripe := range held {
		s.guard.stripes[stripe].Lock()
	}
	return func() {
		for _, stripe := range held {
			s.guard.stripes[stripe].Unlock()
		}
	}
}

// Remember notes that sets are stored, so that Guard lets them pass.
func (s *Service) Remember(sets []*Set) {
	s.guard.mu.Lock()
	defer s.guard.mu.Unlock()
	if s.guard.seen == nil || len(s.guard.seen) > rememberedSets {
		s.guard.seen = map[[16]byte]bool{}
	}
	for _, set := range sets {
		s.guard.seen[set.Digest] = true
	}
}
