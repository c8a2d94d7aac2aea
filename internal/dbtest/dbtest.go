// Package dbtest gives tests their databases: every behaviour is tested on SQLite and on PostgreSQL, and no test names an engine.
//
// SQLite is a file in the test's own folder. PostgreSQL is a database of the test's own on the server that
// ONECDP_TEST_DATABASE_URL names; `make test` provides one. Where there is none the test is skipped, except in CI
// (CI=true), where it fails: there a skip would hide half of what is promised.
package dbtest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/onecdp/onecdp/internal/store"
)

// Each runs the test once per engine, as parallel subtests, each with a migrated and otherwise empty database of its own
// that is open and is closed after the test.
func Each(t *testing.T, run func(t *testing.T, db *store.DB)) {
	t.Helper()
	EachURL(t, func(t *testing.T, databaseURL string) {
		t.Helper()
		run(t, Open(t, databaseURL))
	})
}

// EachURL is Each for tests that open the database themselves: several servers on one database, the commands.
func EachURL(t *testing.T, run func(t *testing.T, databaseURL string)) {
	t.Helper()
	for _, engine := range engines {
		t.Run(engine.name, func(t *testing.T) {
			t.Parallel()
			run(t, engine.migrated(t))
		})
	}
}

// EachEmpty is EachURL with databases that were never migrated.
func EachEmpty(t *testing.T, run func(t *testing.T, databaseURL string)) {
	t.Helper()
	for _, engine := range engines {
		t.Run(engine.name, func(t *testing.T) {
			t.Parallel()
			run(t, engine.empty(t))
		})
	}
}

// Bench runs the benchmark once per engine, each on a migrated database of its own.
func Bench(b *testing.B, run func(b *testing.B, db *store.DB)) {
	b.Helper()
	for _, engine := range engines {
		b.Run(engine.name, func(b *testing.B) {
			run(b, Open(b, engine.migrated(b)))
		})
	}
}

// Open opens a database until the test ends.
func Open(tb testing.TB, databaseURL string) *store.DB {
	tb.Helper()
	db, err := store.Open(tb.Context(), databaseURL)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := db.Close(); err != nil {
			tb.Errorf("close the database: %v", err)
		}
	})
	return db
}

// Shared is the path of a file or folder of the specification, which lies beside the repository in ../shared.
// Where it is missing the test is skipped; in CI it fails.
func Shared(tb testing.TB, elem ...string) string {
	tb.Helper()
	root, err := repository()
	if err != nil {
		tb.Fatal(err)
	}
	path := filepath.Join(append([]string{filepath.Dir(root), "shared"}, elem...)...)
	if _, err := os.Stat(path); err != nil {
		missing(tb, "the specification is not beside the repository: ../shared/"+strings.Join(elem, "/"))
	}
	return path
}

// missing skips a test for want of something outside the repository, and fails it in CI.
func missing(tb testing.TB, what string) {
	tb.Helper()
	if os.Getenv("CI") == "true" {
		tb.Fatal(what)
	}
	tb.Skip(what)
}

// engine makes databases and sees to it that they go with the test. Both methods give a URL for store.Open.
type engine struct {
	name     string
	empty    func(tb testing.TB) string
	migrated func(tb testing.TB) string
}

var engines = []engine{
	{name: "sqlite", empty: emptySQLite, migrated: migratedSQLite},
	{name: "postgres", empty: emptyPostgres, migrated: migratedPostgres},
}

// repository is the folder with go.mod, from the test's folder upwards.
func repository() (string, error) {
	folder, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		_, err := os.Stat(filepath.Join(folder, "go.mod"))
		if err == nil {
			return folder, nil
		}
		if folder == filepath.Dir(folder) {
			return "", err
		}
		folder = filepath.Dir(folder)
	}
}
