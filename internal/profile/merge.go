package profile

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/onecdp/onecdp/internal/store"
)

// Merge tells that two customers turned out to be one.
type Merge struct {
	ID       int64
	Survivor Handle // the older one
	Merged   Handle
	Cause    string // record, operation, setting or match
	Reason   string
	Actor    string
	Record   int64 // the record that joined them; 0: none did
	MergedAt time.Time
	UndoneAt *time.Time // nil: it stands
}

const mergeColumns = "m.id AS id, m.survivor_id, m.merged_id, m.cause, m.reason, m.actor, m.record_id, m.merged_at AS merged_at, m.undone_at"

// Merges returns the merges of each customer, newest first, undone ones included. A merge is a customer's when one of the two handles
// it names leads to the customer now; after it was undone it may be that of two.
func (r *Reader) Merges(ctx context.Context, customers []Row) ([][]Merge, error) {
	if len(customers) == 0 {
		return nil, nil
	}
	var args store.Args
	given := store.Relation(r.db.Dialect(), "given", &args, distinct(customers))
	// Two probes joined by UNION: with OR neither of the indexes on merges would be used.
	half := "SELECT h.customer_id AS place, " + mergeColumns + " FROM " + given +
		" JOIN customer_handles h ON h.customer_id = given.customer JOIN merges m ON m."
	rows, err := r.db.Query(ctx, half+"survivor_id = h.id UNION "+half+"merged_id = h.id ORDER BY merged_at DESC, id DESC", args...)
	all, err := collectMerges(rows, err)
	if err != nil {
		return nil, err
	}
	share := map[Row][]Merge{}
	for _, m := range all {
		share[Row(m.place)] = append(share[Row(m.place)], m.Merge)
	}
	return inOrder(customers, share), nil
}

// MergesByID finds merges. The result is in order, nil where there is none.
func (r *Reader) MergesByID(ctx context.Context, ids []int64) ([]*Merge, error) {
	found := make([]*Merge, len(ids))
	if len(ids) == 0 {
		return found, nil
	}
	var args store.Args
	given := store.Relation(r.db.Dialect(), "given", &args, places(len(ids)), store.Int64s("id", ids))
	rows, err := r.db.Query(ctx, "SELECT given.place, "+mergeColumns+" FROM "+given+" JOIN merges m ON m.id = given.id", args...)
	all, err := collectMerges(rows, err)
	for i := range all {
		found[all[i].place] = &all[i].Merge
	}
	return found, err
}

type placedMerge struct {
	Merge

	place int64
}

func collectMerges(rows *sql.Rows, err error) ([]placedMerge, error) {
	all, err := store.Collect(rows, err, func(row store.Row, m *placedMerge) error {
		var (
			record         *int64
			merged, undone store.Instant
		)
		err := row.Scan(&m.place, &m.ID, &m.Survivor, &m.Merged, &m.Cause, &m.Reason, &m.Actor, &record, &merged, &undone)
		m.MergedAt = merged.Time
		if record != nil {
			m.Record = *record
		}
		if !undone.IsZero() {
			m.UndoneAt = &undone.Time
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read merges: %w", err)
	}
	return all, nil
}
