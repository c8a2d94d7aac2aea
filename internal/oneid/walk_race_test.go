package oneid_test

import (
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/onecdp/onecdp/internal/dbtest"
	"github.com/onecdp/onecdp/internal/identity"
	"github.com/onecdp/onecdp/internal/ingest"
	"github.com/onecdp/onecdp/internal/job"
	"github.com/onecdp/onecdp/internal/oneid"
)

// Records come through two servers, and a third changes types, all at once: no record is left decided by rules that are no more.
func TestRecordsThatComeWhileTypesChangeObeyTheLastRules(t *testing.T) {
	t.Parallel()
	dbtest.EachURL(t, func(t *testing.T, databaseURL string) {
		p := newPast(t, dbtest.Open(t, databaseURL))
		var (
			records sync.Mutex
			writers sync.WaitGroup
		)
		for n := range 2 {
			db := dbtest.Open(t, databaseURL)
			in := ingest.New(db, open(t, db))
			random := rand.New(rand.NewPCG(uint64(n), 7))
			writers.Go(func() {
				for range 15 {
					records.Lock()
					var batch []map[string]any
					for range 1 + random.IntN(3) {
						var parts []string
						for range 1 + random.IntN(3) {
							parts = append(parts, anIdentity(random))
						}
						batch = append(batch, p.note(strings.Join(parts, " ")))
					}
					records.Unlock()
					if _, err := in.Ingest(t.Context(), batch, nil); err != nil {
						t.Error(err)
					}
				}
			})
		}
		random := rand.New(rand.NewPCG(1, 8))
		var last int64
		for range 8 {
			if number := define(t, p.Service, aChange(random)); number != 0 {
				last = number
			}
		}
		writers.Wait()
		if last == 0 {
			last = define(t, p.Service, oneid.TypeChange{Name: "card", Strength: new(identity.Strong)})
		}
		done, err := p.jobs.Wait(t.Context(), last, time.Minute)
		if err != nil || done.State != job.Done {
			t.Fatalf("%+v, %v", done, err)
		}
		p.same("all of it")
	})
}
