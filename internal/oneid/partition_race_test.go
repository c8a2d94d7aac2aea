package oneid_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/onecdp/onecdp/internal/dbtest"
	"github.com/onecdp/onecdp/internal/fault"
	"github.com/onecdp/onecdp/internal/ingest"
	"github.com/onecdp/onecdp/internal/oneid"
	"github.com/onecdp/onecdp/internal/store"
)

// TestTheAuditOfWritersAtOnceTellsTheirStory has several servers write about the same few people, and compares what the audit tells in
// the end, when all is quiet.
func TestTheAuditOfWritersAtOnceTellsTheirStory(t *testing.T) {
	t.Parallel()
	dbtest.EachURL(t, func(t *testing.T, databaseURL string) {
		const writers, steps = 6, 12
		var wait sync.WaitGroup
		for w := range writers {
			db := dbtest.Open(t, databaseURL)
			one := open(t, db)
			through := ingest.New(db, one)
			random := rand.New(rand.NewPCG(uint64(w), 3))
			wait.Go(func() {
				for step := range steps {
					if err := disturb(t.Context(), one, through, random, fmt.Sprint(w, "-", step)); err != nil && !errors.As(err, new(*fault.Error)) {
						t.Error(err)
					}
				}
			})
		}
		wait.Wait()
		db := dbtest.Open(t, databaseURL)
		told, err := open(t, db).PartitionAt(t.Context(), time.Now().Add(time.Second))
		if err != nil {
			t.Fatal(err)
		}
		rows, err := db.Query(t.Context(), "SELECT i.id, c.public_id FROM identities i JOIN customers c ON c.id = i.customer_id")
		held := map[int64]oneid.Handle{}
		_, err = store.Collect(rows, err, func(row store.Row, _ *struct{}) error {
			var id int64
			var handle oneid.Handle
			err := row.Scan(&id, &handle)
			held[id] = handle
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if !maps.Equal(told, held) {
			for id, handle := range held {
				if told[id] != handle {
					t.Errorf("identity %d is told to be %d's, and is %d's", id, told[id], handle)
				}
			}
			t.Errorf("%d identities are told of, and there are %d", len(told), len(held))
		}
	})
}

// disturb sends a record or does something by hand.
func disturb(ctx context.Context, one *oneid.Service, through *ingest.Service, random *rand.Rand, message string) error {
	draw := func() string {
		return []string{"member_no:m%d", "phone:1391234560%d", "device_id:d%d", "user_id:u%d", "email:e%d@x.cn"}[random.IntN(5)]
	}
	some := func() string { return fmt.Sprintf(draw(), 1+random.IntN(4)) }
	var err error
	switch random.IntN(8) {
	case 0:
		_, err = one.LinkIdentities(ctx, claimOf(some()), claimOf(some()), by)
	case 1:
		_, err = one.UnlinkIdentity(ctx, claimOf(some()), new(timeOf(random.IntN(8))), by)
	default:
		var claims []any
		for range 1 + random.IntN(3) {
			claim := claimOf(some())
			claims = append(claims, map[string]any{"type": claim.Type, "value": claim.Value})
		}
		record := map[string]any{"source": "test", "messageId": message, "identities": claims, "occurredAt": timeOf(random.IntN(8)).Format(time.RFC3339)}
		_, err = through.Ingest(ctx, []map[string]any{record}, nil)
	}
	return err
}
