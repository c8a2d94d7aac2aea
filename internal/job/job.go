// Package job does work in the background: a changed setting takes effect on what was stored before it.
//
// A job is a row. Whoever changes a setting adds it in the same transaction, so that none is ever forgotten. Any server takes it up, does it a
// chunk at a time and notes after each how far it came; when a server dies, another goes on from there once the lease has run out. Jobs
// of one kind are done one after the other, in the order in which they were added.
//
// On PostgreSQL a transaction that was running when the setting changed may still commit what it decided by the old one. A job begins only when
// all that were running when it was first seen have ended, so what it walks holds no such thing that is still to come.
package job

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/onecdp/onecdp/internal/customer"
	"github.com/onecdp/onecdp/internal/page"
	"github.com/onecdp/onecdp/internal/store"
)

// State is how far a job is.
type State string

// The states. Done is the last one; what has failed is tried again when a server starts.
const (
	Waiting State = "WAITING"
	Running State = "RUNNING"
	Done    State = "DONE"
	Failed  State = "FAILED"
)

// Ended says that nobody goes on with a job in this state.
func (s State) Ended() bool { return s == Done || s == Failed }

// Job is work in the background.
type Job struct {
	ID        int64
	Kind      string // who knows how to do it; see Runner.Register
	Subject   string // what it is about; "": everything
	Actor     string // who set it off
	State     State
	Done      int64  // pieces looked at
	Total     int64  // pieces there were when it began
	Changed   int64  // customers it has changed
	Cursor    int64  // where the next step begins, in the words of its kind; at first 0
	Error     string // why it failed; never personal data
	CreatedAt time.Time
	EndedAt   *time.Time // nil: it has not ended

	barrier int64
	leased  *time.Time
	lease   time.Duration // how long this server has it after each step
}

// Add adds a job in the transaction that makes it necessary. id comes from store.DB.ReserveIDs.
func Add(ctx context.Context, tx *store.Tx, id int64, kind, subject, actor string) error {
	_, err := tx.Exec(ctx, "INSERT INTO jobs (id, kind, subject, actor, created_at) VALUES ($1, $2, $3, $4, $5)", id, kind, subject, actor, tx.Now)
	if err != nil {
		return fmt.Errorf("add a job: %w", err)
	}
	return nil
}

const columns = "id, kind, subject, actor, state, done, total, changed, cursor, error, created_at, ended_at, barrier, leased_until"

func collect(rows *sql.Rows, err error) ([]Job, error) {
	return store.Collect(rows, err, func(row store.Row, j *Job) error {
		var created, ended, leased store.Instant
		err := row.Scan(&j.ID, &j.Kind, &j.Subject, &j.Actor, &j.State, &j.Done, &j.Total, &j.Changed, &j.Cursor, &j.Error, &created, &ended, &j.barrier, &leased)
		j.CreatedAt = created.Time
		if !ended.IsZero() {
			j.EndedAt = &ended.Time
		}
		if !leased.IsZero() {
			j.leased = &leased.Time
		}
		return err
	})
}

// Pages is the list of all jobs.
var Pages = page.Connection{Name: "jobs: newest first", Keys: 2}

// Jobs is a page of all jobs, newest first.
func (r *Runner) Jobs(ctx context.Context, wanted page.Request) (page.Page[Job], error) {
	var args store.Args
	query := "SELECT " + columns + " FROM jobs"
	if wanted.After != nil {
		query += " WHERE (created_at, id) < (" + args.Bind(time.UnixMicro(wanted.After[0]).UTC()) + ", " + args.Bind(wanted.After[1]) + ")"
	}
	query += " ORDER BY created_at DESC, id DESC LIMIT " + args.Bind(wanted.Limit())
	jobs, err := collect(r.db.Query(ctx, query, args...))
	if err != nil {
		return page.Page[Job]{}, fmt.Errorf("read the jobs: %w", err)
	}
	return page.Cut(wanted, jobs, func(j Job) []int64 { return []int64{j.CreatedAt.UnixMicro(), j.ID} }), nil
}

// Count is how many jobs there are.
func (r *Runner) Count(ctx context.Context) (int, error) {
	return r.count(ctx, "SELECT count(*) FROM jobs")
}

// JobsByID finds jobs. The result is in order, nil where there is none.
func (r *Runner) JobsByID(ctx context.Context, ids []int64) ([]*Job, error) {
	found := make([]*Job, len(ids))
	if len(ids) == 0 {
		return found, nil
	}
	var args store.Args
	given := store.Relation(r.db.Dialect(), "given", &args, store.Int64s("id", ids))
	jobs, err := collect(r.db.Query(ctx, "SELECT "+columns+" FROM jobs WHERE id IN (SELECT id FROM "+given+")", args...))
	if err != nil {
		return nil, fmt.Errorf("find jobs: %w", err)
	}
	byID := map[int64]*Job{}
	for i := range jobs {
		byID[jobs[i].ID] = &jobs[i]
	}
	for i, id := range ids {
		found[i] = byID[id]
	}
	return found, nil
}

// CustomerPages is the list of the customers that a job has changed.
var CustomerPages = page.Connection{Name: "Job.customers", Keys: 1}

// CustomersOf is a page of the customers that a job has changed, by the ids that they had then.
func (r *Runner) CustomersOf(ctx context.Context, id int64, wanted page.Request) (page.Page[customer.Handle], error) {
	after := int64(-1)
	if wanted.After != nil {
		after = wanted.After[0]
	}
	rows, err := r.db.Query(ctx, "SELECT handle_id FROM job_customers WHERE job_id = $1 AND handle_id > $2 ORDER BY handle_id LIMIT $3", id, after, wanted.Limit())
	handles, err := store.Collect(rows, err, func(row store.Row, into *customer.Handle) error { return row.Scan(into) })
	if err != nil {
		return page.Page[customer.Handle]{}, fmt.Errorf("read the customers of a job: %w", err)
	}
	return page.Cut(wanted, handles, func(h customer.Handle) []int64 { return []int64{int64(h)} }), nil
}

// CountCustomers is how many customers a job has changed.
func (r *Runner) CountCustomers(ctx context.Context, id int64) (int, error) {
	return r.count(ctx, "SELECT count(*) FROM job_customers WHERE job_id = $1", id)
}

func (r *Runner) count(ctx context.Context, query string, args ...any) (int, error) {
	rows, err := r.db.Query(ctx, query, args...)
	found, err := store.Collect(rows, err, func(row store.Row, into *int) error { return row.Scan(into) })
	if err != nil {
		return 0, fmt.Errorf("count: %w", err)
	}
	if len(found) != 1 {
		return 0, errors.New("a count has one row")
	}
	return found[0], nil
}
