// Package together keeps the number of statements of a request constant.
//
// Objects that were read together form a group: the customers of a page, the events of all of them. Queries ask the same
// fields, with the same arguments, of every member. So when the first member is asked for something, it is loaded for the whole
// group, in one statement, and what was loaded forms the next group. Nothing waits for others to ask, and nothing is loaded that
// nobody asks for.
package together

import (
	"context"
	"sync"
)

// Group is objects that were read together. It is safe for concurrent use.
type Group[T any] struct {
	// Members are the objects. Nobody changes the list.
	Members []T

	mu     sync.Mutex
	loaded map[any]*loading
}

type loading struct {
	once   sync.Once
	values any
	err    error
}

// Load gives what each member has, in the order of the members. load runs once for a key; the key names the field and its arguments.
func Load[T, V any](ctx context.Context, g *Group[T], key any, load func(ctx context.Context, members []T) ([]V, error)) ([]V, error) {
	found := g.loading(key)
	found.once.Do(func() { found.values, found.err = load(ctx, g.Members) })
	if found.err != nil {
		return nil, found.err
	}
	return found.values.([]V), nil
}

// Put keeps what each member has for a key, when it has been loaded by other means. What was loaded before stays.
func Put[T, V any](g *Group[T], key any, values []V) {
	found := g.loading(key)
	found.once.Do(func() { found.values = values })
}

func (g *Group[T]) loading(key any) *loading {
	g.mu.Lock()
	defer g.mu.Unlock()
	found := g.loaded[key]
	if found == nil {
		if g.loaded == nil {
			g.loaded = map[any]*loading{}
		}
		found = &loading{}
		g.loaded[key] = found
	}
	return found
}
