package job_test

import (
	"context"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/onecdp/onecdp/internal/customer"
	"github.com/onecdp/onecdp/internal/dbtest"
	"github.com/onecdp/onecdp/internal/fault"
	"github.com/onecdp/onecdp/internal/job"
	"github.com/onecdp/onecdp/internal/store"
)

func TestAJobIsDoneAndTellsWhatItDid(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		for _, started := range []bool{true, false} {
			r := runner(db, quick(), counting(7))
			if started {
				start(t, r)
			}
			j := wait(t, r, add(t, db, "phone"))
			if j.State != job.Done || j.Done != 7 || j.Total != 7 || j.Changed != 7 || j.Cursor != 7 || j.Error != "" || j.EndedAt == nil {
				t.Errorf("started %v: %+v", started, j)
			}
			if j.Kind != kind || j.Subject != "phone" || j.Actor != "tester" || j.CreatedAt.IsZero() {
				t.Errorf("%+v", j)
			}
			r.Close()
		}
	})
}

func TestACustomerThatIsChangedTwiceCountsOnce(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		r := runner(db, quick(), func(_ context.Context, j job.Job) (job.Step, error) {
			return job.Step{Cursor: j.Cursor + 1, Done: 1, Changed: []customer.Handle{4, 5, 4}, Finished: j.Cursor == 2}, nil
		})
		j := wait(t, r, add(t, db, ""))
		if j.Changed != 2 || j.Done != 3 || j.Total != 3 {
			t.Errorf("%+v", j)
		}
	})
}

func TestJobsOfAKindAreDoneOneAfterTheOther(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		var (
			mu      sync.Mutex
			order   []string
			running atomic.Int32
		)
		do := func(_ context.Context, j job.Job) (job.Step, error) {
			if running.Add(1) > 1 {
				t.Error("two at once")
			}
			defer running.Add(-1)
			time.Sleep(time.Millisecond)
			mu.Lock()
			defer mu.Unlock()
			if j.Cursor == 1 {
				order = append(order, j.Subject)
			}
			return job.Step{Cursor: j.Cursor + 1, Done: 1, Finished: j.Cursor == 1}, nil
		}
		var last int64
		subjects := []string{"a", "b", "c", "d", "e"}
		for _, subject := range subjects {
			last = add(t, db, subject)
		}
		for range 3 {
			start(t, runner(db, quick(), do))
		}
		wait(t, runner(db, quick(), do), last)
		if !slices.Equal(order, subjects) {
			t.Errorf("done in the order %q", order)
		}
	})
}

func TestKindsDoNotWaitForEachOther(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		r := job.New(db, quick())
		release := make(chan struct{})
		r.Register("slow", func(ctx context.Context, _ job.Job) (job.Step, error) {
			select {
			case <-release:
			case <-ctx.Done():
			}
			return job.Step{Finished: true}, ctx.Err()
		})
		r.Register(kind, counting(1))
		ids, err := db.ReserveIDs(t.Context(), 1)
		if err != nil {
			t.Fatal(err)
		}
		slow := ids.Next()
		write(t, db, func(tx *store.Tx) error { return job.Add(t.Context(), tx, slow, "slow", "", "") })
		start(t, r)
		if j := wait(t, r, add(t, db, "")); j.State != job.Done {
			t.Errorf("%+v", j)
		}
		close(release)
		if j := wait(t, r, slow); j.State != job.Done {
			t.Errorf("%+v", j)
		}
	})
}

func TestWaitingEndsInTimeAndTheJobGoesOn(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		r := runner(db, quick(), func(_ context.Context, j job.Job) (job.Step, error) {
			time.Sleep(2 * time.Millisecond)
			return job.Step{Cursor: j.Cursor + 1, Done: 1, Total: 40, Finished: j.Cursor == 39}, nil
		})
		id := add(t, db, "")
		j, err := r.Wait(t.Context(), id, 15*time.Millisecond)
		if err != nil || j.State.Ended() {
			t.Fatalf("%+v, %v", j, err)
		}
		if j := wait(t, r, id); j.State != job.Done || j.Done != 40 {
			t.Errorf("given back and not gone on with: %+v", j)
		}
		if j, err := r.Wait(t.Context(), 1<<40, time.Second); j != nil || err != nil {
			t.Errorf("a job that is not: %v, %v", j, err)
		}
	})
}

