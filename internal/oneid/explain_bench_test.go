package oneid_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/onecdp/onecdp/internal/dbtest"
	"github.com/onecdp/onecdp/internal/ingest"
	"github.com/onecdp/onecdp/internal/oneid"
	"github.com/onecdp/onecdp/internal/store"
)

// One customer as large as one may be, known by 10,000 different sets of identities, and disputed: somebody else has shown one of theirs.
func BenchmarkGraphOfTheLargestCustomer(b *testing.B) {
	dbtest.Bench(b, func(b *testing.B, db *store.DB) {
		one, err := oneid.Open(b.Context(), db, oneid.Settings{Region: "CN", MaxIdentities: 500})
		if err != nil {
			b.Fatal(err)
		}
		if _, _, err := one.DefineType(b.Context(), oneid.TypeChange{Name: "cookie"}, "bench"); err != nil {
			b.Fatal(err)
		}
		random, through := rand.New(rand.NewPCG(1, 1)), ingest.New(db, one)
		send := func(records ...map[string]any) {
			if _, err := through.Ingest(b.Context(), records, nil); err != nil {
				b.Fatal(err)
			}
		}
		record := func(n int, claims ...string) map[string]any {
			all := make([]any, len(claims))
			for i, value := range claims {
				all[i] = map[string]any{"type": "cookie", "value": value}
			}
			all[0] = map[string]any{"type": "user_id", "value": claims[0]}
			return map[string]any{"source": "bench", "messageId": fmt.Sprint(n), "identities": all, "event": map[string]any{"name": "seen"}}
		}
		var batch []map[string]any
		for n := range 10_000 {
			claims := []string{"u", fmt.Sprint("c", n%499)}
			for range random.IntN(4) {
				claims = append(claims, fmt.Sprint("c", random.IntN(499)))
			}
			if batch = append(batch, record(n, claims...)); len(batch) == 500 {
				send(batch...)
				batch = nil
			}
		}
		send(record(10_000, "other", "c7"))
		rows, err := db.Query(b.Context(), "SELECT i.customer_id FROM identities i WHERE i.value = 'u'")
		owners, err := store.Collect(rows, err, func(row store.Row, into *oneid.Row) error { return row.Scan(into) })
		if err != nil || len(owners) != 1 {
			b.Fatal(owners, err)
		}
		b.ResetTimer()
		for b.Loop() {
			graphs, err := one.Graph(b.Context(), owners)
			if err != nil || len(graphs[0].Nodes) < 500 {
				b.Fatal(len(graphs[0].Nodes), err)
			}
		}
	})
}
