package live_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/onecdp/onecdp/internal/dbtest"
	"github.com/onecdp/onecdp/internal/ingest"
	"github.com/onecdp/onecdp/internal/live"
	"github.com/onecdp/onecdp/internal/oneid"
	"github.com/onecdp/onecdp/internal/profile"
	"github.com/onecdp/onecdp/internal/store"
)

// BenchmarkTelling measures how long it takes from when a single event is stored until it is told, and how many events a second are
// told when they come in full batches: the time until the last of them is told counts, that of storing them included.
func BenchmarkTelling(b *testing.B) {
	dbtest.Bench(b, func(b *testing.B, db *store.DB) {
		one, err := oneid.Open(b.Context(), db, oneid.Settings{Region: "CN", MaxIdentities: 500})
		if err != nil {
			b.Fatal(err)
		}
		reader := profile.New(db, one)
		into, hub := ingest.New(db, one), live.New(db, reader, live.Defaults())
		defer hub.Close()
		events, err := hub.Events(b.Context(), nil)
		if err != nil {
			b.Fatal(err)
		}
		take := func(records ...map[string]any) {
			if _, err := into.Ingest(b.Context(), records, nil); err != nil {
				b.Error(err)
			}
		}
		tell := func(n int) {
			for n > 0 {
				some, err := events.Next(b.Context())
				if err != nil {
					b.Fatal(err)
				}
				n -= len(some)
			}
		}
		var waited time.Duration
		n := 0
		for b.Loop() {
			take(did("single", "m1"))
			stored := time.Now()
			tell(1)
			waited += time.Since(stored)
			n++
		}
		b.ReportMetric(float64(waited.Microseconds())/float64(n)/1000, "ms-to-tell")
		const batches = 50
		start := time.Now()
		go func() {
			for i := range batches {
				records := make([]map[string]any, ingest.MaxBatch)
				for j := range records {
					records[j] = did("batch", fmt.Sprint("m", (i*7+j)%5000))
				}
				take(records...)
			}
		}()
		tell(batches * ingest.MaxBatch)
		b.ReportMetric(batches*ingest.MaxBatch/time.Since(start).Seconds(), "events/s")
	})
}
