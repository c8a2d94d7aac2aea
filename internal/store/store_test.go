package store_test

import (
	"context"
	"testing"

	"github.com/onecdp/onecdp/internal/dbtest"
	"github.com/onecdp/onecdp/internal/store"
)

func TestMigrationsMakeWhatEntWants(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		drift, err := db.Drift(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		for _, statement := range drift {
			t.Error(statement)
		}
	})
}
