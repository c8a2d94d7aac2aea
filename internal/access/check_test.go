package access_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/onecdp/onecdp/internal/access"
	"github.com/onecdp/onecdp/internal/dbtest"
	"github.com/onecdp/onecdp/internal/fault"
	"github.com/onecdp/onecdp/internal/store"
)

func TestACrowdGetsEverybodysOwnAnswer(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		keys := access.New(db, "")
		secrets := make([]string, 20)
		for i := range secrets {
			secrets[i] = create(t, keys, fmt.Sprint("key", i), access.Scopes()[i%5])
		}
		var all sync.WaitGroup
		for i := range 400 {
			all.Go(func() {
				which := i % 25
				if which >= len(secrets) {
					if letsIn(t, keys, fmt.Sprintf("ocdp_%032d", i), time.Now()) {
						t.Error("a stranger came in with the crowd")
					}
					return
				}
				caller, err := keys.Authenticate(t.Context(), secrets[which], time.Now())
				if err != nil || caller.Name != fmt.Sprint("key", which) || len(caller.Scopes) != 1 || caller.Scopes[0] != access.Scopes()[which%5] {
					t.Errorf("key%d: %+v, %v", which, caller, err)
				}
			})
		}
		all.Wait()
	})
}

func TestRevocationIsEffectiveAtOnceInACrowd(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		server, other := access.New(db, ""), access.New(db, "")
		secret, stays := create(t, server, "goes", access.Read), create(t, server, "stays", access.Read)
		var (
			crowd   sync.WaitGroup
			revoked atomic.Bool
			stop    atomic.Bool
		)
		for range 16 {
			crowd.Go(func() {
				for !stop.Load() {
					before := revoked.Load()
					if letsIn(t, server, secret, time.Now()) && before {
						t.Error("let in after it was revoked")
						return
					}
					if !letsIn(t, server, stays, time.Now()) {
						t.Error("another key was refused")
						return
					}
				}
			})
		}
		time.Sleep(50 * time.Millisecond)
		if err := other.Revoke(t.Context(), "goes"); err != nil {
			t.Error(err)
		}
		revoked.Store(true)
		time.Sleep(50 * time.Millisecond)
		stop.Store(true)
		crowd.Wait()
		if letsIn(t, server, secret, time.Now()) {
			t.Error("let in after it was revoked")
		}
	})
}

func TestWhoGivesUpTakesNobodyAlong(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		keys := access.New(db, "")
		secret := create(t, keys, "one", access.Read)
		gone, cancel := context.WithCancel(t.Context())
		cancel()
		var all sync.WaitGroup
		for i := range 64 {
			all.Go(func() {
				if i%2 == 0 {
					if _, err := keys.Authenticate(gone, secret, time.Now()); err != nil && !errors.Is(err, context.Canceled) {
						t.Error(err)
					}
					return
				}
				if !letsIn(t, keys, secret, time.Now()) {
					t.Error("refused, because another gave up")
				}
			})
		}
		all.Wait()
	})
}

func TestAFailureReachesEverybody(t *testing.T) {
	t.Parallel()
	dbtest.EachURL(t, func(t *testing.T, databaseURL string) {
		db, err := store.Open(t.Context(), databaseURL)
		if err != nil {
			t.Fatal(err)
		}
		keys := access.New(db, "")
		secret := create(t, keys, "one", access.Read)
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() {
				if _, err := keys.Authenticate(t.Context(), secret, time.Now()); err == nil || code(err) == fault.Unauthenticated {
					t.Errorf("without a database: %v", err)
				}
			})
		}
		all.Wait()
	})
}

func TestUseIsRememberedToTheMinute(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		keys := access.New(db, "")
		secret := create(t, keys, "used", access.Read)
		create(t, keys, "unused", access.Read)
		at := time.Date(2030, time.May, 6, 7, 8, 59, 0, time.UTC)
		lastUse := func(service *access.Service, name string) *time.Time {
			key, err := service.ByName(t.Context(), name)
			if err != nil {
				t.Fatal(err)
			}
			return key.LastUsedAt
		}
		for _, moment := range []time.Time{at, at.Add(-2 * time.Minute), at.Add(-50 * time.Second)} {
			if !letsIn(t, keys, secret, moment) {
				t.Fatal("refused")
			}
		}
		minute := at.Truncate(time.Minute)
		if used := lastUse(keys, "used"); used == nil || !used.Equal(minute) {
			t.Errorf("before it is written: %v", used)
		}
		if err := keys.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		other := access.New(db, "")
		if used := lastUse(other, "used"); used == nil || !used.Equal(minute) {
			t.Errorf("after it is written: %v, want %v", used, minute)
		}
		if used := lastUse(other, "unused"); used != nil {
			t.Errorf("never used: %v", used)
		}
		letsIn(t, other, secret, at.Add(-time.Hour)) // a server whose clock is behind
		if err := other.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		if used := lastUse(other, "used"); used == nil || !used.Equal(minute) {
			t.Errorf("an earlier use came later: %v", used)
		}
	})
}

func TestUseIsWrittenByItself(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		keys, other := access.New(db, ""), access.New(db, "")
		secret := create(t, keys, "used", access.Read)
		letsIn(t, keys, secret, time.Now())
		for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(20 * time.Millisecond) {
			key, err := other.ByName(t.Context(), "used")
			if err != nil {
				t.Fatal(err)
			}
			if key.LastUsedAt != nil {
				break
			}
			if time.Now().After(deadline) {
				t.Fatal("not written")
			}
		}
		if err := keys.Close(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

func BenchmarkAuthenticate(b *testing.B) {
	dbtest.Bench(b, func(b *testing.B, db *store.DB) {
		keys := access.New(db, "")
		secret, _, err := keys.Create(b.Context(), "bench", []access.Scope{access.Read, access.Ingest}, nil)
		if err != nil {
			b.Fatal(err)
		}
		for _, callers := range []int{1, 16} {
			b.Run(fmt.Sprint(callers), func(b *testing.B) {
				b.ReportAllocs()
				var (
					left atomic.Int64
					all  sync.WaitGroup
				)
				left.Store(int64(b.N))
				for range callers {
					all.Go(func() {
						for left.Add(-1) >= 0 {
							if _, err := keys.Authenticate(b.Context(), secret, time.Now()); err != nil {
								b.Error(err)
								return
							}
						}
					})
				}
				all.Wait()
			})
		}
	})
}
