package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"

	entsql "entgo.io/ent/dialect/sql"

	"github.com/onecdp/onecdp/ent"
)

// Inspect opens a database to look at it: nothing is made, migrated or changed, and what would write fails. A file that is not there
// is an error, and so is one that is too old to be opened; an old engine is not.
func Inspect(ctx context.Context, databaseURL string) (*DB, error) {
	var (
		db  *DB
		err error
	)
	switch scheme, rest, _ := strings.Cut(databaseURL, ":"); scheme {
	case "sqlite":
		db, err = inspectSQLite(ctx, strings.TrimPrefix(rest, "//"))
	case "postgres", "postgresql":
		db, err = inspectPostgres(ctx, databaseURL)
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

func inspectPostgres(ctx context.Context, databaseURL string) (*DB, error) {
	parsed, err := url.Parse(databaseURL)
	if err != nil {
		return nil, errors.New("the database URL cannot be read")
	}
	settings := parsed.Query()
	settings.Set("default_transaction_read_only", "on")
	parsed.RawQuery = settings.Encode()
	return openPostgres(ctx, parsed.String())
}

func inspectSQLite(ctx context.Context, path string) (*DB, error) {
	info, err := os.Stat(path)
	switch {
	case path == "":
		return nil, errors.New("the database URL names no file: write sqlite:PATH")
	case errors.Is(err, os.ErrNotExist):
		return nil, fmt.Errorf("there is no file %s", path)
	case err != nil:
		return nil, err
	case info.IsDir():
		return nil, fmt.Errorf("%s is a folder", path)
	}
	// rw, not ro: reading beside a write-ahead log takes part in its bookkeeping, which a connection that may not write leaves behind.
	handle, err := sql.Open("sqlite", "file:"+(&url.URL{Path: path}).EscapedPath()+
		"?mode=rw&_pragma=query_only(1)&_pragma=busy_timeout(5000)&_pragma=foreign_keys(1)&_pragma=temp_store(2)&_time_integer_format=unix_micro&_inttotime=1")
	if err != nil {
		return nil, err
	}
	if err := handle.PingContext(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("open %s: %w", path, err), handle.Close())
	}
	return &DB{
		dialect: sqliteDialect{}, reader: handle, writer: handle, asker: handle, counters: &counters{},
		lock: func(context.Context) (func(), error) { return nil, errors.New("store: opened to look, not to migrate") },
	}, nil
}

// Migrated says whether the database, which answers, was ever migrated. Ask it before Pending where nothing may be made: that makes
// its table.
func (db *DB) Migrated(ctx context.Context) bool {
	rows, err := db.reader.QueryContext(ctx, "SELECT version_id FROM "+versionTable+" LIMIT 1")
	found, err := Collect(rows, err, func(row Row, into *int64) error { return row.Scan(into) })
	return err == nil && len(found) > 0
}
