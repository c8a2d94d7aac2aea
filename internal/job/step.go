package job

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/onecdp/onecdp/internal/customer"
	"github.com/onecdp/onecdp/internal/store"
)

// Step is what became of one chunk of a job.
type Step struct {
	Cursor   int64             // where the next step begins. It differs from the job's unless the job is finished
	Done     int64             // pieces looked at in this step
	Total    int64             // pieces there are at all, where the step has found out; 0: it has not
	Changed  []customer.Handle // customers that it changed
	Finished bool              // there is no next step

	saved bool
}

// errLost says that somebody else has gone on with the job: what was done by this step has been or will be done by them.
var errLost = errors.New("job: another server has taken it over")

// Save stores in a step's own transaction how far it came, so that the work and the note of it happen together or not at all. Call it last. A
// step that does not call it is noted in a transaction after it, and is done again when the server dies between the two. The
// transaction fails when another server has been faster with the same chunk.
func (s *Step) Save(ctx context.Context, tx *store.Tx, j Job) error {
	added, err := addCustomers(ctx, tx, j.ID, s.Changed)
	if err != nil {
		return err
	}
	done := j.Done + s.Done
	total := max(j.Total, s.Total, done)
	state, ended := Running, (*time.Time)(nil)
	if s.Finished {
		state, ended = Done, &tx.Now
	}
	// Whoever works on a job has its row last. Of two who work on one chunk, since one was taken for dead, the first to get here wins.
	noted, err := tx.Exec(ctx, "UPDATE jobs SET state = $1, ended_at = $2, cursor = $3, done = $4, total = $5, changed = changed + $6, leased_until = $7"+
		" WHERE id = $8 AND state = $9 AND cursor = $10 AND done = $11",
		string(state), ended, s.Cursor, done, total, added, tx.Now.Add(j.lease), j.ID, string(Running), j.Cursor, j.Done)
	if err != nil {
		return fmt.Errorf("note how far a job is: %w", err)
	}
	if noted == 0 {
		return errLost
	}
	s.saved = true
	return nil
}

// addCustomers notes customers that a job has changed, and returns how many are new.
func addCustomers(ctx context.Context, tx *store.Tx, id int64, handles []customer.Handle) (int64, error) {
	jobs, numbers := make([]int64, len(handles)), make([]int64, len(handles))
	for i, handle := range handles {
		jobs[i], numbers[i] = id, int64(handle)
	}
	added, err := tx.InsertRows(ctx, "job_customers", "ON CONFLICT DO NOTHING", store.Int64s("job_id", jobs), store.Int64s("handle_id", numbers))
	if err != nil {
		return 0, fmt.Errorf("note the customers that a job changed: %w", err)
	}
	return added, nil
}

// after is the job as it stands after a step that was saved.
func (j Job) after(s Step) Job {
	j.Cursor, j.Done = s.Cursor, j.Done+s.Done
	j.Total = max(j.Total, s.Total, j.Done)
	return j
}
