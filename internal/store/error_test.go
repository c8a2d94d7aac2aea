package store_test

import (
	"context"
	"strings"
	"testing"

	"github.com/onecdp/onecdp/internal/dbtest"
	"github.com/onecdp/onecdp/internal/store"
)

// What a database says about a value that it could not take must not lead the value into a log.
func TestErrorsOfTheDatabaseDoNotQuoteValues(t *testing.T) {
	const secret = "13912345678x"
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		ctx := context.Background()
		for _, query := range []string{
			"SELECT CAST($1 AS date) FROM settings", "INSERT INTO settings (name, value) VALUES ($1, NULL)", "SELECT unknown_column FROM settings WHERE name = $1",
		} {
			err := db.WithTx(ctx, func(tx *store.Tx) error {
				if err := setting(tx, secret); err != nil {
					return err
				}
				rows, err := tx.Query(ctx, query, secret)
				_, err = store.Collect(rows, err, func(row store.Row, into *string) error { return row.Scan(into) })
				return err
			})
			if err != nil && strings.Contains(err.Error(), secret) {
				t.Errorf("%s: %v", query, err)
			}
		}
	})
}
