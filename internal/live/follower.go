package live

import (
	"context"
	"time"

	"github.com/onecdp/onecdp/internal/feed"
	"github.com/onecdp/onecdp/internal/profile"
	"github.com/onecdp/onecdp/internal/value"
)

// follower walks the chain of pages.
type follower struct {
	hub      *Hub
	admitted chan error    // has one message: nil, or why not
	over     chan struct{} // closed with err

	// Guarded by the hub's lock.
	page *page // the next to be told
	err  error // why it has ended
}

// Subscription tells what happens. One goroutine reads it.
type Subscription[T any] struct {
	follower *follower
	chosen   func(*content) []T
}

// Events tells every event that is stored after Events has returned and none that was stored before it was called, once; the
// events of one customer in the order in which they were stored. names are the names wanted; nil: all. Events that nobody owns,
// since all their identities were dropped, are not told. The subscription ends with ctx. It is an error when the database
// cannot be reached.
func (h *Hub) Events(ctx context.Context, names []string) (*Subscription[*profile.Event], error) {
	f, err := h.join(ctx)
	if err != nil {
		return nil, err
	}
	wanted := map[string]bool{}
	for _, name := range names {
		if clean, err := value.Text(name, nil); err == nil { // what cannot be stored is the name of no event
			wanted[clean] = true
		}
	}
	return &Subscription[*profile.Event]{f, func(told *content) []*profile.Event {
		if names == nil {
			return told.events
		}
		var some []*profile.Event
		for _, event := range told.events {
			if wanted[event.Name] {
				some = append(some, event)
			}
		}
		return some
	}}, nil
}

// Merges tells every merge of two customers, as Events does events.
func (h *Hub) Merges(ctx context.Context) (*Subscription[*profile.Merge], error) {
	f, err := h.join(ctx)
	if err != nil {
		return nil, err
	}
	return &Subscription[*profile.Merge]{f, func(told *content) []*profile.Merge { return told.merges }}, nil
}

// Next waits for what happens next and returns it: at least one. The list is not the caller's to change. The error is a
// *fault.Error when the subscription was ended, which is for good: the server stops, or the reader is too far behind. When the
// subscription's context or ctx has ended it is that context's.
func (s *Subscription[T]) Next(ctx context.Context) ([]T, error) {
	for {
		told, err := s.follower.turn(ctx)
		if err != nil {
			return nil, err
		}
		if some := s.chosen(told); len(some) > 0 {
			return some, nil
		}
	}
}

// turn waits for the next page to be filled, and takes it.
func (f *follower) turn(ctx context.Context) (*content, error) {
	page, err := f.place()
	if err != nil {
		return nil, err
	}
	select {
	case <-page.filled:
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-f.over:
		_, err := f.place()
		return nil, err
	}
	told := page.content.Load()
	if told == nil {
		if told, err = f.hub.again(ctx, page); err != nil {
			return nil, err
		}
	}
	f.hub.mu.Lock()
	defer f.hub.mu.Unlock()
	if f.err != nil {
		return nil, f.err
	}
	f.page = page.next
	return told, nil
}

func (f *follower) place() (*page, error) {
	f.hub.mu.Lock()
	defer f.hub.mu.Unlock()
	return f.page, f.err
}

// again reads a page whose content was let go. A database that does not answer is asked again until ctx ends.
func (h *Hub) again(ctx context.Context, p *page) (*content, error) {
	for failures := 1; ; failures++ {
		changes, err := feed.Again(ctx, h.db, p.source.from, p.source.first, p.source.last)
		if err == nil {
			var told *content
			if told, err = h.load(ctx, changes); err == nil {
				return told, nil
			}
		}
		select {
		case <-time.After(h.pause(failures)):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}
