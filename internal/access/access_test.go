package access_test

import (
	"context"
	"errors"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/onecdp/onecdp/internal/access"
	"github.com/onecdp/onecdp/internal/dbtest"
	"github.com/onecdp/onecdp/internal/fault"
	"github.com/onecdp/onecdp/internal/store"
)

func code(err error) fault.Code {
	var f *fault.Error
	if errors.As(err, &f) {
		return f.Code
	}
	return ""
}

func create(t *testing.T, keys *access.Service, name string, scopes ...access.Scope) string {
	t.Helper()
	secret, _, err := keys.Create(t.Context(), name, scopes, nil)
	if err != nil {
		t.Fatal(err)
	}
	return secret
}

func TestASecretLetsItsKeyIn(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		keys := access.New(db, "")
		expires := time.Now().Add(time.Hour)
		secret, key, err := keys.Create(t.Context(), " 小程序 ", []access.Scope{access.Ingest, access.Read, access.Read}, &expires)
		if err != nil {
			t.Fatal(err)
		}
		if !regexp.MustCompile(`^ocdp_[0-9A-Za-z]{32}$`).MatchString(secret) || !strings.HasSuffix(secret, key.Hint) || len(key.Hint) != 4 {
			t.Errorf("secret %q, hint %q", secret, key.Hint)
		}
		caller, err := keys.Authenticate(t.Context(), secret, time.Now())
		if err != nil || caller.Name != "小程序" || caller.Session {
			t.Errorf("caller %+v, %v", caller, err)
		}
		if !caller.Has(access.Read) || !caller.Has(access.Ingest) || caller.Has(access.Manage) || caller.Has(access.Admin) || len(caller.Scopes) != 2 {
			t.Errorf("scopes %v", caller.Scopes)
		}
		list, err := keys.List(t.Context())
		if err != nil || len(list) != 1 || list[0].Name != "小程序" || !list[0].ExpiresAt.Equal(expires.Truncate(time.Microsecond)) {
			t.Errorf("list %+v, %v", list, err)
		}
	})
}

func TestOnlyTheDigestIsStored(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		secret := create(t, access.New(db, ""), "one", access.Read)
		row, err := db.Ent().APIKey.Query().Only(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if len(row.Digest) != 32 || strings.Contains(row.String(), secret) || strings.Contains(string(row.Digest), secret[5:]) {
			t.Errorf("stored: %v", row)
		}
	})
}

func TestWrongSecretsAreUnauthenticated(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		keys := access.New(db, "")
		secret := create(t, keys, "one", access.Read)
		for _, wrong := range []string{"", "x", "ocdp_", secret[:36], secret + "x", strings.ToUpper(secret), "ocdp_" + strings.Repeat("0", 32), "ocdp_" + strings.Repeat("\x00", 32)} {
			if _, err := keys.Authenticate(t.Context(), wrong, time.Now()); code(err) != fault.Unauthenticated {
				t.Errorf("%q: %v", wrong, err)
			}
		}
	})
}

func TestARevokedKeyIsDeadOnEveryServerAtOnce(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		one, other := access.New(db, ""), access.New(db, "")
		secret := create(t, one, "till", access.Ingest)
		if _, err := other.Authenticate(t.Context(), secret, time.Now()); err != nil {
			t.Fatal(err)
		}
		for range 2 { // again changes nothing
			if err := one.Revoke(t.Context(), "till"); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := other.Authenticate(t.Context(), secret, time.Now()); code(err) != fault.Unauthenticated {
			t.Errorf("revoked: %v", err)
		}
		for _, name := range []string{"nobody", "", "\x00", "page session"} {
			if err := one.Revoke(t.Context(), name); code(err) != fault.NotFound {
				t.Errorf("unknown name %q: %v", name, err)
			}
		}
		if _, _, err := one.Create(t.Context(), "till", []access.Scope{access.Read}, nil); code(err) != fault.Conflict {
			t.Errorf("the name of a revoked key: %v", err)
		}
	})
}

func TestAnExpiredKeyIsRefused(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		keys := access.New(db, "")
		past := time.Now().Add(-time.Second)
		if _, _, err := keys.Create(t.Context(), "late", []access.Scope{access.Read}, &past); code(err) != fault.BadUserInput {
			t.Errorf("made with a past expiry: %v", err)
		}
		end := time.Now().Add(time.Hour).Truncate(time.Microsecond)
		secret, _, err := keys.Create(t.Context(), "short", []access.Scope{access.Read}, &end)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := keys.Authenticate(t.Context(), secret, end.Add(-time.Microsecond)); err != nil {
			t.Errorf("before it expires: %v", err)
		}
		if _, err := keys.Authenticate(t.Context(), secret, end); code(err) != fault.Unauthenticated {
			t.Errorf("expired: %v", err)
		}
	})
}

