package access

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/onecdp/onecdp/internal/store"
)

const (
	usePrecision = time.Minute      // to which the time of use is kept
	useInterval  = 30 * time.Second // between two statements that write them
	firstUse     = time.Second      // until the first statement, so that a new key is soon seen to work
)

// uses remembers when keys were used and writes it now and then, behind the backs of the requests.
type uses struct {
	db *store.DB

	mu      sync.Mutex
	pending map[int64]time.Time // by the number of the key
	timer   *time.Timer         // set while something is pending
	written bool                // something was, so that the next time waits for the whole interval
	closed  bool
	writing sync.Mutex // held while writing
}

// note remembers that a key was used; stored is what the database says.
func (u *uses) note(id int64, stored *time.Time, now time.Time) {
	minute := now.UTC().Truncate(usePrecision)
	if stored != nil && !stored.Before(minute) {
		return
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.closed || !u.pending[id].Before(minute) {
		return
	}
	if u.pending == nil {
		u.pending = map[int64]time.Time{}
	}
	u.pending[id] = minute
	if u.timer == nil {
		wait := firstUse
		if u.written {
			wait = useInterval
		}
		u.timer = time.AfterFunc(wait, func() { _ = u.write(context.Background()) })
	}
}

// newest is the later one of what the database and this server know of a key's last use.
func (u *uses) newest(id int64, stored *time.Time) *time.Time {
	u.mu.Lock()
	defer u.mu.Unlock()
	if noted, ok := u.pending[id]; ok && (stored == nil || stored.Before(noted)) {
		return &noted
	}
	return stored
}

// write stores what is pending. What cannot be stored is pending again, and is tried with what comes next.
func (u *uses) write(ctx context.Context) error {
	u.writing.Lock()
	defer u.writing.Unlock()
	u.mu.Lock()
	noted := u.pending
	u.pending, u.written = nil, true
	if u.timer != nil {
		u.timer.Stop()
		u.timer = nil
	}
	u.mu.Unlock()
	if len(noted) == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, longestCheck)
	defer cancel()
	ids := slices.Sorted(maps.Keys(noted))
	times := make([]time.Time, len(ids))
	for i, id := range ids {
		times[i] = noted[id]
	}
	err := u.db.WithTx(ctx, func(tx *store.Tx) error {
		var args store.Args
		given := store.Relation(tx.Dialect(), "given", &args, store.Int64s("id", ids), store.Times("used", times))
		_, err := tx.Exec(ctx, "UPDATE api_keys SET last_used_at = given.used FROM "+given+
			" WHERE api_keys.id = given.id AND (api_keys.last_used_at IS NULL OR api_keys.last_used_at < given.used)", args...)
		return err
	})
	if err != nil {
		u.mu.Lock()
		defer u.mu.Unlock()
		for id, at := range u.pending {
			noted[id] = at
		}
		u.pending = noted
	}
	return err
}

// Close writes when keys were last used, what is not written yet. Callers are let in afterwards too, and not remembered.
func (s *Service) Close(ctx context.Context) error {
	s.uses.mu.Lock()
	s.uses.closed = true
	s.uses.mu.Unlock()
	return s.uses.write(ctx)
}
