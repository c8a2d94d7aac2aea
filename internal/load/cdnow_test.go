package load_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/onecdp/onecdp/graph"
	"github.com/onecdp/onecdp/internal/dbtest"
	"github.com/onecdp/onecdp/internal/ingest"
	"github.com/onecdp/onecdp/internal/load"
	"github.com/onecdp/onecdp/internal/oneid"
	"github.com/onecdp/onecdp/internal/profile"
	"github.com/onecdp/onecdp/internal/segment"
	"github.com/onecdp/onecdp/internal/store"
)

// cdnow is the purchase log with its mapping, as docs/import.md imports it.
func cdnow(t *testing.T) load.Options {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "examples", "events", "cdnow.mapping.json"))
	if err != nil {
		t.Fatal(err)
	}
	mapping, err := load.ParseMapping(text)
	if err != nil {
		t.Fatal(err)
	}
	return load.Options{Path: dbtest.Shared(t, "data", "cdnow", "CDNOW_master.txt"), Mapping: mapping, Rejects: filepath.Join(t.TempDir(), "rejects")}
}

// TestCDNOW imports the whole log, asks it questions and imports it once more, on each database.
func TestCDNOW(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("long: it imports 69,659 purchases on both databases")
	}
	options := cdnow(t)
	log, err := os.ReadFile(options.Path)
	if err != nil {
		t.Fatal(err)
	}
	questions := questionsOf(script(string(log)))
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		one, err := oneid.Open(t.Context(), db, oneid.Settings{Region: "CN", MaxIdentities: 500})
		if err != nil {
			t.Fatal(err)
		}
		into := ingest.New(db, one)
		summary, err := load.Run(t.Context(), into, options)
		if err != nil || summary.Accepted != 69_659 || summary.Read != 69_659 || !summary.OK() || len(summary.Notes) > 0 {
			t.Fatalf("%v, %s", err, summary)
		}
		t.Logf("%s: %.0f purchases/s", summary, float64(summary.Read)/summary.Took.Seconds())
		isWhole(t, db)
		segments := segment.New(db, one, time.UTC)
		answersLikeTheScript(t, segments, questions)
		answersThroughTheAPI(t, graph.Services{OneID: one, Ingest: into, Profile: profile.New(db, one), Segments: segments}, questions)
		again, err := load.Run(t.Context(), into, options)
		if err != nil || again.Duplicates != 69_659 || !again.OK() {
			t.Errorf("again: %v, %s", err, again)
		}
	})
}

// isWhole compares the database with the sums that are known of the log.
func isWhole(t *testing.T, db *store.DB) {
	t.Helper()
	var customers, events, cents int64
	rows, err := db.Query(t.Context(), "SELECT (SELECT count(*) FROM customers), count(*), CAST(sum(amount) / 10000 AS bigint) FROM events")
	if _, err := store.Collect(rows, err, func(row store.Row, _ *struct{}) error { return row.Scan(&customers, &events, &cents) }); err != nil {
		t.Fatal(err)
	}
	if customers != 23_570 || events != 69_659 || cents != 250_031_563 {
		t.Errorf("%d customers, %d events, %d cents", customers, events, cents)
	}
}
