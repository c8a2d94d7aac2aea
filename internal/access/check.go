package access

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"sync"
	"sync/atomic"
	"time"

	"github.com/onecdp/onecdp/internal/store"
)

const (
	mostChecked  = 256              // secrets in one statement
	longestCheck = 10 * time.Second // of one statement; its callers may be less patient
	mostListed   = 1000             // lists of scopes that are remembered
	gathering    = 300 * time.Microsecond
)

// keyRow is what is read of a key to let a caller in.
type keyRow struct {
	id            int64
	name          string
	scopes        []Scope // shared: read only
	digest        []byte
	previous      []byte
	previousUntil *time.Time
	expires       *time.Time
	revoked       bool
	lastUsed      *time.Time
}

// checks reads keys for many callers at once: who comes while a statement runs waits for the next one, which begins after
// they came and looks up what all of them sent. So every answer is as new as one of its own would be, and a crowd of callers
// costs two statements.
type checks struct {
	db *store.DB

	mu      sync.Mutex
	running bool
	waiting []*round // only the last one takes more callers

	lists sync.Map // of scopes by their JSON, []Scope by string
	count int      // of lists, under mu

	asked, rounds atomic.Int64
}

// round is one statement and those who wait for it.
type round struct {
	sent  map[digest]struct{}
	crowd int // how many wait
	done  chan struct{}
	found map[digest]*keyRow // when done
	err   error              // when done
}

// find returns the key with a digest, or that had it before its last rotation; nil when there is none.
func (c *checks) find(ctx context.Context, sent digest) (*keyRow, error) {
	c.asked.Add(1)
	mine := c.join(sent)
	select {
	case <-mine.done:
		return mine.found[sent], mine.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// join adds a digest to a statement that has not begun.
func (c *checks) join(sent digest) *round {
	c.mu.Lock()
	defer c.mu.Unlock()
	last := len(c.waiting) - 1
	if last < 0 || len(c.waiting[last].sent) >= mostChecked {
		c.waiting = append(c.waiting, &round{sent: map[digest]struct{}{}, done: make(chan struct{})})
		last++
	}
	c.waiting[last].sent[sent] = struct{}{}
	c.waiting[last].crowd++
	if !c.running {
		c.running = true
		go c.run()
	}
	return c.waiting[last]
}

// run works off the rounds until nobody waits.
func (c *checks) run() {
	for {
		c.mu.Lock()
		if len(c.waiting) == 0 {
			c.running = false
			c.mu.Unlock()
			return
		}
		next := c.waiting[0]
		c.waiting = c.waiting[1:]
		c.mu.Unlock()
		c.answer(next)
		if next.crowd > 1 { // they come in crowds: a moment gathers more of them than it costs each
			time.Sleep(gathering)
		}
	}
}

// answer runs the statement of a round. No caller's context is its own: one who gives up takes nobody along.
func (c *checks) answer(r *round) {
	c.rounds.Add(1)
	defer close(r.done)
	defer func() {
		if cause := recover(); cause != nil {
			r.found, r.err = nil, fmt.Errorf("access: a panic of kind %T", cause)
		}
	}()
	ctx, cancel := context.WithTimeout(context.Background(), longestCheck)
	defer cancel()
	r.found, r.err = c.read(ctx, r.sent)
}

func (c *checks) read(ctx context.Context, sent map[digest]struct{}) (map[digest]*keyRow, error) {
	digests := make([][]byte, 0, len(sent))
	for one := range maps.Keys(sent) {
		digests = append(digests, one[:])
	}
	var args store.Args
	given := store.Relation(c.db.Dialect(), "given", &args, store.Bytes("digest", digests))
	const columns = "SELECT k.id, k.name, k.scopes, k.digest, k.previous_digest, k.previous_until, k.expires_at, k.revoked_at IS NOT NULL, k.last_used_at FROM "
	query := columns + given + " JOIN api_keys k ON k.digest = given.digest UNION ALL " +
		columns + given + " JOIN api_keys k ON k.previous_digest = given.digest"
	rows, err := c.db.Query(ctx, query, args...)
	keys, err := store.Collect(rows, err, func(row store.Row, k *keyRow) error {
		var (
			scopes                     []byte
			until, expires, lastUsedAt store.Instant
		)
		if err := row.Scan(&k.id, &k.name, &scopes, &k.digest, &k.previous, &until, &expires, &k.revoked, &lastUsedAt); err != nil {
			return err
		}
		k.previousUntil, k.expires, k.lastUsed = timeOrNil(until), timeOrNil(expires), timeOrNil(lastUsedAt)
		var err error
		k.scopes, err = c.scopes(scopes)
		return err
	})
	if err != nil {
		return nil, err
	}
	found := make(map[digest]*keyRow, len(keys))
	for i := range keys {
		for _, known := range [][]byte{keys[i].previous, keys[i].digest} {
			if len(known) != len(digest{}) {
				continue
			}
			if one := digest(known); isIn(sent, one) {
				found[one] = &keys[i]
			}
		}
	}
	return found, nil
}

func isIn(sent map[digest]struct{}, one digest) bool {
	_, in := sent[one]
	return in
}

func timeOrNil(at store.Instant) *time.Time {
	if at.IsZero() {
		return nil
	}
	return &at.Time
}

// scopes reads a stored list of scopes, each text once.
func (c *checks) scopes(text []byte) ([]Scope, error) {
	if known, ok := c.lists.Load(string(text)); ok {
		list, _ := known.([]Scope)
		return list, nil
	}
	var list []Scope
	if err := json.Unmarshal(text, &list); err != nil {
		return nil, fmt.Errorf("access: the scopes of a key: %w", err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.count++; c.count <= mostListed {
		c.lists.Store(string(text), list)
	}
	return list, nil
}
