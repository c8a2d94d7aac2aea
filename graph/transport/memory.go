package transport

import (
	"context"
	"sync"
	"time"

	"golang.org/x/sync/semaphore"
)

// The memory for large bodies. What is parsed of one takes several times its length, so this is a tenth of what all may take together. A key
// has half of it: who sends slowly, or much, leaves room for others.
const (
	memoryOfAll = 4 * maxBody
	memoryOfKey = memoryOfAll / 2
	longestWait = 10 * time.Second // for a share
)

// memory lends shares of the memory for large bodies, to those who have waited longest first.
type memory struct {
	all *semaphore.Weighted

	mu    sync.Mutex
	byKey map[string]*keyMemory
}

// keyMemory is what one key may take; it is kept while somebody uses it.
type keyMemory struct {
	share *semaphore.Weighted
	users int
}

func newMemory() *memory {
	return &memory{all: semaphore.NewWeighted(memoryOfAll), byKey: map[string]*keyMemory{}}
}

// take waits for a share of some bytes, at most maxBody. It is false when none came free in time; otherwise give returns it.
func (m *memory) take(ctx context.Context, key string, bytes int64) (give func(), ok bool) {
	ctx, cancel := context.WithTimeout(ctx, longestWait)
	defer cancel()
	own := m.enter(key)
	if own.share.Acquire(ctx, bytes) != nil {
		m.leave(key, own)
		return nil, false
	}
	if m.all.Acquire(ctx, bytes) != nil {
		own.share.Release(bytes)
		m.leave(key, own)
		return nil, false
	}
	return sync.OnceFunc(func() {
		m.all.Release(bytes)
		own.share.Release(bytes)
		m.leave(key, own)
	}), true
}

func (m *memory) enter(key string) *keyMemory {
	m.mu.Lock()
	defer m.mu.Unlock()
	own := m.byKey[key]
	if own == nil {
		own = &keyMemory{share: semaphore.NewWeighted(memoryOfKey)}
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
