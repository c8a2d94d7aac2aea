package transport

import "sync"

// How many WebSockets may be open. Each takes some 20 KB and, while nobody has signed in on it, nothing else: strangers get few places, so
// that they cannot take those of others.
const (
	mostSockets   = 10_000
	mostStrangers = 500
	mostOfKey     = 2_000
)

// sockets counts the open WebSockets.
type sockets struct {
	mu        sync.Mutex
	all       int
	strangers int
	byKey     map[string]int
}

func newSockets() *sockets { return &sockets{byKey: map[string]int{}} }

// place is that of one WebSocket among those that are open.
type place struct {
	sockets *sockets
	key     *string // nil: a stranger's
}

// open takes a place for a stranger; nil when there is none.
func (s *sockets) open() *place {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.all >= mostSockets || s.strangers >= mostStrangers {
		return nil
	}
	s.all++
	s.strangers++
	return &place{sockets: s}
}

// signIn gives the place to a key; false when it has too many.
func (p *place) signIn(key string) bool {
	p.sockets.mu.Lock()
	defer p.sockets.mu.Unlock()
	if p.sockets.byKey[key] >= mostOfKey {
		return false
	}
	p.sockets.byKey[key]++
	p.sockets.strangers--
	p.key = &key
	return true
}

// close gives the place back.
func (p *place) close() {
	p.sockets.mu.Lock()
	defer p.sockets.mu.Unlock()
	p.sockets.all--
	if p.key == nil {
		p.sockets.strangers--
		return
	}
	if p.sockets.byKey[*p.key]--; p.sockets.byKey[*p.key] == 0 {
		delete(p.sockets.byKey, *p.key)
	}
}
