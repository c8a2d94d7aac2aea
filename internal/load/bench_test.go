package load_test

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/onecdp/onecdp/internal/assembly"
	"github.com/onecdp/onecdp/internal/dbtest"
	"github.com/onecdp/onecdp/internal/load"
	"github.com/onecdp/onecdp/internal/store"
)

const (
	benchRows   = 200_000
	benchPeople = 10_000
	benchBefore = 1_000_000 // events that are in the table already
)

// BenchmarkImport imports a file of purchases whose buyers are Zipf-distributed, with resolution and dedupe, into a
// table that holds a million events. On PostgreSQL it also reports how that compares with COPY of the same events
// into the same table, ready made and in the same order, in the same run: 1 would be as fast as COPY. "again"
// imports the file a second time, when all its rows are duplicates.
func BenchmarkImport(b *testing.B) {
	file := purchases(b)
	dbtest.Bench(b, func(b *testing.B, db *store.DB) {
		services, err := assembly.New(b.Context(), db, assembly.Defaults())
		if err != nil {
			b.Fatal(err)
		}
		var first, again, floor time.Duration
		for b.Loop() {
			refill(b, db)
			run := func() time.Duration {
				summary, err := load.Run(b.Context(), services.Ingest, load.Options{Path: file})
				if err != nil || summary.Accepted+summary.Duplicates != benchRows {
					b.Fatal(summary, err)
				}
				return summary.Took
			}
			first += run()
			again += run()
			if db.Dialect().Name() == "postgres" {
				floor += copyEvents(b, db)
			}
		}
		rate := func(took time.Duration) float64 { return float64(benchRows*b.N) / took.Seconds() }
		b.ReportMetric(rate(first), "rows/s")
		b.ReportMetric(rate(again), "again-rows/s")
		if floor > 0 {
			b.ReportMetric(rate(floor), "copy-rows/s")
			b.ReportMetric(floor.Seconds()/first.Seconds(), "of-copy")
		}
		b.ReportMetric(0, "ns/op")
	})
}

// purchases writes the file to import.
func purchases(b *testing.B) string {
	b.Helper()
	path := filepath.Join(b.TempDir(), "purchases.ndjson")
	file, err := os.Create(path)
	if err != nil {
		b.Fatal(err)
	}
	writer := bufio.NewWriter(file)
	buyers := rand.NewZipf(rand.New(rand.NewPCG(1, 2)), 1.1, 10, benchPeople-1)
	start := time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)
	for i := range benchRows {
		buyer := buyers.Uint64()
		fmt.Fprintf(writer, `{"messageId":"order-%09d","source":"shop","channel":"store:sh-%03d","identities":[{"type":"member_no","value":"M%07d"},{"type":"phone","value":"139%08d"}],`+
			`"event":{"name":"Order Completed","properties":{"amount":%d.%02d,"sku":"sku-%d","quantity":2}},"occurredAt":%q}`+"\n",
			i, i%40, buyer, buyer, i%500, i%100, i%977, start.Add(time.Duration(i)*time.Minute).Format(time.RFC3339))
	}
	if err := writer.Flush(); err != nil {
		b.Fatal(err)
	}
	if err := file.Close(); err != nil {
		b.Fatal(err)
	}
	return path
}

// refill forgets all records and customers, and puts events of others into the table.
func refill(b *testing.B, db *store.DB) {
	b.Helper()
	tables := []string{"customers", "customer_handles", "identities", "identity_sets", "identity_set_members", "set_owners", "records", "events", "changes"}
	err := db.WithTx(b.Context(), func(tx *store.Tx) error {
		for _, table := range tables {
			statement := "DELETE FROM " + table
			if tx.Dialect().Name() == "postgres" {
				statement = "TRUNCATE " + table
			}
			if _, err := tx.Exec(b.Context(), statement); err != nil {
				return err
			}
		}
		_, err := tx.Exec(b.Context(), strings.ReplaceAll(map[string]string{
			"postgres": `INSERT INTO events (set_id, occurred_at, id, received_at, name_id, source_id, channel_id, amount, properties) SELECT -1 - i % 50000, timestamptz '2024-01-01' + i * interval '30 seconds', -i, now(), 1, 1, 1, i, '{"sku":"x","amount":9.5}' FROM generate_series(1, @rows) i`,
			"sqlite":   `INSERT INTO events (set_id, occurred_at, id, received_at, name_id, source_id, channel_id, amount, properties) WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < @rows) SELECT -1 - i % 50000, 1704067200000000 + i * 30000000, -i, 0, 1, 1, 1, i, '{"sku":"x","amount":9.5}' FROM n`,
		}[tx.Dialect().Name()], "@rows", strconv.Itoa(benchBefore)))
		return err
	})
	if err != nil {
		b.Fatal(err)
	}
}

// copyEvents measures COPY of the events that are there into the emptied table.
func copyEvents(b *testing.B, db *store.DB) time.Duration {
	b.Helper()
	const columns = "set_id, occurred_at, id, received_at, amount, name_id, source_id, channel_id, properties"
	rows, err := db.QueryFresh(b.Context(), "SELECT "+columns+" FROM events WHERE id > 0 ORDER BY id")
	events, err := store.Collect(rows, err, func(row store.Row, into *[9]any) error {
		cells := make([]any, len(into))
		for i := range into {
			cells[i] = &into[i]
		}
		return row.Scan(cells...)
	})
	if err != nil || len(events) != benchRows {
		b.Fatal(len(events), err)
	}
	for i := range events { // jsonb comes as bytes and must go as text
		events[i][8] = string(events[i][8].([]byte))
	}
	refill(b, db)
	start := time.Now()
	if err := copyAll(b.Context(), db, columns, events); err != nil {
		b.Fatal(err)
	}
	return time.Since(start)
}

func copyAll(ctx context.Context, db *store.DB, columns string, events [][9]any) error {
	return db.WithTx(ctx, func(tx *store.Tx) error {
		stmt, err := tx.Prepare(ctx, "COPY events ("+columns+") FROM STDIN")
		if err != nil {
			return err
		}
		for i := range events {
			if _, err := stmt.ExecContext(ctx, events[i][:]...); err != nil {
				return err
			}
		}
		if _, err := stmt.ExecContext(ctx); err != nil {
			return err
		}
		return stmt.Close()
	})
}
