package dbtest_test

import (
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/onecdp/onecdp/internal/dbtest"
	"github.com/onecdp/onecdp/internal/store"
)

func TestEachGivesEveryTestAMigratedDatabaseOfItsOwn(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	seen := map[string]bool{}
	for range 3 {
		dbtest.EachURL(t, func(t *testing.T, databaseURL string) {
			mu.Lock()
			defer mu.Unlock()
			if seen[databaseURL] {
				t.Errorf("given twice: %s", databaseURL)
			}
			seen[databaseURL] = true
		})
	}
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		pending, err := db.Pending(t.Context())
		if err != nil || pending {
			t.Errorf("migrations wait: %v, %v", pending, err)
		}
	})
}

func TestEachEmptyGivesDatabasesToMigrate(t *testing.T) {
	t.Parallel()
	dbtest.EachEmpty(t, func(t *testing.T, databaseURL string) {
		applied, err := dbtest.Open(t, databaseURL).Migrate(t.Context())
		if err != nil || len(applied) == 0 {
			t.Errorf("applied %q, %v", applied, err)
		}
	})
}

func TestSharedFindsTheSpecification(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(dbtest.Shared(t, "contract.graphql"))
	if err != nil || !strings.Contains(string(text), "type Query") {
		t.Errorf("not the contract: %v", err)
	}
}

func BenchmarkDatabaseOfOnesOwn(b *testing.B) {
	dbtest.Bench(b, func(b *testing.B, db *store.DB) {
		for b.Loop() {
			if err := db.Ping(b.Context()); err != nil {
				b.Fatal(err)
			}
		}
	})
}
