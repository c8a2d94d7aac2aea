package graph

import (
	"context"

	"github.com/onecdp/onecdp/graph/model"
	"github.com/onecdp/onecdp/internal/profile"
)

// jobStates are the states of jobs as the API names them.
var jobStates = map[string]model.JobState{
	"WAITING": model.JobStateQueued, "RUNNING": model.JobStateRunning, "DONE": model.JobStateSucceeded, "FAILED": model.JobStateFailed,
}

// jobShown is a job as the API shows it.
func jobShown(one Job) *model.Job {
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
	request, err := jobPages.Read(first, after, 20, nil)
	if err != nil {
		return nil, err
	}
	found, err := r.Jobs.Page(ctx, request)
	if err != nil {
		return nil, err
	}
	shown := make([]*model.Job, len(found.Items))
	for i, one := range found.Items {
		shown[i] = jobShown(one)
	}
	return connection(found, shown, func(ctx context.Context) (int, error) { return whole(r.Jobs.Count(ctx)) }), nil
}

// jobsByID reads jobs; nil where there is none, and for 0.
func (r *Resolver) jobsByID(ctx context.Context, ids []int64) ([]*model.Job, error) {
	found, err := r.Jobs.ByIDs(ctx, ids)
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
func (r *Resolver) changedBy(ctx context.Context, job *model.Job, first *int, after *string) (*model.CustomerConnection, error) {
	request, err := jobCustomerPages.Read(first, after, 20, nil)
	if err != nil {
		return nil, err
	}
	found, err := r.Jobs.Customers(ctx, job.Number, request)
	if err != nil {
		return nil, err
	}
	handles := make([]profile.Handle, len(found.Items))
	copy(handles, found.Items)
	ahead := r.readAhead(ctx, "Job", "customers", toNodes)
	customers, err := r.customersByHandle(ctx, handles, ahead)
	if err != nil {
		return nil, err
	}
	return customerPage(found, customers, func(ctx context.Context) (int, error) { return whole(r.Jobs.CountCustomers(ctx, job.Number)) }), nil
}
