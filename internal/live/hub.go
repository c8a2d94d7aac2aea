// Package live tells events and merges when they are stored, through whatever server.
//
// A Hub follows the change feed while anybody follows the hub, and polls: one cheap statement at a time tells it whether
// anything was committed. What it reads becomes a chain of pages, and each follower walks the chain at its own pace. A follower
// that lags holds nobody up and no memory to speak of: the hub keeps the contents of the newest pages alone, and an older
// page is read again from the feed, where it is the same every time. So nothing is skipped and nothing told twice; only who is
// hopelessly behind is told so, and ended.
//
// Who joins is let in behind a reading of the feed's position that began after they had asked: they are told all that is
// committed after that, and nothing that was committed before they asked.
package live

import (
	"context"
	"sync"
	"time"

	"github.com/onecdp/onecdp/internal/fault"
	"github.com/onecdp/onecdp/internal/profile"
	"github.com/onecdp/onecdp/internal/store"
)

// Limits bound what a hub does and keeps.
type Limits struct {
	Interval time.Duration // from one look at the feed to the next
	Page     int           // changes, or about as many events, that are read at once
	Kept     int           // bytes of contents that are kept, roughly; at least the newest page is
	Behind   int           // pages that a follower may be behind the newest
}

// Defaults are the limits of a server. Twenty thousand pages are a quarter of an hour of a steady stream, or some millions of
// events of an import.
func Defaults() Limits {
	return Limits{Interval: 50 * time.Millisecond, Page: 500, Kept: 32 << 20, Behind: 20_000}
}

var (
	errBehind = fault.New(fault.RateLimited, "this subscription is too far behind what is stored, and has ended").
			WithHint("read faster, or ask for fewer names; what was not told can be read with a query")
	errClosed = fault.New(fault.Internal, "the server is stopping").WithHint("subscribe again")
)

// Hub follows the change feed for many followers. It is safe for concurrent use.
type Hub struct {
	db     *store.DB
	reader *profile.Reader
	limits Limits
	wake   chan struct{} // has a message when the reading goroutine has something to see to

	mu        sync.Mutex
	joining   []*follower
	followers map[*follower]bool
	running   bool // there is a reading goroutine
	closed    bool
	stop      context.CancelFunc // ends the reading goroutine
	ended     sync.WaitGroup
	filled    int // pages so far
}

// New returns a hub over a migrated database. It reads nothing until somebody follows.
func New(db *store.DB, reader *profile.Reader, limits Limits) *Hub {
	return &Hub{db: db, reader: reader, limits: limits, wake: make(chan struct{}, 1), followers: map[*follower]bool{}}
}

// Close ends all subscriptions with an error, and returns when the hub does not use the database any more.
func (h *Hub) Close() {
	h.mu.Lock()
	h.closed = true
	for f := range h.followers {
		h.end(f, errClosed)
	}
	if h.running {
		h.stop()
	}
	h.mu.Unlock()
	h.ended.Wait()
}

// join lets a follower in, until ctx ends. The error is ctx's, or the database's: nobody knows from where to tell.
func (h *Hub) join(ctx context.Context) (*follower, error) {
	f := &follower{hub: h, admitted: make(chan error, 1), over: make(chan struct{})}
	h.mu.Lock()
	if h.closed {
		h.mu.Unlock()
		return nil, errClosed
	}
	h.joining = append(h.joining, f)
	if !h.running {
		h.running = true
		var reading context.Context
		reading, h.stop = context.WithCancel(context.Background()) // for all followers, not for the first
		h.ended.Go(func() { h.read(reading) })
	}
	h.mu.Unlock()
	h.rouse()
	context.AfterFunc(ctx, func() { h.leave(f, ctx.Err()) })
	select {
	case err := <-f.admitted:
		return f, err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// leave ends a follower for a reason of its own.
func (h *Hub) leave(f *follower, reason error) {
	h.mu.Lock()
	h.end(f, reason)
	h.mu.Unlock()
	h.rouse()
}

// end ends a follower, once. The caller holds the lock.
func (h *Hub) end(f *follower, reason error) {
	if f.err == nil {
		f.err, f.page = reason, nil
		close(f.over)
	}
	delete(h.followers, f)
}

// rouse makes the reading goroutine look around at once.
func (h *Hub) rouse() {
	select {
	case h.wake <- struct{}{}:
	default:
	}
}

// newcomers takes those who want to join. Without them, and without followers, the reading goroutine is to end.
func (h *Hub) newcomers() (joining []*follower, deserted bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	joining, h.joining = h.joining, nil
	if h.closed || len(joining)+len(h.followers) == 0 {
		h.running = false
		return joining, true
	}
	return joining, false
}

// admit lets newcomers begin at a page.
func (h *Hub) admit(joining []*follower, at *page) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, f := range joining {
		if f.err == nil { // still there
			f.page = at
			h.followers[f] = true
			f.admitted <- nil
		}
	}
}

// refuse tells newcomers why they cannot be let in.
func (h *Hub) refuse(joining []*follower, reason error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	joining, h.joining = append(joining, h.joining...), nil
	for _, f := range joining {
		if f.err == nil { // neither gone nor refused before
			h.end(f, reason)
			f.admitted <- reason
		}
	}
}

// endThoseBehind ends the followers that are too far behind. The caller holds the lock.
func (h *Hub) endThoseBehind() {
	for f := range h.followers {
		if number, filled := f.page.place(); filled && h.filled-number > h.limits.Behind {
			h.end(f, errBehind)
		}
	}
}
