package ingest_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/onecdp/onecdp/internal/dbtest"
	"github.com/onecdp/onecdp/internal/store"
)

// purchase is the i-th record of a stream over people, as a file would hold it.
func purchase(i int, person int64, at time.Time) map[string]any {
	return map[string]any{
		"messageId": fmt.Sprintf("order-%09d", i), "source": "shop", "channel": "store:sh-001",
		"identities": []any{map[string]any{"type": "member_no", "value": fmt.Sprintf("M%07d", person)}},
		"event": map[string]any{"name": "Order Completed", "properties": map[string]any{
			"amount": json.Number(fmt.Sprintf("%d.%02d", i%500, i%100)), "sku": fmt.Sprintf("sku-%d", i%977), "number_of_cds": json.Number("2")}},
		"occurredAt": at.Add(time.Duration(i) * time.Second).Format(time.RFC3339),
	}
}

func BenchmarkIngest(b *testing.B) {
	const people, batch, workers = 20_000, 1000, 2
	dbtest.Bench(b, func(b *testing.B, db *store.DB) {
		_, s := open(b, db)
		random := rand.New(rand.NewPCG(1, 2))
		zipf := rand.NewZipf(random, 1.1, 10, people-1)
		var raws [][]map[string]any
		at := time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)
		for len(raws)*batch < b.N*batch {
			var one []map[string]any
			for range batch {
				one = append(one, purchase(len(raws)*batch+len(one), int64(zipf.Uint64()), at))
			}
			raws = append(raws, one)
		}
		b.ResetTimer()
		var next atomic.Int64
		var wait sync.WaitGroup
		for range workers {
			wait.Go(func() {
				for i := next.Add(1) - 1; int(i) < len(raws); i = next.Add(1) - 1 {
					if _, err := s.Ingest(context.Background(), raws[i], nil); err != nil {
						b.Error(err)
						return
					}
				}
			})
		}
		wait.Wait()
		b.ReportMetric(float64(b.N*batch)/b.Elapsed().Seconds(), "records/s")
	})
}
