package job_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/onecdp/onecdp/internal/customer"
	"github.com/onecdp/onecdp/internal/job"
	"github.com/onecdp/onecdp/internal/store"
)

const kind = "count"

var errBroken = errors.New("phone +8613912345678 could not be read")

// quick are the options of a server that lives as long as a test.
func quick() job.Options {
	return job.Options{Lease: 10 * time.Second, Poll: 5 * time.Millisecond, Held: 5 * time.Millisecond, Attempts: 3, Pause: time.Millisecond}
}

// add adds a job as a change of settings does.
func add(t *testing.T, db *store.DB, subject string) int64 {
	t.Helper()
	ids, err := db.ReserveIDs(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	id := ids.Next()
	write(t, db, func(tx *store.Tx) error { return job.Add(t.Context(), tx, id, kind, subject, "tester") })
	return id
}

func write(t *testing.T, db *store.DB, do func(tx *store.Tx) error) {
	t.Helper()
	if err := db.WithTx(context.Background(), do); err != nil {
		t.Fatal(err)
	}
}

// counting walks the numbers from 1 to last, two at a time, each being a customer that it changes.
func counting(last int64) job.Do {
	return func(_ context.Context, j job.Job) (job.Step, error) {
		end := min(j.Cursor+2, last)
		step := job.Step{Cursor: end, Done: end - j.Cursor, Total: last, Finished: end == last}
		for n := j.Cursor + 1; n <= end; n++ {
			step.Changed = append(step.Changed, customer.Handle(n))
		}
		return step, nil
	}
}

// runner is a server's runner that knows one kind of job and does nothing until it is started or waited for.
func runner(db *store.DB, options job.Options, do job.Do) *job.Runner {
	r := job.New(db, options)
	r.Register(kind, do)
	return r
}

// start has a runner do jobs until the test ends.
func start(t *testing.T, r *job.Runner) {
	t.Helper()
	r.Start(context.Background(), func(job.Job, error) {})
	t.Cleanup(r.Close)
}

func wait(t *testing.T, r *job.Runner, id int64) *job.Job {
	t.Helper()
	j, err := r.Wait(t.Context(), id, 5*time.Second)
	if err != nil || j == nil {
		t.Fatalf("job %d: %v, %v", id, j, err)
	}
	return j
}
