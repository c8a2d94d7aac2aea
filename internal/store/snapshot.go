package store

import (
	"context"
	"database/sql"

	entsql "entgo.io/ent/dialect/sql"

	"github.com/onecdp/onecdp/ent"
	"github.com/onecdp/onecdp/internal/trace"
)

// Snapshot lets several statements read one state of the database: what was committed when the first of them ran. It holds a
// connection for as long as read takes, and no lock that a writer waits for. Words are loaded outside of it.
func (db *DB) Snapshot(ctx context.Context, read func(q Querier) error) error {
	ctx, span := trace.Start(ctx, "snapshot")
	span.Text("db.system.name", systemName(db.dialect))
	err := db.snapshot(ctx, span, read)
	span.End(err)
	return err
}

func (db *DB) snapshot(ctx context.Context, span trace.Span, read func(q Querier) error) error {
	sqlTx, err := db.reader.BeginTx(ctx, &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true})
	if err != nil {
		return err
	}
	defer func() { _ = sqlTx.Rollback() }() // nothing was written: there is nothing to commit
	tx := &Tx{Now: Now(), db: db, sql: sqlTx, span: span}
	tx.client = ent.NewClient(ent.Driver(entsql.NewDriver(db.entDialect(), entsql.Conn{ExecQuerier: txConn{tx}})))
	return read(tx)
}
