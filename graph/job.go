package graph

import (
	"context"

	"github.com/onecdp/onecdp/graph/model"
	"github.com/onecdp/onecdp/internal/job"
)

// jobStates are the states of jobs as the API names them.
var jobStates = map[job.State]model.JobState{
	job.Waiting: model.JobStateQueued, job.Running: model.JobStateRunning, job.Done: model.JobStateSucceeded, job.Failed: model.JobStateFailed,
}

// jobShown is a job as the API shows it.
func jobShown(one job.Job) *model.Job {
	done, _ := whole(one.Done, nil)
	total, _ := whole(one.Total, nil)
	changed, _ := whole(one.Changed, nil)
	return &model.Job{
		Number: one.ID, Kind: one.Kind, Subject: one.Subject, Actor: one.Actor, State: jobStates[one.State],
		Done: done, Total: total, Changed: changed, Error: textOrNone(one.Error), CreatedAt: one.CreatedAt, EndedAt: one.EndedAt,
	}
}

// jobs is a page of the work in the background.
func (r *Resolver) jobs(ctx context.Context, first *int, after *string) (*model.JobConnection, error) {
	request, err := job.Pages.Read(first, after, 20, nil)
	if err != nil {
		return nil, err
	}
	found, err := r.Jobs.Jobs(ctx, request)
	if err != nil {
		return nil, err
	}
	shown := make([]*model.Job, len(found.Items))
	for i, one := range found.Items {
		shown[i] = jobShown(one)
	}
	return connection(found, shown, func(ctx context.Context) (int, error) { return r.Jobs.Count(ctx) }), nil
}

// jobsByID reads jobs; nil where there is none, and for 0.
func (r *Resolver) jobsByID(ctx context.Context, ids []int64) ([]*model.Job, error) {
	found, err := r.Jobs.JobsByID(ctx, ids)
	if err != nil {
		return nil, err
	}
	shown := make([]*model.Job, len(found))
	for i, one := range found {
		if one != nil {
			shown[i] = jobShown(*one)
		}
	}
	return shown, nil
}

// job finds a job; nil when there is none.
func (r *Resolver) job(ctx context.Context, id int64) (*model.Job, error) {
	found, err := r.jobsByID(ctx, []int64{id})
	if err != nil {
		return nil, err
	}
	return found[0], nil
}

// changedBy is a page of the customers that a job has changed.
func (r *Resolver) changedBy(ctx context.Context, done *model.Job, first *int, after *string) (*model.CustomerConnection, error) {
	request, err := job.CustomerPages.Read(first, after, 20, nil)
	if err != nil {
		return nil, err
	}
	found, err := r.Jobs.CustomersOf(ctx, done.Number, request)
	if err != nil {
		return nil, err
	}
	customers, err := r.customersByHandle(ctx, found.Items, r.readAhead(ctx, "Job", "customers", toNodes))
	if err != nil {
		return nil, err
	}
	return customerPage(found, customers, func(ctx context.Context) (int, error) { return r.Jobs.CountCustomers(ctx, done.Number) }), nil
}
