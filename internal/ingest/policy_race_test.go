package ingest_test

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/onecdp/onecdp/internal/attribute"
	"github.com/onecdp/onecdp/internal/dbtest"
	"github.com/onecdp/onecdp/internal/fault"
	"github.com/onecdp/onecdp/internal/golden"
	"github.com/onecdp/onecdp/internal/job"
)

// Policies change on one server while two take statements in and people become one: when the jobs are done, every golden record is what
// survives by the policy that came last.
func TestPoliciesChangeWhileStatementsCome(t *testing.T) {
	t.Parallel()
	dbtest.EachURL(t, func(t *testing.T, databaseURL string) {
		first := enter(t, dbtest.Open(t, databaseURL))
		second := enter(t, dbtest.Open(t, databaseURL))
		jobs := job.New(first.db, job.Defaults())
		jobs.Register(attribute.JobKind, first.one.Attributes().Step)
		jobs.Start(t.Context(), func(_ job.Job, err error) { t.Error(err) })
		defer jobs.Close()

		var writers sync.WaitGroup
		for i, h := range []*house{first, second, first, second} {
			random := rand.New(rand.NewPCG(uint64(i), 3))
			writers.Go(func() {
				for range 20 {
					var records []map[string]any
					for range 1 + random.IntN(4) {
						n := random.IntN(12)
						one := spoken{
							identities: []string{fmt.Sprintf("email=a%d@x.cn", n)}, source: []string{"crm", "shop"}[random.IntN(2)], hour: random.IntN(24),
							attribute: []string{"a", "b"}[random.IntN(2)], value: someValues[random.IntN(len(someValues))],
						}
						if random.IntN(4) == 0 {
							one.identities = append(one.identities, fmt.Sprintf("user_id=u%d", n/3))
						}
						records = append(records, record(t, one.record()))
					}
					if _, err := h.ingest.Ingest(t.Context(), records, fault.Path{"records"}); err != nil {
						t.Error(err)
					}
				}
			})
		}
		var last int64
		random := rand.New(rand.NewPCG(5, 5))
		for range 8 {
			survivorship := golden.Survivorships()[random.IntN(8)]
			defined, err := second.one.Attributes().Define(t.Context(), attribute.Input{Name: []string{"a", "b"}[random.IntN(2)], Survivorship: &survivorship}, "tester", nil)
			if err != nil {
				t.Fatal(err)
			}
			if defined.Job != 0 {
				last = defined.Job
			}
			time.Sleep(10 * time.Millisecond)
		}
		writers.Wait()
		if done, err := jobs.Wait(t.Context(), last, time.Minute); err != nil || done == nil || done.State != job.Done {
			t.Fatalf("%+v, %v", done, err)
		}
		first.trueToStatements()
		if n := first.count("SELECT count(*) FROM settings WHERE name LIKE 'unsettled%'"); n != 0 {
			t.Errorf("%d attributes are not settled", n)
		}
	})
}
