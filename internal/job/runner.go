package job

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
	"time"

	"github.com/onecdp/onecdp/internal/fault"
	"github.com/onecdp/onecdp/internal/store"
)

// Options say how patient a runner is.
type Options struct {
	Lease    time.Duration // how long a job stays with a server that says nothing; several times what a step takes
	Poll     time.Duration // from one look at the jobs to the next, where nobody calls
	Held     time.Duration // the same, while a job waits for transactions or for another server
	Attempts int           // how often in a row a step may go wrong before its job has failed
	Pause    time.Duration // before the second attempt; before each further one twice as long
}

// Defaults are the options of a server. A step that goes wrong is tried again for a minute and a half.
func Defaults() Options {
	return Options{Lease: 30 * time.Second, Poll: time.Second, Held: 20 * time.Millisecond, Attempts: 9, Pause: 400 * time.Millisecond}
}

// Do does one chunk of a job. It may be called again with the same job when it returned an error, or when its server died, so what it has done
// already must make no difference. It never gets two jobs of its kind at once, unless a server was wrongly taken for dead.
type Do func(ctx context.Context, j Job) (Step, error)

// Runner does jobs. It is safe for concurrent use.
type Runner struct {
	db      *store.DB
	options Options
	kinds   []string
	steps   map[string]Do
	wake    map[string]chan struct{}

	mu     sync.Mutex
	failed func(j Job, err error)
	stop   context.CancelFunc // nil: not started
	ended  sync.WaitGroup
}

// New returns a runner over a migrated database. It does nothing until it is started or somebody waits for a job.
func New(db *store.DB, options Options) *Runner {
	return &Runner{db: db, options: options, steps: map[string]Do{}, wake: map[string]chan struct{}{}, failed: func(Job, error) {}}
}

// Register says how a kind of job is done. Call it while the program is put together.
func (r *Runner) Register(kind string, do Do) {
	r.kinds = append(r.kinds, kind)
	r.steps[kind], r.wake[kind] = do, make(chan struct{}, 1)
}

// Start does the jobs there are and will be, each kind beside the others, until Close; also those that have failed, once more from where they were, unless a
// later one has done the same since. failed is told of each attempt that went wrong; the
// error may say more than the job does.
func (r *Runner) Start(ctx context.Context, failed func(j Job, err error)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.stop != nil {
		return
	}
	r.failed = failed
	ctx, r.stop = context.WithCancel(ctx)
	for _, kind := range r.kinds {
		r.ended.Go(func() { r.serve(ctx, kind) })
	}
}

// Close stops doing jobs and returns when the database is not used any more. What was begun is given back for other servers to go on with.
func (r *Runner) Close() {
	r.mu.Lock()
	stop := r.stop
	r.mu.Unlock()
	if stop != nil {
		stop()
	}
	r.ended.Wait()
}

// Nudge says that there may be something new to do.
func (r *Runner) Nudge() {
	for _, wake := range r.wake {
		select {
		case wake <- struct{}{}:
		default: // it will look anyway
		}
	}
}

// serve does the jobs of a kind until ctx ends. It begins with those that failed: what was in their way may be gone.
func (r *Runner) serve(ctx context.Context, kind string) {
	if err := r.revive(ctx, kind); err != nil && ctx.Err() == nil {
		r.tell(Job{Kind: kind}, err)
	}
	for ctx.Err() == nil {
		worked, soon, err := r.turn(ctx, kind, nil)
		if err != nil && ctx.Err() == nil {
			r.tell(Job{Kind: kind}, err)
		}
		pause := r.options.Poll
		switch {
		case worked && err == nil:
			continue
		case soon:
			pause = r.options.Held
		}
		timer := time.NewTimer(pause)
		select {
		case <-ctx.Done():
		case <-timer.C:
		case <-r.wake[kind]:
		}
		timer.Stop()
	}
}

