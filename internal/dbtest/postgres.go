package dbtest

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	_ "github.com/lib/pq" // the driver

	"github.com/onecdp/onecdp/internal/store"
)

const (
	serverVariable = "ONECDP_TEST_DATABASE_URL"
	howToGet       = "no PostgreSQL: run `make test`, which brings one, or set " + serverVariable +
		" to a server where databases may be created, as postgres://user@host:5432/db?sslmode=disable"

	databasePrefix = "onecdp_test_"

	// openAtOnce bounds the databases of one test process that are in use at the same time, and with them its connections:
	// `go test ./...` runs several processes against one server.
	openAtOnce = 4

	// templateLock is the advisory lock of those who look for the template or make it.
	templateLock = 0x6f6e6574657374
)

// server is the test server, reached through its maintenance database.
type server struct {
	url   *url.URL
	admin *sql.DB
	slots chan struct{}
}

// testServer is nil without an error where no server is named.
var testServer = sync.OnceValues(func() (*server, error) {
	text := os.Getenv(serverVariable)
	if text == "" {
		return nil, nil
	}
	address, err := url.Parse(text)
	if err != nil || (address.Scheme != "postgres" && address.Scheme != "postgresql") {
		return nil, errors.New(serverVariable + " is not a URL that starts with postgres://")
	}
	settings := address.Query()
	if !settings.Has("sslmode") {
		settings.Set("sslmode", "disable") // the driver's own default is about to change
		address.RawQuery = settings.Encode()
	}
	admin, err := sql.Open("postgres", address.String())
	if err != nil {
		return nil, errors.New(serverVariable + " cannot be read")
	}
	admin.SetMaxOpenConns(openAtOnce)
	admin.SetMaxIdleConns(1)
	return &server{url: address, admin: admin, slots: make(chan struct{}, openAtOnce)}, nil
})

func emptyPostgres(tb testing.TB) string {
	tb.Helper()
	// template0 has the server's default collation and nothing that somebody added to template1.
	return createPostgres(tb, func(*server) (string, error) { return "template0", nil })
}

func migratedPostgres(tb testing.TB) string {
	tb.Helper()
	return createPostgres(tb, func(*server) (string, error) { return postgresTemplate() })
}

// createPostgres clones a template for the time of a test. It waits while too many databases are in use.
func createPostgres(tb testing.TB, template func(*server) (string, error)) string {
	tb.Helper()
	s, err := testServer()
	if err != nil {
		tb.Fatal(err)
	}
	if s == nil {
		missing(tb, howToGet)
	}
	source, err := template(s)
	if err != nil {
		tb.Fatalf("the migrated template: %v", err)
	}
	s.slots <- struct{}{}
	tb.Cleanup(func() { <-s.slots })

	name := databasePrefix + strings.ToLower(rand.Text())
	if err := s.clone(tb.Context(), source, name); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		// The test's own context has ended by now. FORCE: a test that failed may have left connections.
		if err := s.exec(context.Background(), "DROP DATABASE "+name+" WITH (FORCE)"); err != nil {
			tb.Error(err)
		}
	})
	return s.database(name)
}

// postgresTemplate is a migrated database that nobody is connected to. It is made once per server and state of
// internal/store, by whichever process comes first.
var postgresTemplate = sync.OnceValues(func() (name string, err error) {
	s, err := testServer()
	if err != nil {
		return "", err
	}
	state, err := stateOfStore()
	if err != nil {
		return "", err
	}
	name = databasePrefix + "template_" + state
	return name, s.once(name, templateLock, migrate)
})

// once makes the database of that name where there is none: a copy of template0 that fill is given. It is named only when it is whole: a process
// killed half-way leaves nothing that others would take for it. lock is the advisory lock of those who may make it.
func (s *server) once(name string, lock int64, fill func(databaseURL string) error) (err error) {
	draft := name + "_draft"
	ctx := context.Background() // for all tests, not for the first
	// Looked for without the lock first: somebody may be building another for minutes.
	if exists, err := s.exists(ctx, name); err != nil || exists {
		return err
	}
	conn, err := s.admin.Conn(ctx)
	if err != nil {
		return fmt.Errorf("reach the server of %s: %w", serverVariable, err)
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	if _, err := conn.ExecContext(ctx, "SELECT pg_advisory_lock($1)", lock); err != nil {
		return err
	}
	defer func() {
		_, unlockErr := conn.ExecContext(ctx, "SELECT pg_advisory_unlock($1)", lock)
		err = errors.Join(err, unlockErr)
	}()

	if exists, err := s.exists(ctx, name); err != nil || exists {
		return err
	}
	if err := s.exec(ctx, "DROP DATABASE IF EXISTS "+draft+" WITH (FORCE)"); err != nil {
		return err
	}
	if err := s.clone(ctx, "template0", draft); err != nil {
		return err
	}
	if err := fill(s.database(draft)); err != nil {
		return err
	}
	return s.exec(ctx, "ALTER DATABASE "+draft+" RENAME TO "+name)
}

func (s *server) exists(ctx context.Context, name string) (exists bool, err error) {
	err = s.admin.QueryRowContext(ctx, "SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)", name).Scan(&exists)
	if err != nil {
		err = fmt.Errorf("reach the server of %s: %w", serverVariable, err)
	}
	return exists, err
}

// clone copies a database. Copying files is twice as fast as writing the copy to the log, where the server can do either.
func (s *server) clone(ctx context.Context, source, name string) error {
	var version int
	if err := s.admin.QueryRowContext(ctx, "SELECT current_setting('server_version_num')::int").Scan(&version); err != nil {
		return fmt.Errorf("reach the server of %s: %w", serverVariable, err)
	}
	strategy := ""
	if version >= 150000 {
		strategy = " STRATEGY file_copy"
	}
	return s.exec(ctx, "CREATE DATABASE "+name+" TEMPLATE "+source+strategy)
}

// exec runs a statement on databases, whose names are ours and need no quotes. They cannot be bound.
func (s *server) exec(ctx context.Context, statement string) error {
	if _, err := s.admin.ExecContext(ctx, statement); err != nil {
		return fmt.Errorf("%s (%s): %w", statement, store.Redact(s.url.String()), err)
	}
	return nil
}

// database is the URL of another database on the same server.
func (s *server) database(name string) string {
	other := *s.url
	other.Path = "/" + name
	return other.String()
}

// stateOfStore is a short digest of everything that decides what a migrated database looks like.
func stateOfStore() (string, error) {
	root, err := repository()
	if err != nil {
		return "", err
	}
	digest := sha256.New()
	folder := os.DirFS(filepath.Join(root, "internal", "store"))
	err = fs.WalkDir(folder, ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || strings.HasSuffix(path, "_test.go") {
			return err
		}
		content, err := fs.ReadFile(folder, path)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(digest, "%s %d\n%s", path, len(content), content)
		return err
	})
	return hex.EncodeToString(digest.Sum(nil)[:6]), err
}
