package ingest_test

import (
	"context"
	"crypto/sha256"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/onecdp/onecdp/internal/dbtest"
	"github.com/onecdp/onecdp/internal/ingest"
)

// ingestAll sends batches from many goroutines through several services.
func ingestAll(t *testing.T, services []*ingest.Service, batches [][]map[string]any) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	var wait sync.WaitGroup
	for i, batch := range batches {
		wait.Go(func() {
			if _, err := services[i%len(services)].Ingest(ctx, batch, nil); err != nil {
				t.Errorf("batch %d: %v", i, err)
			}
		})
	}
	wait.Wait()
}

// Batches that share message ids, and strangers in both: one of two starts over with half of its work known.
func TestBatchesThatOverlapAreStoredOnce(t *testing.T) {
	const rounds, size = 30, 20
	dbtest.EachURL(t, func(t *testing.T, databaseURL string) {
		db, other := dbtest.Open(t, databaseURL), dbtest.Open(t, databaseURL)
		h := enter(t, db)
		_, second := open(t, other)
		random := rand.New(rand.NewPCG(3, 4))
		for round := range rounds {
			var batches [][]map[string]any
			for range 4 {
				var batch []map[string]any
				for range size {
					n := random.IntN(size * 2)
					batch = append(batch, record(t, fmt.Sprintf(`{"messageId":"m%d-%d","identities":[%s],"attributes":{"a":%d},"event":{"name":"e"}}`,
						round, n, claims(fmt.Sprintf("member_no=r%d-%d", round, n/2), fmt.Sprintf("phone=139%04d%04d", round, n)), n)))
				}
				batches = append(batches, batch)
			}
			ingestAll(t, []*ingest.Service{h.ingest, second}, batches)
		}
		if n, m := h.count("SELECT count(*) FROM events"), h.count("SELECT count(*) FROM records"); n != m {
			t.Errorf("%d events of %d records", n, m)
		}
		h.sound()
	})
}

// An email in one transaction and its hash in another: whichever is first, they meet.
func TestAnEmailAndItsHashMeetUnderConcurrency(t *testing.T) {
	const people = 100
	dbtest.EachURL(t, func(t *testing.T, databaseURL string) {
		db, other := dbtest.Open(t, databaseURL), dbtest.Open(t, databaseURL)
		h := enter(t, db)
		_, second := open(t, other)
		var batches [][]map[string]any
		for i := range people {
			mail := fmt.Sprintf("p%d@x.cn", i)
			for _, identities := range []string{
				claims("email="+mail, fmt.Sprintf("member_no=a%d", i)),
				claims(fmt.Sprintf("email_sha256=%x", sha256.Sum256([]byte(mail))), fmt.Sprintf("user_id=b%d", i)),
			} {
				batches = append(batches, []map[string]any{record(t, `{"identities":[`+identities+`]}`)})
			}
		}
		ingestAll(t, []*ingest.Service{h.ingest, second}, batches)
		if n := h.count("SELECT count(*) FROM customers"); n != people {
			t.Errorf("%d customers, want %d", n, people)
		}
		h.sound()
	})
}

// Statements of one instant from two sources make the writers compare names that a new server has never seen.
func TestAServerThatKnowsNoWordsYetKeepsUp(t *testing.T) {
	dbtest.EachURL(t, func(t *testing.T, databaseURL string) {
		db, cold := dbtest.Open(t, databaseURL), dbtest.Open(t, databaseURL)
		h := enter(t, db)
		one := func(source string, i int) map[string]any {
			return record(t, fmt.Sprintf(`{"source":"%s","occurredAt":"2026-01-01T00:00:00Z","identities":[%s],"attributes":{"a":"%s"}}`,
				source, claims(fmt.Sprintf("member_no=m%d", i%4)), source))
		}
		for i := range 4 {
			ingestAll(t, []*ingest.Service{h.ingest}, [][]map[string]any{{one("crm", i)}})
		}
		_, second := open(t, cold)
		var batches [][]map[string]any
		for i := range 64 {
			batches = append(batches, []map[string]any{one("shop", i)})
		}
		ingestAll(t, []*ingest.Service{second}, batches)
		if n := h.count("SELECT count(*) FROM customers WHERE attributes ->> 'a' = 'shop'"); n != 4 {
			t.Errorf("%d golden records say shop, want 4: the greater source wins a tie", n)
		}
	})
}
