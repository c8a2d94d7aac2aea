package demo

import (
	"context"
	"fmt"
	"strconv"

	"github.com/onecdp/onecdp/internal/fault"
	"github.com/onecdp/onecdp/internal/store"
)

// The settings by which a database is known as a demo world's.
const (
	seedSetting   = "demo_seed"
	peopleSetting = "demo_people"
)

// Check refuses a migrated database that holds records of others, or the world of another seed or size. It changes nothing. The error is a
// CONFLICT.
func Check(ctx context.Context, db store.Querier, o Options) error {
	_, err := isMarked(ctx, db, o)
	return err
}

// Claim checks a database as Check does, and marks it as the world's own, so that Fill may be called, also again.
func Claim(ctx context.Context, db *store.DB, o Options) error {
	return db.WithTx(ctx, func(tx *store.Tx) error {
		marked, err := isMarked(ctx, tx, o)
		if err != nil || marked {
			return err
		}
		_, err = tx.InsertRows(ctx, "settings", "ON CONFLICT DO NOTHING", store.Texts("name", []string{seedSetting, peopleSetting}),
			store.Texts("value", []string{strconv.FormatUint(o.Seed, 10), strconv.Itoa(o.People)}))
		return err
	})
}

// isMarked says whether the database is marked as that of this world.
func isMarked(ctx context.Context, db store.Querier, o Options) (bool, error) {
	seed, err := text(ctx, db, "SELECT value FROM settings WHERE name = $1", seedSetting)
	if err != nil {
		return false, err
	}
	people, err := text(ctx, db, "SELECT value FROM settings WHERE name = $1", peopleSetting)
	if err != nil {
		return false, err
	}
	if seed != "" {
		if seed != strconv.FormatUint(o.Seed, 10) || people != strconv.Itoa(o.People) {
			return false, fault.New(fault.Conflict, "the world of seed %s with %s people is in this database: one of seed %d with %d needs a database of its own, "+
				"such as --database-url sqlite:data/demo-%d.db", seed, people, o.Seed, o.People, o.Seed)
		}
		return true, nil
	}
	campaigns := Campaigns()
	whole, err := text(ctx, db, "SELECT key FROM campaigns WHERE key = $1", campaigns[len(campaigns)-1].Key)
	if err != nil {
		return false, err
	}
	if whole != "" { // a world from before there were marks: its seed is not known, and it is not filled again
		return true, nil
	}
	found, err := text(ctx, db, "SELECT 'yes' FROM records LIMIT 1")
	if err == nil && found != "" {
		err = errOthers
	}
	return false, err
}

var errOthers = fault.New(fault.Conflict, "this database holds records that are not the demo world's. demo needs a database of its own: --database-url sqlite:data/demo.db")

// text asks for one value; "" when there is no row.
func text(ctx context.Context, db store.Querier, query string, args ...any) (string, error) {
	rows, err := db.Query(ctx, query, args...)
	found, err := store.Collect(rows, err, func(row store.Row, into *string) error { return row.Scan(into) })
	if err != nil {
		return "", fmt.Errorf("look whose database this is: %w", err)
	}
	if len(found) == 0 {
		return "", nil
	}
	return found[0], nil
}
