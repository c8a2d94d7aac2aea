// Package store is the database: SQLite embedded, PostgreSQL for real, the same to everyone above.
//
// Reads go through DB, writes through WithTx and nowhere else. What differs between the two
// engines is a handful of named SQL fragments, see Dialect; both take $1, $2, ... as placeholders.
package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"entgo.io/ent/dialect"
	entsql "entgo.io/ent/dialect/sql"

	"github.com/onecdp/onecdp/ent"
)

// DB is an open database. It is safe for concurrent use.
type DB struct {
	dialect Dialect
	reader  *sql.DB
	writer  *sql.DB
	asker   *sql.DB // plans each statement for its arguments
	client  *ent.Client
	lock    func(ctx context.Context) (release func(), err error) // taken while migrating
	ids     idPool
	words   map[Dictionary]*wordCache

	counters *counters
}

// Open connects to the database a URL names: postgres://... or sqlite:PATH. It does not migrate.
//
// An SQLite file is made when it does not exist. The error never holds the URL, which may carry a password.
func Open(ctx context.Context, databaseURL string) (*DB, error) {
	var (
		db  *DB
		err error
	)
	switch scheme, rest, _ := strings.Cut(databaseURL, ":"); scheme {
	case "sqlite":
		db, err = openSQLite(ctx, strings.TrimPrefix(rest, "//"))
	case "postgres", "postgresql":
		db, err = openPostgres(ctx, databaseURL)
	default:
		return nil, errors.New("the database URL must be postgres://… or sqlite:PATH")
	}
	if err != nil {
		return nil, err
	}
	db.client = ent.NewClient(ent.Driver(entsql.NewDriver(db.entDialect(), entsql.Conn{ExecQuerier: readOnly{db}})))
	db.words = newWordCaches()
	return db, nil
}

// Close ends all connections. Running statements are waited for.
func (db *DB) Close() error {
	return errors.Join(db.reader.Close(), db.writer.Close(), db.asker.Close()) // to close a pool again changes nothing
}

// Dialect is the engine's SQL fragments.
func (db *DB) Dialect() Dialect { return db.dialect }

// Ent reads through ent. Writing through it fails: that is WithTx's.
func (db *DB) Ent() *ent.Client { return db.client }

// Ping says whether the database answers.
func (db *DB) Ping(ctx context.Context) error { return db.reader.PingContext(ctx) }

// Query runs a reading statement; its plan is kept for the next call with the same text.
func (db *DB) Query(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	span := observed(ctx, db.dialect, query)
	rows, err := db.reader.QueryContext(ctx, query, args...)
	span.End(err)
	return rows, err
}

// QueryFresh runs a reading statement that is planned for just these arguments and not kept.
func (db *DB) QueryFresh(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	span := observed(ctx, db.dialect, query)
	rows, err := db.asker.QueryContext(fresh(ctx), query, args...)
	span.End(err)
	return rows, err
}

func (db *DB) entDialect() string {
	if db.dialect.Name() == "sqlite" {
		return dialect.SQLite
	}
	return dialect.Postgres
}

// Querier reads: a DB, or a Tx that sees its own writes.
type Querier interface {
	Dialect() Dialect
	Query(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryFresh(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	Ent() *ent.Client
	LoadWords(ctx context.Context, d Dictionary, numbers []int32) error
}

// readOnly keeps writes away from the client that stands outside transactions.
type readOnly struct{ db *DB }

func (r readOnly) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	return r.db.Query(ctx, query, args...)
}

func (readOnly) ExecContext(context.Context, string, ...any) (sql.Result, error) {
	return nil, errors.New("store: a write outside WithTx")
}

// Instant scans a time that comes from an expression: SQLite then sends microseconds, not a time.
type Instant struct{ time.Time }

// Scan implements sql.Scanner.
func (t *Instant) Scan(from any) error {
	switch from := from.(type) {
	case nil:
		t.Time = time.Time{}
	case int64:
		t.Time = time.UnixMicro(from).UTC()
	case time.Time:
		t.Time = from.UTC()
	default:
		return fmt.Errorf("store: a time from %T", from)
	}
	return nil
}

type statementCounter struct{}

// CountStatements returns a context whose statements are counted at n.
func CountStatements(ctx context.Context, n Counter) context.Context {
	return context.WithValue(ctx, statementCounter{}, n)
}

// Counter takes note of statements; *atomic.Int64 is one.
type Counter interface{ Add(delta int64) int64 }

func count(ctx context.Context) {
	if n, ok := ctx.Value(statementCounter{}).(Counter); ok {
		n.Add(1)
	}
}

// Redact is a database URL without its password, fit for a log line.
func Redact(databaseURL string) string {
	if strings.HasPrefix(databaseURL, "sqlite:") {
		return databaseURL
	}
	parsed, err := url.Parse(databaseURL)
	if err != nil {
		scheme, _, _ := strings.Cut(databaseURL, ":")
		return scheme + ":…"
	}
	parsed.RawQuery = ""
	return parsed.Redacted()
}
