package job_test

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/onecdp/onecdp/internal/dbtest"
	"github.com/onecdp/onecdp/internal/job"
	"github.com/onecdp/onecdp/internal/store"
)

func TestTheJobOfADeadServerIsTakenOver(t *testing.T) {
	t.Parallel()
	dbtest.EachURL(t, func(t *testing.T, databaseURL string) {
		first, second := dbtest.Open(t, databaseURL), dbtest.Open(t, databaseURL)
		count := counting(9)
		hung, end := make(chan struct{}), make(chan struct{})
		dying := runner(first, quick(), func(ctx context.Context, j job.Job) (job.Step, error) {
			if j.Cursor == 4 {
				close(hung)
				<-end // as good as dead
			}
			return count(ctx, j)
		})
		id := add(t, first, "")
		start(t, dying)
		<-hung
		living := runner(second, quick(), count)
		if j, err := living.Wait(t.Context(), id, 30*time.Millisecond); err != nil || j.State != job.Running || j.Cursor != 4 {
			t.Fatalf("the lease does not hold: %+v, %v", j, err)
		}
		write(t, second, func(tx *store.Tx) error {
			_, err := tx.Exec(t.Context(), "UPDATE jobs SET leased_until = $1 WHERE id = $2", tx.Now.Add(-time.Second), id)
			return err
		})
		if j := wait(t, living, id); j.State != job.Done || j.Done != 9 || j.Changed != 9 {
			t.Errorf("%+v", j)
		}
		close(end) // it was not dead: what it did of the chunk is not counted twice
		dying.Close()
		if j := wait(t, living, id); j.State != job.Done || j.Done != 9 || j.Changed != 9 {
			t.Errorf("the late one wrote: %+v", j)
		}
	})
}

func TestAServerThatStopsGivesItsJobBack(t *testing.T) {
	t.Parallel()
	dbtest.EachURL(t, func(t *testing.T, databaseURL string) {
		first, second := dbtest.Open(t, databaseURL), dbtest.Open(t, databaseURL)
		options := quick()
		options.Lease = time.Hour
		begun := make(chan struct{}, 100)
		stopping := runner(first, options, func(ctx context.Context, j job.Job) (job.Step, error) {
			begun <- struct{}{}
			if j.Cursor == 2 {
				<-ctx.Done()
				return job.Step{}, ctx.Err()
			}
			return counting(9)(ctx, j)
		})
		id := add(t, first, "")
		start(t, stopping)
		<-begun
		<-begun
		stopping.Close()
		if j := wait(t, runner(second, options, counting(9)), id); j.State != job.Done || j.Done != 9 {
			t.Errorf("%+v", j)
		}
	})
}

func TestAChunkAndTheNoteOfItHappenTogether(t *testing.T) {
	t.Parallel()
	dbtest.EachURL(t, func(t *testing.T, databaseURL string) {
		db := dbtest.Open(t, databaseURL)
		count := counting(9)
		var calls atomic.Int32
		saving := func(ctx context.Context, j job.Job) (step job.Step, err error) {
			if step, err = count(ctx, j); err != nil {
				return step, err
			}
			err = db.WithTx(ctx, func(tx *store.Tx) error {
				if _, err := tx.InsertRows(ctx, "settings", "", store.Texts("name", []string{string(rune('a' + j.Cursor))}), store.Texts("value", []string{""})); err != nil {
					return err
				}
				if err := step.Save(ctx, tx, j); err != nil {
					return err
				}
				if calls.Add(1) == 2 {
					return errBroken
				}
				return nil
			})
			return step, err
		}
		// A chunk whose note is not stored would insert its row twice, which the table refuses.
		if j := wait(t, runner(db, quick(), saving), add(t, db, "")); j.State != job.Done || j.Done != 9 || j.Changed != 9 || calls.Load() != 6 {
			t.Errorf("%+v after %d calls", j, calls.Load())
		}
	})
}

func TestAJobWaitsForTheTransactionsThatMayNotKnowOfIt(t *testing.T) {
	t.Parallel()
	dbtest.EachURL(t, func(t *testing.T, databaseURL string) {
		db, other := dbtest.Open(t, databaseURL), dbtest.Open(t, databaseURL)
		if db.Dialect().OneWriter() {
			t.Skip("there is no other transaction")
		}
		wrote, end, ended := make(chan struct{}), make(chan struct{}), make(chan error, 1)
		go func() {
			ended <- other.WithTx(context.Background(), func(tx *store.Tx) error {
				_, err := tx.InsertRows(context.Background(), "settings", "ON CONFLICT DO NOTHING", store.Texts("name", []string{"slow"}), store.Texts("value", []string{""}))
				close(wrote)
				<-end
				return err
			})
		}()
		<-wrote
		r := runner(db, quick(), counting(3))
		id := add(t, db, "")
		j, err := r.Wait(t.Context(), id, 60*time.Millisecond)
		if err != nil || j.State != job.Waiting {
			t.Errorf("it began beside a transaction from before: %+v, %v", j, err)
		}
		close(end)
		if err := <-ended; err != nil {
			t.Fatal(err)
		}
		if j := wait(t, r, id); j.State != job.Done {
			t.Errorf("%+v", j)
		}
	})
}

func TestAJobDoesNotWaitForTransactionsThatBeginLater(t *testing.T) {
	t.Parallel()
	dbtest.EachURL(t, func(t *testing.T, databaseURL string) {
		db, other := dbtest.Open(t, databaseURL), dbtest.Open(t, databaseURL)
		if db.Dialect().OneWriter() {
			t.Skip("there is no other transaction")
		}
		begun := make(chan struct{}, 100)
		release := make(chan struct{})
		r := runner(db, quick(), func(ctx context.Context, j job.Job) (job.Step, error) {
			begun <- struct{}{}
			<-release
			return counting(3)(ctx, j)
		})
		id := add(t, db, "")
		start(t, r)
		<-begun
		err := other.WithTx(t.Context(), func(tx *store.Tx) error {
			if _, err := tx.InsertRows(t.Context(), "settings", "ON CONFLICT DO NOTHING", store.Texts("name", []string{"slow"}), store.Texts("value", []string{""})); err != nil {
				return err
			}
			close(release)
			if j := wait(t, r, id); j.State != job.Done {
				t.Errorf("%+v", j)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}

func TestWhatFailedIsTriedAgainWhenAServerStarts(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		broken := func(ctx context.Context, j job.Job) (job.Step, error) {
			if j.Cursor == 4 {
				return job.Step{}, errBroken
			}
			return counting(9)(ctx, j)
		}
		superseded, failed := add(t, db, "phone"), add(t, db, "email")
		first := runner(db, quick(), broken)
		for _, id := range []int64{superseded, failed} {
			if j := wait(t, first, id); j.State != job.Failed || j.Done != 4 {
				t.Fatalf("%+v", j)
			}
		}
		mended := runner(db, quick(), counting(9))
		if j := wait(t, mended, add(t, db, "phone")); j.State != job.Done {
			t.Fatalf("%+v", j)
		}
		start(t, mended)
		for range 500 {
			if j := wait(t, mended, failed); j.State == job.Done {
				if j.Done != 9 || j.Error != "" {
					t.Errorf("%+v", j)
				}
				break
			}
			time.Sleep(10 * time.Millisecond)
		}
		if j := wait(t, mended, failed); j.State != job.Done {
			t.Errorf("%+v", j)
		}
		if j := wait(t, mended, superseded); j.State != job.Failed {
			t.Errorf("done although a later one has: %+v", j)
		}
	})
}
