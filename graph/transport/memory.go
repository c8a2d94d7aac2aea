package transport

import (
	"context"
	"sync"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"golang.org/x/sync/semaphore"

	"github.com/onecdp/onecdp/graph/guard"
	"github.com/onecdp/onecdp/internal/access"
	"github.com/onecdp/onecdp/internal/fault"
)

// The memory for large bodies. What is parsed of one takes several times its length, so this is a tenth of what all may take together. A key
// has half of it: who sends slowly, or much, leaves room for others.
const (
	memoryOfAll = 4 * maxBody
	memoryOfKey = memoryOfAll / 2
	longestWait = 10 * time.Second // for a share
)

// The room for large answers, in points of their cost: an answer has some hundred bytes for each. It is held until the answer has been
// written, by readers who are slow too. The largest answer that there may be has all that a key has.
const (
	largeAnswer = guard.MostPoints / 10
	roomOfKey   = guard.MostPoints
	roomOfAll   = 4 * roomOfKey
)

// memory lends shares of what is short, to those who have waited longest first.
type memory struct {
	all   *semaphore.Weighted
	ofKey int64

	mu    sync.Mutex
	byKey map[string]*keyMemory
}

// keyMemory is what one key may take; it is kept while somebody uses it.
type keyMemory struct {
	share *semaphore.Weighted
	users int
}

func newMemory(ofAll, ofKey int64) *memory {
	return &memory{all: semaphore.NewWeighted(ofAll), ofKey: ofKey, byKey: map[string]*keyMemory{}}
}

// take waits for a share, at most what a key has. It is false when none came free in time; otherwise give returns it.
func (m *memory) take(ctx context.Context, key string, share int64) (give func(), ok bool) {
	ctx, cancel := context.WithTimeout(ctx, longestWait)
	defer cancel()
	own := m.enter(key)
	if own.share.Acquire(ctx, share) != nil {
		m.leave(key, own)
		return nil, false
	}
	if m.all.Acquire(ctx, share) != nil {
		own.share.Release(share)
		m.leave(key, own)
		return nil, false
	}
	return sync.OnceFunc(func() {
		m.all.Release(share)
		own.share.Release(share)
		m.leave(key, own)
	}), true
}

func (m *memory) enter(key string) *keyMemory {
	m.mu.Lock()
	defer m.mu.Unlock()
	own := m.byKey[key]
	if own == nil {
		own = &keyMemory{share: semaphore.NewWeighted(m.ofKey)}
		m.byKey[key] = own
	}
	own.users++
	return own
}

func (m *memory) leave(key string, own *keyMemory) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if own.users--; own.users == 0 {
		delete(m.byKey, key)
	}
}

var errNoRoom = &fault.Error{
	Code: fault.RateLimited, Message: "too many large answers are being made or read", Hint: "ask again in a moment, or for less at once",
	RetryAfter: time.Second,
}

// room waits until an operation that may have a large answer may begin. leave must be called when its answer has been written.
// The operation is that of the context.
func (h *Handler) room(ctx context.Context) (leave func(), err error) {
	points := int64(guard.Requested(ctx))
	if points < largeAnswer || graphql.GetOperationContext(ctx).Operation.Operation == ast.Subscription {
		return func() {}, nil
	}
	caller, _ := access.FromContext(ctx)
	leave, ok := h.rooms.take(ctx, caller.Name, min(points, roomOfKey))
	if !ok {
		return nil, errNoRoom
	}
	return leave, nil
}
