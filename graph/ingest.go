package graph

import (
	"context"

	"github.com/onecdp/onecdp/graph/model"
	"github.com/onecdp/onecdp/graph/together"
	"github.com/onecdp/onecdp/internal/fault"
	"github.com/onecdp/onecdp/internal/ingest"
	"github.com/onecdp/onecdp/internal/profile"
)

// takeIn sends records through ingest.
func (r *Resolver) takeIn(ctx context.Context, records []map[string]any) (*model.IngestPayload, error) {
	at := fault.Path{"records"}
	if err := ingest.CheckBatch(len(records), at); err != nil {
		return nil, err
	}
	results, err := r.Ingest.Ingest(ctx, records, at)
	if err != nil {
		return nil, err
	}
	payload := &model.IngestPayload{Results: recordResults(results)}
	for _, result := range results {
		switch result.Status {
		case ingest.Accepted:
			payload.Accepted++
		case ingest.Duplicate:
			payload.Duplicates++
		case ingest.Rejected:
			payload.Rejected++
		}
	}
	return payload, nil
}

// takeInOne sends one record through ingest.
func (r *Resolver) takeInOne(ctx context.Context, record map[string]any) (*model.RecordResult, error) {
	results, err := r.Ingest.Ingest(ctx, []map[string]any{record}, nil)
	if err != nil {
		return nil, err
	}
	if f := results[0].Fault; f != nil && len(f.Path) > 0 { // its path begins with the position in the list
		results[0].Fault = f.At(fault.Path{"record"}.With(f.Path[1:]...))
	}
	return recordResults(results)[0], nil
}

func recordResults(results []ingest.Result) []*model.RecordResult {
	group := &together.Group[*model.RecordResult]{}
	for i, result := range results {
		group.Members = append(group.Members, &model.RecordResult{
			Index: i, Status: model.RecordStatus(result.Status), Error: userError(result.Fault),
			Owner: result.Customer, Mates: group,
		})
	}
	return group.Members
}

// ownerOf is whose a record is; nil when it is nobody's.
func (r *Resolver) ownerOf(ctx context.Context, result *model.RecordResult) (*model.Customer, error) {
	all, err := together.Load(ctx, result.Mates, "customer", func(ctx context.Context, mates []*model.RecordResult) ([]*model.Customer, error) {
		handles := make([]profile.Handle, len(mates))
		for i, mate := range mates {
			handles[i] = mate.Owner
		}
		return r.customersByHandle(ctx, handles, &ahead{})
	})
	if err != nil {
		return nil, err
	}
	return all[result.Index], nil
}