func TestBadKeysAreRefused(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		keys := access.New(db, "")
		create(t, keys, "taken", access.Read)
		for _, c := range []struct {
			name   string
			scopes []access.Scope
			want   fault.Code
		}{
			{"taken", []access.Scope{access.Read}, fault.Conflict},
			{"page session", []access.Scope{access.Read}, fault.Conflict},
			{"", []access.Scope{access.Read}, fault.BadUserInput},
			{"a\nb", []access.Scope{access.Read}, fault.BadUserInput},
			{"a\x00b", []access.Scope{access.Read}, fault.BadUserInput},
			{"\xff", []access.Scope{access.Read}, fault.BadUserInput},
			{strings.Repeat("n", 256), []access.Scope{access.Read}, fault.BadUserInput},
			{"none", nil, fault.BadUserInput},
			{"root", []access.Scope{"root"}, fault.BadUserInput},
		} {
			if secret, _, err := keys.Create(t.Context(), c.name, c.scopes, nil); code(err) != c.want || secret != "" {
				t.Errorf("%.20q %v: %v", c.name, c.scopes, err)
			}
		}
	})
}

func TestTheFirstStartMakesOneAdminKey(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		if secret, err := access.New(db, "chosen by the operator").FirstStart(t.Context()); secret != "" || err != nil {
			t.Errorf("with a key of the operator: %q, %v", secret, err)
		}
		var (
			servers sync.WaitGroup
			mu      sync.Mutex
			secrets []string
		)
		for range 8 {
			servers.Go(func() {
				secret, err := access.New(db, "").FirstStart(t.Context())
				if err != nil {
					t.Error(err)
				}
				if secret != "" {
					mu.Lock()
					secrets = append(secrets, secret)
					mu.Unlock()
				}
			})
		}
		servers.Wait()
		if len(secrets) != 1 {
			t.Fatalf("%d secrets", len(secrets))
		}
		caller, err := access.New(db, "").Authenticate(t.Context(), secrets[0], time.Now())
		if err != nil || !caller.Has(access.Admin) || !caller.Has(access.Personal) {
			t.Errorf("%+v, %v", caller, err)
		}
	})
}

func TestTheOperatorsKeyHasEveryScope(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		keys := access.New(db, "chosen")
		caller, err := keys.Authenticate(t.Context(), "chosen", time.Now())
		if err != nil || len(caller.Scopes) != len(access.Scopes()) {
			t.Errorf("%+v, %v", caller, err)
		}
		if _, err := keys.Authenticate(t.Context(), "Chosen", time.Now()); code(err) != fault.Unauthenticated {
			t.Errorf("another key: %v", err)
		}
		if _, err := access.New(db, "").Authenticate(t.Context(), "", time.Now()); code(err) != fault.Unauthenticated {
			t.Errorf("no key where none is set: %v", err)
		}
	})
}

func TestSessionsAreShortAndNotAdmin(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		keys := access.New(db, "")
		now := time.Now()
		secret := keys.NewSession(now, time.Minute)
		caller, err := keys.Authenticate(t.Context(), secret, time.Now())
		if err != nil || !caller.Session || caller.Has(access.Admin) || !caller.Has(access.Manage) {
			t.Errorf("%+v, %v", caller, err)
		}
		if _, err := access.New(db, "").Authenticate(t.Context(), secret, time.Now()); code(err) != fault.Unauthenticated {
			t.Errorf("on another server: %v", err)
		}
		for _, late := range []time.Duration{time.Minute, time.Hour} {
			if _, err := keys.Authenticate(t.Context(), secret, now.Add(late)); code(err) != fault.Unauthenticated {
				t.Errorf("after %s: %v", late, err)
			}
		}
		for range 1000 {
			keys.NewSession(now, time.Hour)
		}
		if _, err := keys.Authenticate(t.Context(), secret, time.Now()); code(err) != fault.Unauthenticated {
			t.Errorf("the oldest session survived a flood: %v", err)
		}
	})
}

func TestRequireDeniesByDefault(t *testing.T) {
	t.Parallel()
	if err := access.Require(context.Background(), access.Read); code(err) != fault.Unauthenticated {
		t.Errorf("nobody: %v", err)
	}
	reader := access.WithCaller(context.Background(), access.Caller{Name: "r", Scopes: []access.Scope{access.Read}})
	if err := access.Require(reader, access.Read); err != nil {
		t.Errorf("read: %v", err)
	}
	if err := access.Require(reader, access.Manage); code(err) != fault.Forbidden {
		t.Errorf("manage: %v", err)
	}
}
