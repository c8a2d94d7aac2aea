package ingest_test

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"github.com/onecdp/onecdp/internal/dbtest"
	"github.com/onecdp/onecdp/internal/ingest"
	"github.com/onecdp/onecdp/internal/store"
)

// TestABusyDisputeTurnsNoWriterAway has many writers show a tablet now with one of the people who share it and now with the other, so that
// each record is decided about, while they wait for each other.
func TestABusyDisputeTurnsNoWriterAway(t *testing.T) {
	t.Parallel()
	const writers, records = 16, 12
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		h := enter(t, db)
		_, second := open(t, db)
		h.show("member_no=a", "phone=13912345678")
		h.show("member_no=b", "phone=13912345678")
		var wait sync.WaitGroup
		for w := range writers {
			service := []*ingest.Service{h.ingest, second}[w%2]
			wait.Go(func() {
				for i := range records {
					one := fmt.Sprintf(`{"identities":[%s],"occurredAt":"2025-03-%02dT%02d:00:00Z","event":{"name":"e"}}`,
						claims("member_no="+[]string{"a", "b"}[(w+i)%2], "device_id=tablet"), 1+i, w)
					other := fmt.Sprintf(`{"identities":[%s],"event":{"name":"e"}}`, claims(fmt.Sprintf("member_no=%d", w%4), fmt.Sprintf("phone=1391234560%d", w%4)))
					if _, err := service.Ingest(context.Background(), []map[string]any{record(t, one), record(t, other)}, nil); err != nil {
						t.Error(err)
					}
				}
			})
		}
		wait.Wait()
		h.sound()
	})
}