func TestAStepThatGoesWrongIsTriedAgain(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		count := counting(5)
		var calls, told atomic.Int32
		r := runner(db, quick(), func(ctx context.Context, j job.Job) (job.Step, error) {
			switch calls.Add(1) {
			case 2, 5:
				return job.Step{}, errBroken
			case 3:
				panic("in the middle of a chunk")
			}
			return count(ctx, j)
		})
		r.Start(context.Background(), func(job.Job, error) { told.Add(1) })
		t.Cleanup(r.Close)
		j := wait(t, r, add(t, db, ""))
		if j.State != job.Done || j.Done != 5 || j.Changed != 5 || told.Load() == 0 {
			t.Errorf("%+v, told %d times", j, told.Load())
		}
	})
}

func TestAJobThatCannotBeDoneFailsAndSaysNothingOfPeople(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		do := func(ctx context.Context, j job.Job) (job.Step, error) {
			switch j.Subject {
			case "ours":
				return job.Step{}, fault.New(fault.Conflict, "the type is gone")
			case "next":
				return job.Step{Finished: true}, nil
			case "stuck":
				return job.Step{Cursor: j.Cursor}, nil
			case "database":
				return job.Step{}, db.WithTx(ctx, func(tx *store.Tx) error {
					_, err := tx.Exec(ctx, "INSERT INTO jobs (id, kind) VALUES ($1, $2)", j.ID, "+8613912345678")
					return err
				})
			}
			return job.Step{}, errBroken
		}
		r := runner(db, quick(), do)
		start(t, r)
		for subject, part := range map[string]string{"ours": "the type is gone", "stuck": "unexpected", "broken": "unexpected", "database": "S"} {
			j := wait(t, r, add(t, db, subject))
			if j.State != job.Failed || !strings.Contains(j.Error, part) || strings.Contains(j.Error, "139") || j.EndedAt == nil {
				t.Errorf("%s: %+v", subject, j)
			}
		}
		if j := wait(t, r, add(t, db, "next")); j.State != job.Done {
			t.Errorf("a failed job holds the next one up: %+v", j)
		}
	})
}

func TestPagesOfJobsAndOfTheirCustomers(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		r := runner(db, quick(), counting(5))
		var ids []int64
		for range 3 {
			ids = append(ids, add(t, db, ""))
			wait(t, r, ids[len(ids)-1])
		}
		first, err := r.Jobs(t.Context(), job.Pages.Start(2))
		if err != nil || len(first.Items) != 2 || first.Items[0].ID != ids[2] || !first.HasNext {
			t.Fatalf("%+v, %v", first, err)
		}
		request, err := job.Pages.Read(nil, new(first.Cursor(1)), 2, nil)
		if err != nil {
			t.Fatal(err)
		}
		second, err := r.Jobs(t.Context(), request)
		if err != nil || len(second.Items) != 1 || second.Items[0].ID != ids[0] || second.HasNext {
			t.Errorf("%+v, %v", second, err)
		}
		if n, err := r.Count(t.Context()); n != 3 || err != nil {
			t.Errorf("%d jobs, %v", n, err)
		}
		found, err := r.JobsByID(t.Context(), []int64{ids[1], 12345678, ids[0], ids[1]})
		if err != nil || found[0].ID != ids[1] || found[1] != nil || found[2].ID != ids[0] || found[3].ID != ids[1] {
			t.Errorf("%+v, %v", found, err)
		}
		customers, err := r.CustomersOf(t.Context(), ids[1], job.CustomerPages.Start(3))
		if err != nil || !slices.Equal(customers.Items, []customer.Handle{1, 2, 3}) || !customers.HasNext {
			t.Fatalf("%+v, %v", customers, err)
		}
		if request, err = job.CustomerPages.Read(nil, new(customers.Cursor(2)), 3, nil); err != nil {
			t.Fatal(err)
		}
		customers, err = r.CustomersOf(t.Context(), ids[1], request)
		if err != nil || !slices.Equal(customers.Items, []customer.Handle{4, 5}) {
			t.Errorf("%+v, %v", customers, err)
		}
		if n, err := r.CountCustomers(t.Context(), ids[1]); n != 5 || err != nil {
			t.Errorf("%d customers, %v", n, err)
		}
	})
}
