package load_test

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/onecdp/onecdp/internal/assembly"
	"github.com/onecdp/onecdp/internal/dbtest"
	"github.com/onecdp/onecdp/internal/load"
	"github.com/onecdp/onecdp/internal/store"
)

const (
	benchPeople = 20_000
	benchBefore = 600_000 // purchases that are known already
	benchRows   = 200_000 // purchases of the measured file
)

// BenchmarkImport imports a file of purchases, with resolution and dedupe, into a database that holds six hundred
// thousand earlier ones. Buyers are Zipf-distributed. Three files are measured: "known", whose buyers are those
// of before; "again", the same file once more, when every row is a duplicate; and "new", whose buyers were never
// seen. On PostgreSQL the rate is compared with COPY of the known file's events, ready made and in the same
// order, into a twin of the events table, in the same run: 1 would be as fast as COPY.
func BenchmarkImport(b *testing.B) {
	before, known, strangers := purchases(b, "before", 0, benchBefore), purchases(b, "known", 0, benchRows), purchases(b, "new", 1, benchRows)
	dbtest.Bench(b, func(b *testing.B, db *store.DB) {
		services, err := assembly.New(b.Context(), db, assembly.Defaults())
		if err != nil {
			b.Fatal(err)
		}
		run := func(file string) time.Duration {
			summary, err := load.Run(b.Context(), services.Ingest, load.Options{Path: file})
			if err != nil || summary.Rejected > 0 {
				b.Fatal(summary, err)
			}
			return summary.Took
		}
		for b.Loop() { // what follows is measured once: an import cannot be had twice
		}
		rate := func(took time.Duration) float64 { return benchRows / took.Seconds() }
		run(before)
		postgres := db.Dialect().Name() == "postgres"
		if postgres {
			statement(b, db, "CREATE TABLE events_twin (LIKE events INCLUDING ALL)")
			statement(b, db, "INSERT INTO events_twin SELECT * FROM events")
		}
		first := run(known)
		b.ReportMetric(rate(first), "known-rows/s")
		b.ReportMetric(rate(run(known)), "again-rows/s")
		if postgres {
			floor := copyEvents(b, db)
			b.ReportMetric(rate(floor), "copy-rows/s")
			b.ReportMetric(floor.Seconds()/first.Seconds(), "known-of-copy")
			stranger := run(strangers)
			b.ReportMetric(rate(stranger), "new-rows/s")
			b.ReportMetric(floor.Seconds()/stranger.Seconds(), "new-of-copy")
		} else {
			b.ReportMetric(rate(run(strangers)), "new-rows/s")
		}
		b.ReportMetric(0, "ns/op")
	})
}

// purchases writes a file to import; another crowd has other buyers.
func purchases(b *testing.B, name string, crowd, rows int) string {
	b.Helper()
	path := filepath.Join(b.TempDir(), name+".ndjson")
	file, err := os.Create(path)
	if err != nil {
		b.Fatal(err)
	}
	writer := bufio.NewWriter(file)
	buyers := rand.NewZipf(rand.New(rand.NewPCG(1, uint64(rows))), 1.1, 10, benchPeople-1)
	start := time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)
	for i := range rows {
		buyer := buyers.Uint64()
		fmt.Fprintf(writer, `{"messageId":"%s-%09d","source":"shop","channel":"store:sh-%03d","identities":[{"type":"member_no","value":"M%d-%06d"},{"type":"phone","value":"13%d%08d"}],`+
			`"event":{"name":"Order Completed","properties":{"amount":%d.%02d,"sku":"sku-%d","quantity":2}},"occurredAt":%q}`+"\n",
			name, i, i%40, crowd, buyer, crowd+5, buyer, i%500, i%100, i%977, start.Add(time.Duration(i)*time.Minute).Format(time.RFC3339))
	}
	if err := writer.Flush(); err != nil {
		b.Fatal(err)
	}
	if err := file.Close(); err != nil {
		b.Fatal(err)
	}
	return path
}

func statement(b *testing.B, db *store.DB, text string) {
	b.Helper()
	if err := db.WithTx(b.Context(), func(tx *store.Tx) error {
		_, err := tx.Exec(b.Context(), text)
		return err
	}); err != nil {
		b.Fatal(err)
	}
}

// copyEvents measures COPY of the newest events into the twin table.
func copyEvents(b *testing.B, db *store.DB) time.Duration {
	b.Helper()
	const columns = "set_id, occurred_at, id, received_at, amount, name_id, source_id, channel_id, properties"
	rows, err := db.QueryFresh(b.Context(), "SELECT "+columns+" FROM events e WHERE NOT EXISTS (SELECT 1 FROM events_twin t WHERE t.set_id = e.set_id"+
		" AND t.occurred_at = e.occurred_at AND t.id = e.id) ORDER BY occurred_at")
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
	start := time.Now()
	if err := copyAll(b.Context(), db, columns, events); err != nil {
		b.Fatal(err)
	}
	return time.Since(start)
}

func copyAll(ctx context.Context, db *store.DB, columns string, events [][9]any) error {
	return db.WithTx(ctx, func(tx *store.Tx) error {
		stmt, err := tx.Prepare(ctx, "COPY events_twin ("+columns+") FROM STDIN")
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
