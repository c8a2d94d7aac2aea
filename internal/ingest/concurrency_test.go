package ingest_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/onecdp/onecdp/internal/dbtest"
	"github.com/onecdp/onecdp/internal/ingest"
	"github.com/onecdp/onecdp/internal/store"
)

// TestWritersAtOnceLeaveWhatOneWouldLeave sends records that join the same people in opposite orders, from
// many writers through two servers.
func TestWritersAtOnceLeaveWhatOneWouldLeave(t *testing.T) {
	const writers, people, records = 16, 12, 480
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		h := enter(t, db)
		_, second := open(t, db)
		random := rand.New(rand.NewPCG(7, 7))
		texts := make([]string, records)
		for i := range texts {
			person := random.IntN(people)
			one, two := fmt.Sprintf("member_no=p%d-%d", person, random.IntN(6)), fmt.Sprintf("member_no@b=p%d-%d", person, random.IntN(6))
			three := fmt.Sprintf("member_no@c=p%d", person)
			if i%3 == 0 {
				two, three = three, fmt.Sprintf("device_id=%d-%d", person, random.IntN(20))
			}
			if i%2 == 1 { // every message is sent twice, by two writers
				texts[i] = texts[i-1]
				continue
			}
			texts[i] = fmt.Sprintf(`{"messageId":"%d","identities":[%s],"attributes":{"n%d":%d},"event":{"name":"e"}}`, i, claims(one, two, three), i%5, i)
		}
		var wait sync.WaitGroup
		for w := range writers {
			service := []*ingest.Service{h.ingest, second}[w%2]
			wait.Go(func() {
				for k := range records / writers {
					if w%4 < 2 { // half of them from the end
						k = records/writers - 1 - k
					}
					i := k*writers + w
					if _, err := service.Ingest(context.Background(), []map[string]any{record(t, texts[i])}, nil); err != nil {
						t.Error(err)
					}
				}
			})
		}
		wait.Wait()
		if n := h.count("SELECT count(*) FROM customers"); n != people {
			t.Errorf("%d customers, want %d", n, people)
		}
		if n := h.count("SELECT count(*) FROM events"); n != records/2 {
			t.Errorf("%d events, want %d: one per message", n, records/2)
		}
		h.sound()
	})
}
