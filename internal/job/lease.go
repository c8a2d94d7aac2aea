package job

import (
	"context"
	"fmt"
	"time"

	"github.com/onecdp/onecdp/internal/store"
)

// next is the job of a kind that is to be done now, and nil when there is none: of one kind only the first.
func (r *Runner) next(ctx context.Context, kind string) (*Job, error) {
	jobs, err := collect(r.db.Query(ctx, "SELECT "+columns+" FROM jobs WHERE kind = $1 AND state IN ('WAITING', 'RUNNING')"+
		" ORDER BY CASE WHEN state = 'RUNNING' THEN 0 ELSE 1 END, created_at, id LIMIT 1", kind))
	if err != nil || len(jobs) == 0 {
		return nil, err
	}
	return &jobs[0], nil
}

// take makes the next job of a kind this server's until its lease ends. It is nil when there is none to take now. soon tells that there is one that
// is only held back.
func (r *Runner) take(ctx context.Context, kind string) (j *Job, soon bool, err error) {
	if j, err = r.next(ctx, kind); err != nil || j == nil {
		return nil, false, err
	}
	if j.leased != nil && j.leased.After(store.Now()) {
		return nil, false, nil // another server is at it
	}
	if j.State == Waiting {
		held, err := r.heldBack(ctx, j)
		if err != nil || held {
			return nil, held, err
		}
	}
	taken := int64(0)
	err = r.db.WithTx(ctx, func(tx *store.Tx) (err error) {
		taken, err = tx.Exec(ctx, "UPDATE jobs SET state = $1, leased_until = $2 WHERE id = $3 AND cursor = $4 AND done = $5"+
			" AND state IN ('WAITING', 'RUNNING') AND (leased_until IS NULL OR leased_until <= $6)",
			string(Running), tx.Now.Add(r.options.Lease), j.ID, j.Cursor, j.Done, tx.Now)
		return err
	})
	if err != nil || taken == 0 {
		return nil, false, err
	}
	j.State, j.lease = Running, r.options.Lease
	return j, false, nil
}

// heldBack says whether transactions run that may not know yet why there is a job. Who sees a job for the first time notes the number
// that the next transaction will have: whatever begins to write from then on knows what was committed together with the job.
func (r *Runner) heldBack(ctx context.Context, j *Job) (bool, error) {
	dialect := r.db.Dialect()
	if dialect.OneWriter() {
		return false, nil
	}
	if j.barrier == 0 {
		err := r.db.WithTx(ctx, func(tx *store.Tx) error {
			_, err := tx.Exec(ctx, "UPDATE jobs SET barrier = "+dialect.NextTransaction()+" WHERE id = $1 AND barrier = 0", j.ID)
			return err
		})
		if err != nil {
			return false, fmt.Errorf("note where a job begins: %w", err)
		}
	}
	// Read back: another server may have been first.
	running, err := r.count(ctx, "SELECT "+dialect.RunningBefore("j.barrier")+" FROM jobs j WHERE j.id = $1", j.ID)
	return running > 0, err
}

// hold makes the lease end later. The job stays this server's while that is longer than its steps take.
func (r *Runner) hold(ctx context.Context, j *Job, longer time.Duration) error {
	return r.db.WithTx(ctx, func(tx *store.Tx) error {
		_, err := tx.Exec(ctx, "UPDATE jobs SET leased_until = $1 WHERE id = $2 AND state = $3 AND cursor = $4 AND done = $5",
			tx.Now.Add(r.options.Lease+longer), j.ID, string(Running), j.Cursor, j.Done)
		return err
	})
}

// release gives a job back before its lease ends, so that another server goes on with it at once.
func (r *Runner) release(ctx context.Context, j *Job) error {
	return r.db.WithTx(ctx, func(tx *store.Tx) error {
		_, err := tx.Exec(ctx, "UPDATE jobs SET leased_until = NULL WHERE id = $1 AND state = $2 AND cursor = $3 AND done = $4",
			j.ID, string(Running), j.Cursor, j.Done)
		return err
	})
}

// fail ends a job that cannot be done.
func (r *Runner) fail(ctx context.Context, j *Job, why string) error {
	return r.db.WithTx(ctx, func(tx *store.Tx) error {
		_, err := tx.Exec(ctx, "UPDATE jobs SET state = $1, error = $2, ended_at = $3, leased_until = NULL WHERE id = $4 AND state = $5 AND cursor = $6 AND done = $7",
			string(Failed), why, tx.Now, j.ID, string(Running), j.Cursor, j.Done)
		return err
	})
}

// revive has the failed jobs of a kind done again, unless a later one about the same has been done.
func (r *Runner) revive(ctx context.Context, kind string) error {
	return r.db.WithTx(ctx, func(tx *store.Tx) error {
		_, err := tx.Exec(ctx, "UPDATE jobs SET state = $1, error = '', ended_at = NULL WHERE kind = $2 AND state = $3 AND NOT EXISTS (SELECT 1 FROM jobs later"+
			" WHERE later.kind = jobs.kind AND later.subject IN ('', jobs.subject) AND later.state = $4 AND later.created_at > jobs.created_at)",
			string(Waiting), kind, string(Failed), string(Done))
		return err
	})
}
