package store

import (
	"context"
	"database/sql"
	"strings"
	"sync/atomic"

	"github.com/onecdp/onecdp/internal/trace"
)

// Stats is what a database handle has done since it was opened.
type Stats struct {
	Pools      []Pool
	Committed  int64 // transactions
	RolledBack int64 // transactions that their own error ended
	Failed     int64 // transactions that the database ended, unknown outcomes included
	Retries    int64 // beginnings after the first of a transaction
	Prepared   int64 // statements that connections keep ready now
}

// Pool is a pool of connections.
type Pool struct {
	Name string // "reader" and "writer", and on PostgreSQL "questions" for what is planned for its arguments
	sql.DBStats
}

// counters are what Stats is read from.
type counters struct {
	committed, rolledBack, failed, retries, prepared atomic.Int64
}

// Stats reads the counters.
func (db *DB) Stats() Stats {
	stats := Stats{
		Committed: db.counters.committed.Load(), RolledBack: db.counters.rolledBack.Load(), Failed: db.counters.failed.Load(),
		Retries: db.counters.retries.Load(), Prepared: db.counters.prepared.Load(),
	}
	stats.Pools = []Pool{{Name: "reader", DBStats: db.reader.Stats()}}
	if db.writer != db.reader { // one connection of an inspection is all in one
		stats.Pools = append(stats.Pools, Pool{Name: "writer", DBStats: db.writer.Stats()})
	}
	if db.asker != db.reader {
		stats.Pools = append(stats.Pools, Pool{Name: "questions", DBStats: db.asker.Stats()})
	}
	return stats
}

// observed counts a statement, and begins its span where its work is traced. The span says what kind of statement it is and
// nothing of its text.
func observed(ctx context.Context, d Dialect, query string) trace.Span {
	count(ctx)
	if !trace.On(ctx) {
		return trace.Span{}
	}
	kind, _, _ := strings.Cut(strings.TrimLeft(query, "( \n\t"), " ")
	switch kind = strings.ToUpper(kind); kind {
	case "SELECT", "INSERT", "UPDATE", "DELETE", "WITH", "COPY":
	default:
		kind = "OTHER"
	}
	_, span := trace.Start(ctx, kind)
	span.Text("db.system.name", systemName(d))
	span.Text("db.operation.name", kind)
	return span
}

// systemName is the engine's name among those that OpenTelemetry lists.
func systemName(d Dialect) string {
	if d.Name() == "postgres" {
		return "postgresql"
	}
	return d.Name()
}
