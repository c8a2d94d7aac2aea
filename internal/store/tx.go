package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	entsql "entgo.io/ent/dialect/sql"

	"github.com/onecdp/onecdp/ent"
	"github.com/onecdp/onecdp/internal/fault"
	"github.com/onecdp/onecdp/internal/trace"
)

// ErrStartOver says that what a transaction read is no longer so, and that it must begin again.
// WithTx does that; it never reaches a caller.
var ErrStartOver = errors.New("store: the ground moved, start over")

// attempts bounds how often WithTx runs a closure. Each start over means that another transaction
// got through, so the bound is met only when something is badly wrong.
const attempts = 40

// beginsAgain is an error after which the caller begins again, better prepared: it counts as a retry and not as a failure.
type beginsAgain interface{ BeginsAgain() }

// Tx is a running transaction. Its time is fixed when it starts.
type Tx struct {
	// Now is the transaction's time, in microseconds, UTC. All it writes carries this time.
	Now time.Time

	db     *DB
	sql    *sql.Tx
	client *ent.Client
	span   trace.Span
	after  []func()
	fresh  bool // plans for arguments already
}

// AfterCommit has something done when the transaction is committed, and only then: what is counted outside of it.
func (tx *Tx) AfterCommit(do func()) { tx.after = append(tx.after, do) }

// WithTx runs write in a transaction: all of it happens or nothing.
//
// The closure may run several times, when the database asks for it (deadlock, serialization failure, busy)
// or when it returns ErrStartOver; it must not change anything outside but through its last run. An error of
// the commit itself is returned as it is: then the outcome is unknown, and only a write that carries an
// idempotency key may be sent again.
func (db *DB) WithTx(ctx context.Context, write func(tx *Tx) error) error {
	ctx, span := trace.Start(ctx, "transaction")
	attempt, err := db.withTx(ctx, span, write)
	switch {
	case err == nil:
		db.counters.committed.Add(1)
	case errors.As(err, new(*fault.Error)):
		db.counters.rolledBack.Add(1)
	case errors.As(err, new(beginsAgain)):
		db.counters.retries.Add(1)
	default:
		db.counters.failed.Add(1)
	}
	span.Text("db.system.name", systemName(db.dialect))
	span.Number("onecdp.attempts", attempt+1)
	span.End(err)
	return err
}

// withTx tries until there is nothing more to try; the last attempt counts from 0.
func (db *DB) withTx(ctx context.Context, span trace.Span, write func(tx *Tx) error) (attempt int, err error) {
	for attempt = range attempts {
		if attempt > 0 {
			db.counters.retries.Add(1)
			if waitErr := pause(ctx, attempt); waitErr != nil {
				return attempt, errors.Join(err, waitErr)
			}
		}
		var committing bool
		if committing, err = db.try(ctx, span, write); err == nil {
			return attempt, nil
		}
		if committing && !db.dialect.rolledBack(err) {
			return attempt, fmt.Errorf("commit, outcome unknown: %w", err)
		}
		if !errors.Is(err, ErrStartOver) && !db.dialect.retryable(err) {
			return attempt, err
		}
	}
	return attempt, fmt.Errorf("gave up after %d attempts: %w", attempts, err)
}

// try runs write once. committing tells that the error came from the commit.
func (db *DB) try(ctx context.Context, span trace.Span, write func(tx *Tx) error) (committing bool, err error) {
	sqlTx, err := db.writer.BeginTx(ctx, nil)
	if err != nil {
		return false, err
	}
	tx := &Tx{Now: Now(), db: db, sql: sqlTx, span: span}
	tx.client = ent.NewClient(ent.Driver(entsql.NewDriver(db.entDialect(), entsql.Conn{ExecQuerier: txConn{tx}})))
	done := false
	defer func() {
		if !done { // also after a panic, and whatever became of ctx
			_ = sqlTx.Rollback()
		}
	}()
	if err := write(tx); err != nil {
		return false, err
	}
	done = true
	if err := sqlTx.Commit(); err != nil {
		return true, err
	}
	for _, do := range tx.after {
		do()
	}
	return true, nil
}

// Now is the present in the precision the databases keep. Only transactions and the edges ask for it.
func Now() time.Time { return time.Now().UTC().Truncate(time.Microsecond) }

func pause(ctx context.Context, attempt int) error {
	longest := min(time.Millisecond<<min(attempt, 6), 50*time.Millisecond)
	timer := time.NewTimer(rand.N(longest))
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Dialect is the engine's SQL fragments.
func (tx *Tx) Dialect() Dialect { return tx.db.dialect }

// Ent reads and writes through ent, inside the transaction.
func (tx *Tx) Ent() *ent.Client { return tx.client }

// Query runs a statement that returns rows; its plan is kept.
func (tx *Tx) Query(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	return txConn{tx}.QueryContext(ctx, query, args...)
}

// QueryFresh runs a statement that returns rows, planned for just these arguments.
func (tx *Tx) QueryFresh(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	if mode := tx.db.dialect.planFresh(); mode != "" && !tx.fresh {
		if _, err := tx.sql.ExecContext(ctx, mode); err != nil {
			return nil, err
		}
		tx.fresh = true
	}
	span := tx.observed(ctx, query)
	rows, err := tx.sql.QueryContext(fresh(ctx), query, args...)
	span.End(err)
	return rows, err
}

// Exec runs a statement; its plan is kept. It returns the number of rows it changed.
func (tx *Tx) Exec(ctx context.Context, query string, args ...any) (int64, error) {
	result, err := txConn{tx}.ExecContext(ctx, query, args...)
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

// Prepare readies a statement that runs many times before the transaction ends, such as COPY.
func (tx *Tx) Prepare(ctx context.Context, query string) (*sql.Stmt, error) {
	span := tx.observed(ctx, query)
	stmt, err := tx.sql.PrepareContext(ctx, query)
	span.End(err)
	return stmt, err
}

// observed begins the span of one of the transaction's statements.
func (tx *Tx) observed(ctx context.Context, query string) trace.Span {
	return observed(tx.span.Within(ctx), tx.db.dialect, query)
}

// txConn lets ent and ourselves run statements inside the transaction.
type txConn struct{ tx *Tx }

func (c txConn) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	span := c.tx.observed(ctx, query)
	rows, err := c.tx.sql.QueryContext(ctx, query, args...)
	span.End(err)
	return rows, err
}

func (c txConn) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	span := c.tx.observed(ctx, query)
	result, err := c.tx.sql.ExecContext(ctx, query, args...)
	span.End(err)
	return result, err
}
