package store_test

import (
	"context"
	"sync"
	"testing"

	"github.com/onecdp/onecdp/internal/dbtest"
	"github.com/onecdp/onecdp/internal/store"
)

func TestServersThatStartAtOnceMigrateOnce(t *testing.T) {
	dbtest.EachEmpty(t, func(t *testing.T, databaseURL string) {
		ctx := context.Background()
		var all sync.WaitGroup
		var mu sync.Mutex
		applied := 0
		for range 4 {
			all.Go(func() {
				db, err := store.Open(ctx, databaseURL)
				if err != nil {
					t.Error(err)
					return
				}
				defer db.Close()
				files, err := db.Migrate(ctx)
				if err != nil {
					t.Error(err)
				}
				mu.Lock()
				defer mu.Unlock()
				if len(files) > 0 {
					applied++
				}
			})
		}
		all.Wait()
		if applied != 1 {
			t.Errorf("%d servers migrated, want one", applied)
		}
	})
}

func TestAHandMadeChangeShowsAsDrift(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		ctx := context.Background()
		if err := db.WithTx(ctx, func(tx *store.Tx) error {
			_, err := tx.Exec(ctx, "ALTER TABLE tags ADD COLUMN colour text")
			return err
		}); err != nil {
			t.Fatal(err)
		}
		drift, err := db.Drift(ctx)
		if err != nil || len(drift) == 0 {
			t.Errorf("%q, %v", drift, err)
		}
	})
}
