package readbench

import (
	"context"
	"database/sql"
	"errors"

	"github.com/onecdp/onecdp/internal/profile"
	"github.com/onecdp/onecdp/internal/store"
)

// rowsOfEverybody are the customers by public id.
func rowsOfEverybody(ctx context.Context, db *store.DB) ([]profile.Customer, error) {
	rows, err := db.QueryFresh(ctx, "SELECT id, public_id FROM customers ORDER BY public_id")
	return store.Collect(rows, err, func(row store.Row, c *profile.Customer) error { return row.Scan(&c.Row, &c.Handle) })
}

// vacuum leaves the database as one that has been used for a while.
func vacuum(ctx context.Context, databaseURL string) (err error) {
	db, err := sql.Open("postgres", databaseURL)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	_, err = db.ExecContext(ctx, "VACUUM ANALYZE")
	return err
}
