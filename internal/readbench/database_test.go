package readbench

import (
	"context"
	"database/sql"

	"github.com/onecdp/onecdp/internal/profile"
)

// rowsOfEverybody are the customers by public id.
func rowsOfEverybody(ctx context.Context, db *sql.DB) ([]profile.Customer, error) {
	rows, err := db.QueryContext(ctx, "SELECT id, public_id FROM customers ORDER BY public_id")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []profile.Customer
	for rows.Next() {
		var c profile.Customer
		if err := rows.Scan(&c.Row, &c.Handle); err != nil {
			return nil, err
		}
		all = append(all, c)
	}
	return all, rows.Err()
}

// vacuum leaves the database as one that has been used for a while.
func vacuum(ctx context.Context, db *sql.DB) error {
	_, err := db.ExecContext(ctx, "VACUUM ANALYZE")
	return err
}
