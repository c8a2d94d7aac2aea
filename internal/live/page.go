package live

import (
	"context"
	"slices"
	"sync/atomic"
	"time"

	"github.com/onecdp/onecdp/internal/feed"
	"github.com/onecdp/onecdp/internal/profile"
)

// page is a part of what happened, in a chain. All but content is set when filled is closed, and stays.
type page struct {
	filled  chan struct{}
	next    *page
	number  int // of the pages of this hub, from 1
	source  source
	content atomic.Pointer[content] // nil: let go, to be read again
}

// source is where the changes of a page stand in the feed.
type source struct {
	from        feed.Position
	first, last int64 // the numbers of the changes
}

func newPage() *page { return &page{filled: make(chan struct{})} }

// place is the page's number, if it is filled.
func (p *page) place() (number int, filled bool) {
	select {
	case <-p.filled:
		return p.number, true
	default:
		return 0, false
	}
}

// content is what a page tells. Nobody changes it.
type content struct {
	events []*profile.Event
	merges []*profile.Merge
	size   int // in bytes, roughly
}

func (c *content) empty() bool { return len(c.events)+len(c.merges) == 0 }

// overhead is what an event takes beside its properties, in bytes, roughly.
const overhead = 400

// always is after all events, those that lie in the future included.
var always = time.Date(20_000, time.January, 1, 0, 0, 0, 0, time.UTC)

// load reads the events and merges that changes speak of. Events that nobody owns are left out.
func (h *Hub) load(ctx context.Context, changes []feed.Change) (*content, error) {
	var (
		keys []profile.EventKey
		ids  []int64
		told content
	)
	for _, change := range changes {
		for _, key := range change.Events {
			keys = append(keys, profile.EventKey{Set: change.Set, OccurredAt: key.OccurredAt, ID: key.ID})
		}
		if slices.Contains(change.Kinds, feed.Merged) {
			ids = append(ids, change.Subject)
		}
	}
	events, err := h.reader.EventsByKey(ctx, keys, always)
	if err != nil {
		return nil, err
	}
	if told.merges, err = h.reader.MergesByID(ctx, ids); err != nil {
		return nil, err
	}
	told.events = slices.DeleteFunc(events, func(event *profile.Event) bool { return event == nil || event.Customer == 0 })
	told.merges = slices.DeleteFunc(told.merges, func(merge *profile.Merge) bool { return merge == nil })
	told.size = overhead * (len(told.events) + len(told.merges))
	for _, event := range told.events {
		told.size += len(event.Properties)
	}
	return &told, nil
}
