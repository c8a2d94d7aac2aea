package access_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/onecdp/onecdp/internal/access"
	"github.com/onecdp/onecdp/internal/dbtest"
	"github.com/onecdp/onecdp/internal/fault"
	"github.com/onecdp/onecdp/internal/store"
)

func letsIn(t *testing.T, keys *access.Service, secret string, at time.Time) bool {
	t.Helper()
	_, err := keys.Authenticate(t.Context(), secret, at)
	if err != nil && code(err) != fault.Unauthenticated {
		t.Error(err)
	}
	return err == nil
}

func rotate(t *testing.T, keys *access.Service, name, overlap string) (string, access.Key) {
	t.Helper()
	secret, key, err := keys.Rotate(t.Context(), name, &overlap)
	if err != nil {
		t.Fatal(err)
	}
	return secret, key
}

func TestARotatedKeyWorksWithBothSecretsForAWhile(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		keys, other := access.New(db, ""), access.New(db, "")
		first := create(t, keys, "crm", access.Read, access.Personal)
		second, key := rotate(t, keys, "crm", "PT2H")
		now := time.Now()
		if key.Name != "crm" || !strings.HasSuffix(second, key.Hint) || second == first || len(key.Scopes) != 2 {
			t.Errorf("%+v", key)
		}
		until := key.Overlap(now)
		if until == nil || until.Sub(now) > 2*time.Hour || until.Sub(now) < 2*time.Hour-time.Minute {
			t.Fatalf("overlap until %v", until)
		}
		if !letsIn(t, other, first, until.Add(-time.Microsecond)) || letsIn(t, other, first, *until) || !letsIn(t, other, second, until.Add(time.Hour)) {
			t.Error("the secret before works until the overlap ends, the new one on")
		}
		third, _ := rotate(t, other, "crm", "P90D")
		if letsIn(t, keys, first, now) || !letsIn(t, keys, second, now) || !letsIn(t, keys, third, now) {
			t.Error("the oldest of three secrets ends at once")
		}
		fourth, key := rotate(t, keys, "crm", "PT0S")
		if key.Overlap(now) != nil || letsIn(t, keys, third, now) || letsIn(t, keys, second, now) || !letsIn(t, keys, fourth, now) {
			t.Error("PT0S ends the present secret at once")
		}
	})
}

func TestRevokingEndsBothSecrets(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		keys, other := access.New(db, ""), access.New(db, "")
		first := create(t, keys, "crm", access.Read)
		second, _, err := keys.Rotate(t.Context(), "crm", nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := other.Revoke(t.Context(), "crm"); err != nil {
			t.Fatal(err)
		}
		if letsIn(t, keys, first, time.Now()) || letsIn(t, keys, second, time.Now()) {
			t.Error("a secret outlived its key")
		}
		key, err := keys.ByName(t.Context(), "crm")
		if err != nil || key.RevokedAt == nil || key.Overlap(time.Now()) != nil {
			t.Errorf("%+v, %v", key, err)
		}
	})
}

func TestTheExpiryEndsBothSecrets(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		keys := access.New(db, "")
		end := time.Now().Add(time.Hour).UTC().Truncate(time.Microsecond)
		first, _, err := keys.Create(t.Context(), "short", []access.Scope{access.Read}, &end)
		if err != nil {
			t.Fatal(err)
		}
		second, key := rotate(t, keys, "short", "P1D")
		if overlap := key.Overlap(time.Now()); overlap == nil || !overlap.Equal(end) {
			t.Errorf("overlap until %v, the key ends at %v", overlap, end)
		}
		if letsIn(t, keys, first, end) || letsIn(t, keys, second, end) {
			t.Error("a secret outlived its key")
		}
	})
}

func TestWhatCannotBeRotated(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		keys := access.New(db, "chosen")
		create(t, keys, "gone", access.Read)
		if err := keys.Revoke(t.Context(), "gone"); err != nil {
			t.Fatal(err)
		}
		soon := time.Now().Add(20 * time.Millisecond)
		if _, _, err := keys.Create(t.Context(), "late", []access.Scope{access.Read}, &soon); err != nil {
			t.Fatal(err)
		}
		secret := create(t, keys, "crm", access.Read)
		time.Sleep(time.Until(soon) + time.Millisecond)
		for _, c := range []struct {
			name, overlap string
			want          fault.Code
		}{
			{"gone", "P1D", fault.Conflict}, {"late", "P1D", fault.Conflict}, {"nobody", "P1D", fault.NotFound}, {"", "P1D", fault.NotFound},
			{"environment key", "P1D", fault.NotFound}, {"page session", "P1D", fault.NotFound},
			{"crm", "P91D", fault.BadUserInput}, {"crm", "P1Y", fault.BadUserInput}, {"crm", "P90DT0.000001S", fault.BadUserInput}, {"crm", "-P1D", fault.BadUserInput},
			{"crm", "", fault.BadUserInput}, {"crm", "1 day", fault.BadUserInput}, {"crm", "P999999999999Y", fault.BadUserInput},
		} {
			if made, _, err := keys.Rotate(t.Context(), c.name, &c.overlap); code(err) != c.want || made != "" {
				t.Errorf("%q %q: %v", c.name, c.overlap, err)
			}
		}
		if !letsIn(t, keys, secret, time.Now()) {
			t.Error("a refused rotation changed the secret")
		}
	})
}

func TestRotationsAtOnceLeaveTwoSecrets(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		keys := access.New(db, "")
		secrets := []string{create(t, keys, "crm", access.Read)}
		var (
			all sync.WaitGroup
			mu  sync.Mutex
		)
		for range 8 {
			all.Go(func() {
				secret, _ := rotate(t, keys, "crm", "P1D")
				mu.Lock()
				defer mu.Unlock()
				secrets = append(secrets, secret)
			})
		}
		all.Wait()
		working := 0
		for _, secret := range secrets {
			if letsIn(t, keys, secret, time.Now()) {
				working++
			}
		}
		if working != 2 {
			t.Errorf("%d of %d secrets work", working, len(secrets))
		}
	})
}
