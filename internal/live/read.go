package live

import (
	"context"
	"time"

	"github.com/onecdp/onecdp/internal/feed"
)

// longestPause bounds how long the hub waits before it asks a database again that failed.
const longestPause = 2 * time.Second

// reading is what the reading goroutine knows.
type reading struct {
	at   feed.Position // all before it is in the pages before tail
	tail *page         // the next page to be filled
	kept []*page       // the pages whose contents are kept, oldest first
	size int           // of their contents
}

// read follows the feed until nobody follows the hub any more.
func (h *Hub) read(ctx context.Context) {
	r := reading{tail: newPage()}
	failures := 0
	for {
		joining, deserted := h.newcomers()
		if deserted {
			h.refuse(joining, errClosed)
			return
		}
		now, err := feed.Now(ctx, h.db)
		if err == nil {
			err = h.readUntil(ctx, &r, now, joining)
		}
		if err != nil {
			failures++
			h.refuse(joining, err)
		} else {
			failures = 0
			h.admit(joining, r.tail)
		}
		h.wait(ctx, failures)
	}
}

// readUntil makes pages of what was committed since the last time. What fails is tried again from where it stood; only the end of
// ctx is an error. Those who want to join meanwhile learn what failed.
func (h *Hub) readUntil(ctx context.Context, r *reading, now feed.Position, joining []*follower) error {
	failures := 0
	for from := r.at.Until(now); r.at != now && from.Open() && h.followed(); {
		changes, next, err := feed.Read(ctx, h.db, from, h.limits.Page)
		var told *content
		if err == nil {
			told, err = h.load(ctx, changes)
		}
		if err != nil {
			failures++
			h.refuse(joining, err)
			h.wait(ctx, failures)
			if ctx.Err() != nil {
				return ctx.Err()
			}
			continue
		}
		failures = 0
		if !told.empty() {
			h.fill(r, told, source{from, changes[0].Number, changes[len(changes)-1].Number})
		}
		from = next
	}
	r.at = now
	return nil
}

// fill completes the last page, whose followers wait for it, and appends the next. Contents that are too old are let go.
func (h *Hub) fill(r *reading, told *content, from source) {
	done, next := r.tail, newPage()
	done.source, done.next = from, next
	done.content.Store(told)
	h.mu.Lock()
	h.filled++
	done.number = h.filled
	close(done.filled)
	h.endThoseBehind()
	h.mu.Unlock()
	r.tail = next
	r.kept = append(r.kept, done)
	for r.size += told.size; r.size > h.limits.Kept && len(r.kept) > 1; r.kept = r.kept[1:] {
		r.size -= r.kept[0].content.Swap(nil).size
	}
}

// followed tells whether there is anybody to read for.
func (h *Hub) followed() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.followers) > 0
}

// wait waits until it is time to look at the feed again; or until somebody joins, leaves or closes.
func (h *Hub) wait(ctx context.Context, failures int) {
	timer := time.NewTimer(h.pause(failures))
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-h.wake:
	case <-ctx.Done():
	}
}

// pause is how long to wait after so many failures in a row.
func (h *Hub) pause(failures int) time.Duration {
	return max(h.limits.Interval, min(h.limits.Interval<<min(failures, 10), longestPause))
}
