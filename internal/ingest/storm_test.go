package ingest_test

import (
	"context"
	"flag"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/onecdp/onecdp/internal/dbtest"
	"github.com/onecdp/onecdp/internal/ingest"
)

var stormSize = flag.Int("storm", 0, "how many identities of a kind touch one phone number; 0: as many as a test has time for")

// TestAStormOnOnePhoneNumberEndsAndIsAnsweredThroughout shows one phone number with very many identities, from many writers, while others look
// people up.
func TestAStormOnOnePhoneNumberEndsAndIsAnsweredThroughout(t *testing.T) {
	dbtest.EachURL(t, func(t *testing.T, databaseURL string) {
		for _, storm := range []struct {
			name, value, phone string
			shared, size       int
		}{
			{"member_no", "member_no=m%d", "13912340001", 1, 2000},
			{"device_id", "device_id=d%d", "13912340002", 0, 80},
			{"anonymous_id", "anonymous_id=c%d", "13912340003", 0, 200},
			{"email", "email=e%d@x.cn", "13912340004", 0, 80},
		} {
			t.Run(storm.name, func(t *testing.T) {
				db := dbtest.Open(t, databaseURL)
				h := enter(t, db)
				_, second := open(t, dbtest.Open(t, databaseURL))
				if *stormSize > 0 {
					storm.size = *stormSize
				}
				h.show("phone="+storm.phone, "user_id=owner-"+storm.name)
				lookups := make(chan []time.Duration)
				stop := make(chan struct{})
				go func() { lookups <- lookAgain(h, "user_id", "owner-"+storm.name, stop) }()
				began := time.Now()
				rain(t, []*ingest.Service{h.ingest, second}, storm.value, storm.phone, storm.size)
				seconds := time.Since(began).Seconds()
				close(stop)
				took := <-lookups
				slices.Sort(took)
				t.Logf("%d records in %.1f s, %.0f/s; %d lookups, p50 %v, p99 %v, most %v; retries %d", storm.size, seconds, float64(storm.size)/seconds,
					len(took), took[len(took)/2], took[len(took)*99/100], took[len(took)-1], db.Stats().Retries)
				if n := h.count("SELECT count(*) FROM identities i JOIN identity_types t ON t.id = i.type_id WHERE t.name = 'phone' AND i.value = $1 AND i.shared", "+86"+storm.phone); n != storm.shared {
					t.Errorf("the number is shared: %d, want %d", n, storm.shared)
				}
				h.sound()
			})
		}
	})
}

// rain sends records that each show one more identity with the number.
func rain(t *testing.T, services []*ingest.Service, value, phone string, size int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute)
	defer cancel()
	var batches [][]map[string]any
	for i := 0; i < size; {
		var batch []map[string]any
		for range 1 + len(batches)*7%50 {
			batch = append(batch, record(t, `{"identities":[`+claims(fmt.Sprintf(value, i), "phone="+phone)+`],"event":{"name":"e"}}`))
			i++
		}
		batches = append(batches, batch)
	}
	work := make(chan []map[string]any)
	var wait sync.WaitGroup
	for w := range writers {
		wait.Go(func() {
			for batch := range work {
				if _, err := services[w%2].Ingest(ctx, batch, nil); err != nil {
					t.Error(err)
				}
			}
		})
	}
	for _, batch := range batches {
		work <- batch
	}
	close(work)
	wait.Wait()
}

// lookAgain looks somebody up until it is stopped, and tells how long each time took.
func lookAgain(h *house, typ, value string, stop <-chan struct{}) (took []time.Duration) {
	for {
		select {
		case <-stop:
			return took
		case <-time.After(2 * time.Millisecond):
		}
		began := time.Now()
		h.count("SELECT c.public_id FROM identities i JOIN identity_types t ON t.id = i.type_id JOIN customers c ON c.id = i.customer_id WHERE t.name = $1 AND i.value = $2 AND i.scope = ''", typ, value)
		took = append(took, time.Since(began))
	}
}
