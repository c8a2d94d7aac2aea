package oneid_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/onecdp/onecdp/internal/dbtest"
	"github.com/onecdp/onecdp/internal/identity"
	"github.com/onecdp/onecdp/internal/oneid"
	"github.com/onecdp/onecdp/internal/store"
)

// open is a server's service over a database.
func open(t *testing.T, db *store.DB) *oneid.Service {
	t.Helper()
	s, err := oneid.Open(t.Context(), db, oneid.Settings{Region: "CN", MaxIdentities: 500})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// define changes a type, and returns the number of the job.
func define(t *testing.T, s *oneid.Service, change oneid.TypeChange) int64 {
	t.Helper()
	_, job, err := s.DefineType(t.Context(), change, "tester")
	if err != nil {
		t.Fatal(err)
	}
	return job
}

func TestServersTakeOverEachOthersRules(t *testing.T) {
	t.Parallel()
	dbtest.EachURL(t, func(t *testing.T, databaseURL string) {
		here, there := open(t, dbtest.Open(t, databaseURL)), open(t, dbtest.Open(t, databaseURL))
		old := there.Rules()
		define(t, here, oneid.TypeChange{Name: "loyalty_card"})
		if _, known := here.TypeID("loyalty_card"); !known || here.Rules().Version <= old.Version {
			t.Error("who changed a type does not obey it")
		}
		if _, known := there.TypeID("loyalty_card"); known || there.Rules() != old {
			t.Error("known without having been told")
		}
		if err := there.Refresh(t.Context()); err != nil {
			t.Fatal(err)
		}
		number, known := there.TypeID("loyalty_card")
		if !known || there.TypeName(number) != "loyalty_card" || there.Rules().Version != here.Rules().Version {
			t.Error("not taken over")
		}
		if _, still := old.TypeID("loyalty_card"); still {
			t.Error("rules that were handed out have changed")
		}
		again := there.Rules()
		if err := there.Refresh(t.Context()); err != nil || there.Rules() != again {
			t.Errorf("read anew without need: %v", err)
		}
		if later := open(t, dbtest.Open(t, databaseURL)); later.Rules().Version != here.Rules().Version {
			t.Error("a new server begins with another version")
		}
	})
}

func TestAWatchingServerFollows(t *testing.T) {
	t.Parallel()
	dbtest.EachURL(t, func(t *testing.T, databaseURL string) {
		here, there := open(t, dbtest.Open(t, databaseURL)), open(t, dbtest.Open(t, databaseURL))
		ctx, stop := context.WithCancel(t.Context())
		var watching sync.WaitGroup
		watching.Go(func() { there.Watch(ctx, func(err error) { t.Error(err) }) })
		define(t, here, oneid.TypeChange{Name: "loyalty_card"})
		for deadline := time.Now().Add(10 * time.Second); there.Rules().Version != here.Rules().Version; time.Sleep(10 * time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatal("it does not follow")
			}
		}
		stop()
		watching.Wait()
	})
}

func TestATransactionSeesTheStoredVersion(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		s := open(t, db)
		undone := errors.New("undone")
		err := db.WithTx(t.Context(), func(tx *store.Tx) error {
			raised, err := oneid.RaiseVersion(t.Context(), tx)
			if err != nil {
				return err
			}
			rows, err := tx.Query(t.Context(), "SELECT "+s.VersionSQL())
			seen, err := store.Collect(rows, err, func(row store.Row, into *int64) error { return row.Scan(into) })
			if err != nil || len(seen) != 1 || seen[0] != raised || raised != s.Rules().Version+1 {
				t.Errorf("raised to %d, seen %v, %v", raised, seen, err)
			}
			return undone
		})
		if !errors.Is(err, undone) {
			t.Fatal(err)
		}
		before := s.Rules()
		if err := s.Refresh(t.Context()); err != nil || s.Rules() != before {
			t.Errorf("what was not committed counts: %v", err)
		}
	})
}

// block stores an operation that blocks an identity, which the database must hold.
func block(t *testing.T, db *store.DB, s *oneid.Service, operation int64, id identity.Identity, active bool) {
	t.Helper()
	number, _ := s.TypeID(id.Type)
	key := id.Key()
	err := db.WithTx(t.Context(), func(tx *store.Tx) error {
		_, err := tx.Exec(t.Context(), "INSERT INTO identities (id, type_id, scope, value, key, source_id) VALUES ($1, $2, $3, $4, $5, 1)",
			operation, number, id.Scope, id.Value, key[:])
		if err != nil {
			return err
		}
		_, err = tx.Exec(t.Context(), "INSERT INTO operations (id, kind, reason, actor, at, active) VALUES ($1, 'blockIdentity', '', '', $2, $3)", operation, tx.Now, active)
		if err != nil {
			return err
		}
		_, err = tx.Exec(t.Context(), "INSERT INTO decisions (operation_id, part, side, identity_id, kind) VALUES ($1, 0, 0, $1, 'block')", operation)
		if err != nil {
			return err
		}
		_, err = oneid.RaiseVersion(t.Context(), tx)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func TestWhatIsBlockedByHandIsDropped(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		s := open(t, db)
		claims := []identity.Claim{{Type: "member_no", Value: "M1"}, {Type: "email", Value: "First.Last@gmail.com"}}
		block(t, db, s, 10, identity.Identity{Type: "member_no", Value: "M1"}, false)
		if kept, dropped := s.Rules().Read(claims); len(kept) != 2 || len(dropped) != 0 {
			t.Errorf("an undone block counts: %v, %v", kept, dropped)
		}
		block(t, db, s, 11, identity.Identity{Type: "email", Value: "first.last@gmail.com"}, true)
		kept, dropped := s.Rules().Read(claims)
		if len(kept) != 1 || kept[0].Type != "member_no" || !slices.Equal(dropped, []identity.Dropped{{Index: 1, Type: "email", Reason: identity.Blocked}}) {
			t.Errorf("%v, %v", kept, dropped)
		}
		define(t, s, oneid.TypeChange{Name: "email", Normalizer: new("email_provider")})
		if kept, dropped = s.Rules().Read(claims); len(kept) != 1 || len(dropped) != 1 {
			t.Errorf("after the normalizer has changed: %v, %v", kept, dropped)
		}
	})
}
