package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"github.com/gofrs/flock"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// oldestSQLite is the first release without the corruption a WAL reset could cause.
const oldestSQLite = 3_051_003

// sqlitePragmas: writers take their lock when they begin (a later upgrade fails at once), a commit is on disk
// when it returns, deleted personal data is overwritten. Times are whole microseconds: as text they sort wrongly.
const sqlitePragmas = "_txlock=immediate&_pragma=busy_timeout(5000)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)" +
	"&_pragma=foreign_keys(1)&_pragma=secure_delete(1)&_pragma=cache_size(-65536)&_pragma=temp_store(2)" +
	"&_time_integer_format=unix_micro&_inttotime=1"

func openSQLite(ctx context.Context, path string) (*DB, error) {
	if path == "" {
		return nil, errors.New("the database URL names no file: write sqlite:PATH")
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("the database's folder: %w", err)
	}
	// Made here, and for its owner alone: whoever may read the file reads everybody's phone number.
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("the database: %w", err)
	}
	if err := file.Close(); err != nil {
		return nil, err
	}
	// Turning a new file to WAL does not wait for others who do the same: one after the other.
	release, err := lockFile(ctx, path+".lock")
	if err != nil {
		return nil, err
	}
	defer release()
	source := "file:" + (&url.URL{Path: path}).EscapedPath() + "?" + sqlitePragmas
	writer, err := sql.Open("sqlite", source)
	if err != nil {
		return nil, err
	}
	writer.SetMaxOpenConns(1) // one writer: waiting in our queue is fairer than SQLite's busy loop
	var version string
	if err := writer.QueryRowContext(ctx, "SELECT sqlite_version()").Scan(&version); err != nil {
		return nil, errors.Join(fmt.Errorf("open %s: %w", path, err), writer.Close())
	}
	if sqliteVersion(version) < oldestSQLite {
		return nil, errors.Join(fmt.Errorf("SQLite %s is too old: 3.51.3 or later is needed", version), writer.Close())
	}
	reader, err := sql.Open("sqlite", source+"&_pragma=query_only(1)")
	if err != nil {
		return nil, errors.Join(err, writer.Close())
	}
	reader.SetMaxOpenConns(max(4, runtime.NumCPU()))
	reader.SetMaxIdleConns(max(4, runtime.NumCPU()))
	// A question keeps a processor of ours busy for as long as it takes: half of them are left to those who read by key.
	asker, err := sql.Open("sqlite", source+"&_pragma=query_only(1)")
	if err != nil {
		return nil, errors.Join(err, writer.Close(), reader.Close())
	}
	asker.SetMaxOpenConns(max(1, runtime.NumCPU()/2))
	asker.SetMaxIdleConns(max(1, runtime.NumCPU()/2))
	return &DB{
		dialect: sqliteDialect{}, reader: reader, writer: writer, asker: asker, counters: &counters{},
		lock: func(ctx context.Context) (func(), error) { return lockFile(ctx, path+".lock") },
	}, nil
}

func lockFile(ctx context.Context, path string) (func(), error) {
	lock := flock.New(path)
	if _, err := lock.TryLockContext(ctx, lockPoll); err != nil {
		return nil, fmt.Errorf("wait for another server's migration: %w", err)
	}
	return func() { _ = lock.Unlock() }, nil
}

// sqliteVersion turns 3.51.3 into 3051003.
func sqliteVersion(text string) int {
	number := 0
	for i, part := range strings.SplitN(text, ".", 3) {
		n, _ := strconv.Atoi(part)
		number += n * []int{1_000_000, 1_000, 1}[i]
	}
	return number
}

type sqliteDialect struct{}

func (sqliteDialect) Name() string              { return "sqlite" }
func (sqliteDialect) OneWriter() bool           { return true }
func (sqliteDialect) ForUpdate() string         { return "" }
func (sqliteDialect) TransactionNumber() string { return "0" }
func (sqliteDialect) NextTransaction() string   { return "0" }

// RunningBefore: the writer that asks is the only one.
func (sqliteDialect) RunningBefore(string) string { return "0" }
func (sqliteDialect) Snapshot() string {
	return "(SELECT CAST(coalesce(max(id), 0) AS TEXT) FROM changes)"
}
func (sqliteDialect) Greatest(a, b string) string { return "max(" + a + ", " + b + ")" }
func (sqliteDialect) Least(a, b string) string    { return "min(" + a + ", " + b + ")" }

func (sqliteDialect) Among(expression, query string) string {
	return expression + " IN (" + query + ")"
}

func (sqliteDialect) planFresh() string { return "" }

func (sqliteDialect) Nested(...string) (string, bool) { return "", false }

// FirstOfEach: CROSS JOIN keeps the order of the tables, so the list is made once for each row and its rows are then fetched.
func (sqliteDialect) FirstOfEach(table, alias, condition, order, limit string) string {
	return " CROSS JOIN " + table + " AS " + alias + " ON " + alias + ".rowid IN (SELECT " + alias + ".rowid FROM " + table + " AS " + alias +
		" WHERE " + condition + " ORDER BY " + order + " LIMIT " + limit + ")"
}

// CommittedBetween: with one writer the row numbers are in the order of the commits.
func (sqliteDialect) CommittedBetween(args *Args, _, base, window string) string {
	if base == "" {
		base = "0"
	}
	return "id > CAST(" + args.Bind(base) + " AS INTEGER) AND id <= CAST(" + args.Bind(window) + " AS INTEGER)"
}

// relation sends the rows as one JSON list of lists.
func (sqliteDialect) relation(name string, columns []Column, args *Args) string {
	varying := slices.DeleteFunc(slices.Clone(columns), func(c Column) bool { return c.constant != nil })
	rows := []byte{'['}
	for row := range varying[0].rows {
		if row > 0 {
			rows = append(rows, ',')
		}
		for i, column := range varying {
			rows = append(rows, "[,"[min(i, 1)])
			rows = column.text(rows, row)
		}
		rows = append(rows, ']')
	}
	place := args.Bind(string(append(rows, ']')))
	var selects []string
	for _, column := range columns {
		if column.constant != nil {
			selects = append(selects, args.Bind(column.constant)+" AS "+column.name)
		}
	}
	for i, column := range varying {
		value := "value ->> " + strconv.Itoa(i)
		if column.decode != "" {
			value = column.decode + "(" + value + ")"
		}
		selects = append(selects, value+" AS "+column.name)
	}
	return "(SELECT " + strings.Join(selects, ", ") + " FROM json_each(" + place + ")) AS " + name
}

func (sqliteDialect) retryable(err error) bool {
	var failure *sqlite.Error
	if !errors.As(err, &failure) {
		return false
	}
	primary := failure.Code() & 0xff
	return primary == sqlite3.SQLITE_BUSY || primary == sqlite3.SQLITE_LOCKED
}

// rolledBack: SQLite's COMMIT either is done or is not, and says so.
func (sqliteDialect) rolledBack(error) bool { return true }
