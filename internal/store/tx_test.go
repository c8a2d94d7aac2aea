package store_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/onecdp/onecdp/internal/dbtest"
	"github.com/onecdp/onecdp/internal/store"
)

func setting(tx *store.Tx, name string) error {
	return tx.Ent().Setting.Create().SetID(name).SetValue("x").Exec(context.Background())
}

func settings(t *testing.T, db *store.DB) int {
	t.Helper()
	n, err := db.Ent().Setting.Query().Count(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestTheWholeClosureRunsAgain(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		runs := 0
		err := db.WithTx(context.Background(), func(tx *store.Tx) error {
			runs++
			if err := setting(tx, "a"); err != nil {
				return err
			}
			if runs < 3 {
				return store.ErrStartOver
			}
			return nil
		})
		if err != nil || runs != 3 || settings(t, db) != 1 {
			t.Errorf("%d runs, %d rows: %v", runs, settings(t, db), err)
		}
	})
}

func TestAnErrorOrAPanicLeavesNothing(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		broken := errors.New("broken")
		if err := db.WithTx(context.Background(), func(tx *store.Tx) error { return errors.Join(setting(tx, "a"), broken) }); !errors.Is(err, broken) {
			t.Error(err)
		}
		func() {
			defer func() { _ = recover() }()
			_ = db.WithTx(context.Background(), func(tx *store.Tx) error {
				if err := setting(tx, "b"); err != nil {
					return err
				}
				panic("lost")
			})
		}()
		ctx, cancel := context.WithCancel(context.Background())
		if err := db.WithTx(ctx, func(tx *store.Tx) error {
			cancel()
			return errors.Join(setting(tx, "c"), broken)
		}); err == nil {
			t.Error("a transaction without a caller went through")
		}
		if err := db.WithTx(context.Background(), func(tx *store.Tx) error { return setting(tx, "d") }); err != nil {
			t.Errorf("the connection is spoilt: %v", err)
		}
		if n := settings(t, db); n != 1 {
			t.Errorf("%d rows, want the last one alone", n)
		}
	})
}

func TestNothingIsWrittenOutsideATransaction(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		if err := db.Ent().Setting.Create().SetID("a").SetValue("x").Exec(context.Background()); err == nil {
			t.Error("a write outside WithTx went through")
		}
	})
}

func TestTheTimeOfATransactionIsFixedAndExact(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		var written time.Time
		err := db.WithTx(context.Background(), func(tx *store.Tx) error {
			written = tx.Now
			return tx.Ent().Tag.Create().SetKey("k").SetName("k").SetKind("ATTRIBUTE").SetDefinition([]byte("{}")).SetCreatedAt(tx.Now).Exec(context.Background())
		})
		if err != nil {
			t.Fatal(err)
		}
		tag := db.Ent().Tag.Query().OnlyX(context.Background())
		if !tag.CreatedAt.Equal(written) || written.Nanosecond()%1000 != 0 {
			t.Errorf("wrote %v, read %v", written, tag.CreatedAt)
		}
	})
}

// More transactions than there are connections, each with statements that are new: none may wait for a
// connection that another transaction holds.
func TestTransactionsNeedOneConnectionEach(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		defer cancel()
		var all sync.WaitGroup
		for i := range 64 {
			all.Go(func() {
				err := db.WithTx(ctx, func(tx *store.Tx) error {
					rows, err := tx.Query(ctx, "SELECT name FROM settings WHERE name = $1 AND '"+string(rune('a'+i%26))+"' <> $2", "x", "y")
					if err != nil {
						return err
					}
					return rows.Close()
				})
				if err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
	})
}

func TestIDsAreNobodyElses(t *testing.T) {
	dbtest.EachURL(t, func(t *testing.T, databaseURL string) {
		servers := []*store.DB{dbtest.Open(t, databaseURL), dbtest.Open(t, databaseURL)}
		var (
			all  sync.WaitGroup
			mu   sync.Mutex
			seen = map[int64]bool{}
		)
		for i := range 16 {
			all.Go(func() {
				for range 20 {
					ids, err := servers[i%2].ReserveIDs(context.Background(), 700)
					if err != nil {
						t.Error(err)
						return
					}
					mu.Lock()
					for range 300 {
						id := ids.Next()
						if seen[id] {
							t.Errorf("%d twice", id)
						}
						seen[id] = true
					}
					mu.Unlock()
					servers[i%2].ReturnIDs(ids)
				}
			})
		}
		all.Wait()
	})
}