// turn does the next job of a kind, until it has ended or enough says so. soon tells that there is one that is only held back.
func (r *Runner) turn(ctx context.Context, kind string, enough <-chan struct{}) (worked, soon bool, err error) {
	j, soon, err := r.take(ctx, kind)
	if err != nil || j == nil {
		return false, soon, err
	}
	err = r.work(ctx, j, enough)
	if errors.Is(err, errLost) {
		return false, false, nil
	}
	if ctx.Err() != nil || errors.Is(err, errEnough) {
		back, cancel := context.WithTimeout(context.WithoutCancel(ctx), releaseTime)
		defer cancel()
		return true, false, r.release(back, j)
	}
	return true, false, err
}

// releaseTime bounds what a server that stops does for those that go on.
const releaseTime = 2 * time.Second

// errEnough says that whoever does a job has no more time for it.
var errEnough = errors.New("job: enough for now")

// work does the steps of a job that this server has, and keeps j as it is stored.
func (r *Runner) work(ctx context.Context, j *Job, enough <-chan struct{}) error {
	wrong := 0
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-enough:
			return errEnough
		default:
		}
		step, err := r.step(ctx, *j)
		switch {
		case err == nil:
			wrong = 0
			if *j = j.after(step); step.Finished {
				return nil
			}
			continue
		case errors.Is(err, errLost) || ctx.Err() != nil:
			return err
		}
		r.tell(*j, err)
		if wrong++; wrong >= r.options.Attempts {
			return r.fail(ctx, j, reason(err))
		}
		if err := r.rest(ctx, j, r.options.Pause<<(wrong-1), enough); err != nil {
			return err
		}
	}
}

// step does one step and notes it.
func (r *Runner) step(ctx context.Context, j Job) (step Step, err error) {
	defer func() {
		if lost := recover(); lost != nil { // a step must not take the server along
			err = fmt.Errorf("job: a step panicked (%T): %s", lost, debug.Stack()) // the value itself may quote what was read
		}
	}()
	if step, err = r.steps[j.Kind](ctx, j); err != nil || step.saved {
		return step, err
	}
	if !step.Finished && step.Cursor == j.Cursor {
		return step, errors.New("job: a step did not move on")
	}
	return step, r.db.WithTx(ctx, func(tx *store.Tx) error { return step.Save(ctx, tx, j) })
}

// rest waits before the next attempt, and keeps the job meanwhile.
func (r *Runner) rest(ctx context.Context, j *Job, pause time.Duration, enough <-chan struct{}) error {
	if err := r.hold(ctx, j, pause); err != nil && ctx.Err() == nil {
		r.tell(*j, err) // the database is away, perhaps for no longer than the pause
	}
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-enough:
		return errEnough
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (r *Runner) tell(j Job, err error) {
	r.mu.Lock()
	failed := r.failed
	r.mu.Unlock()
	failed(j, err)
}

// reason is an error as a job keeps it. Anything but what was made to be shown might quote what was read.
func reason(err error) string {
	var shown *fault.Error
	if errors.As(err, &shown) {
		return shown.Error()
	}
	if known := store.Reason(err); known != "" {
		return known
	}
	return "an unexpected error; the log of the server has it"
}

// Wait returns a job when it has ended or when atMost is over, as it stands then. Where the runner was not started it does the
// work itself, and that of the jobs before it. The job is nil when there is none.
func (r *Runner) Wait(ctx context.Context, id int64, atMost time.Duration) (*Job, error) {
	limit, cancel := context.WithTimeout(ctx, atMost)
	defer cancel()
	r.mu.Lock()
	started := r.stop != nil
	r.mu.Unlock()
	r.Nudge()
	for pause := shortestLook; ; pause = min(2*pause, r.options.Held) {
		found, err := r.JobsByID(ctx, []int64{id})
		if err != nil {
			return nil, err
		}
		j := found[0]
		if j == nil || j.State.Ended() || limit.Err() != nil {
			return j, ctx.Err()
		}
		if !started && r.steps[j.Kind] != nil {
			worked, _, err := r.turn(ctx, j.Kind, limit.Done())
			if err != nil {
				return nil, err
			}
			if worked {
				continue
			}
		}
		look := time.NewTimer(pause)
		select {
		case <-limit.Done():
		case <-look.C:
		}
		look.Stop()
	}
}

// shortestLook is how soon who waits for a job looks again.
const shortestLook = 2 * time.Millisecond
