package store

import (
	"context"
	"sync"
)

// idBlock is how many ids a server draws at a time. What it has not used when it stops is lost,
// which costs nothing.
const idBlock = 8192

// idPool holds the ids this server has drawn and not given out. All numbered tables share one number
// space. Ids from a counter in blocks need no round trip per row, no sequence per shard, and are the same on
// both engines; across servers their order is not the order of arrival, so nothing rests on it.
type idPool struct {
	mu         sync.Mutex
	next, last int64 // [next, last) is free
}

// IDs is a supply of ids for one transaction.
type IDs struct{ next, last int64 }

// Next returns an id that nobody has. It panics when more are taken than were asked for.
func (ids *IDs) Next() int64 {
	if ids.next == ids.last {
		panic("store: more ids taken than reserved")
	}
	ids.next++
	return ids.next - 1
}

// Left is how many ids the supply holds.
func (ids *IDs) Left() int { return int(ids.last - ids.next) }

// ReserveIDs draws n ids. Call it before the transaction that uses them, once for all of its attempts.
func (db *DB) ReserveIDs(ctx context.Context, n int) (*IDs, error) {
	db.ids.mu.Lock()
	defer db.ids.mu.Unlock()
	if db.ids.last-db.ids.next < int64(n) {
		size := int64(max(n, idBlock))
		var end int64
		err := db.WithTx(ctx, func(tx *Tx) error {
			rows, err := tx.Query(ctx, "UPDATE id_blocks SET next = next + $1 RETURNING next", size)
			if err != nil {
				return err
			}
			ends, err := Collect(rows, nil, func(row Row, into *int64) error { return row.Scan(into) })
			if err == nil && len(ends) == 1 {
				end = ends[0]
			}
			return err
		})
		if err != nil {
			return nil, err
		}
		db.ids.next, db.ids.last = end-size, end
	}
	ids := &IDs{next: db.ids.next, last: db.ids.next + int64(n)}
	db.ids.next = ids.last
	return ids, nil
}

// ReturnIDs gives back what a transaction did not use, so that the ids of one server stay dense.
func (db *DB) ReturnIDs(ids *IDs) {
	db.ids.mu.Lock()
	defer db.ids.mu.Unlock()
	if db.ids.next == ids.last { // nobody has drawn since
		db.ids.next = ids.next
	}
	ids.last = ids.next
}
