package graph

import (
	"context"
	"math"

	"github.com/onecdp/onecdp/graph/model"
	"github.com/onecdp/onecdp/internal/fault"
	"github.com/onecdp/onecdp/internal/page"
	"github.com/onecdp/onecdp/internal/profile"
	"github.com/onecdp/onecdp/internal/segment"
)

// question reads what a request asks of all customers: a rule, or nil for everyone, at the request's instant in a time zone.
func (r *Resolver) question(ctx context.Context, where map[string]any, timeZone *string) (segment.Question, error) {
	zone, err := r.Segments.Zone(timeZone, fault.Path{"timeZone"})
	if err != nil {
		return segment.Question{}, err
	}
	question := segment.Question{AsOf: instant(ctx), Zone: zone, Masked: !seesPersonal(ctx)}
	readRule := r.Segments.Read
	if question.Masked {
		readRule = r.Segments.ReadMasked
	}
	if where != nil {
		question.Rule, err = readRule(where, fault.Path{"where"})
	}
	return question, err
}

// customers is a page of the customers that a rule means.
func (r *Resolver) customers(ctx context.Context, where map[string]any, timeZone *string, first *int, after *string) (*model.CustomerConnection, error) {
	question, err := r.question(ctx, where, timeZone)
	if err != nil {
		return nil, err
	}
	return r.members(ctx, question, first, after, 20, r.readAhead(ctx, "Query", "customers", toNodes))
}

// members is a page of the customers that a question means; usual is its size when first is not given.
func (r *Resolver) members(ctx context.Context, question segment.Question, first *int, after *string, usual int, ahead *ahead) (*model.CustomerConnection, error) {
	request, err := segment.Members.Read(first, after, usual, nil)
	if err != nil {
		return nil, err
	}
	count := func(ctx context.Context) (int, error) { return whole(r.Segments.Count(ctx, question)) }
	if question.Rule == nil {
		found, err := r.Profile.Everybody(ctx, request, ahead.lists...)
		if err != nil {
			return nil, err
		}
		return customerPage(found, ahead.customers(found.Items), count), nil
	}
	found, err := r.Segments.Page(ctx, question, request)
	if err != nil {
		return nil, err
	}
	customers, err := r.fetch(ctx, found.Items, ahead)
	if err != nil {
		return nil, err
	}
	return customerPage(found, customers, count), nil
}

// customerPage shows a page of customers, nil where one has just gone.
func customerPage[T any](found page.Page[T], customers []*model.Customer, count func(context.Context) (int, error)) *model.CustomerConnection {
	connection := &model.CustomerConnection{PageInfo: pageInfo(found), Count: count, Edges: make([]*model.CustomerEdge, 0, len(customers))}
	edges := make([]model.CustomerEdge, len(customers))
	for i, customer := range customers {
		if customer != nil {
			edges[i] = model.CustomerEdge{Node: customer, At: func() string { return found.Cursor(i) }}
			connection.Edges = append(connection.Edges, &edges[i])
		}
	}
	return connection
}

// fetch reads the customers of a page. By their ids: these lead on even when a customer has just been merged.
func (r *Resolver) fetch(ctx context.Context, members []segment.Member, ahead *ahead) ([]*model.Customer, error) {
	handles := make([]profile.Handle, len(members))
	for i, member := range members {
		handles[i] = member.Handle
	}
	return r.customersByHandle(ctx, handles, ahead)
}

// whole fits a count into GraphQL's 32 bits.
func whole(count int64, err error) (int, error) { return int(min(count, math.MaxInt32)), err }

// preview counts the customers that a rule means.
func (r *Resolver) preview(ctx context.Context, where map[string]any, timeZone *string) (*model.SegmentPreview, error) {
	question, err := r.question(ctx, where, timeZone)
	if err != nil {
		return nil, err
	}
	started := r.clock()
	found, err := r.Segments.Preview(ctx, question)
	if err != nil {
		return nil, err
	}
	took := r.clock().Sub(started)
	count, _ := whole(found.Count, nil)
	total, _ := whole(found.Total, nil)
	return &model.SegmentPreview{
		AsOf: question.AsOf, Count: count, Total: total, TookMs: float64(took.Microseconds()) / 1000,
		Matching: func(ctx context.Context, first int) ([]*model.Customer, error) {
			members, err := r.Segments.Sample(ctx, question, first)
			if err != nil {
				return nil, err
			}
			return r.fetch(ctx, members, &ahead{})
		},
	}, nil
}

// sample is some of those who match a preview.
func (r *Resolver) sample(ctx context.Context, preview *model.SegmentPreview, first *int) ([]*model.Customer, error) {
	request, err := segment.Members.Read(first, nil, 10, nil)
	if err != nil {
		return nil, err
	}
	found, err := preview.Matching(ctx, request.First)
	customers := make([]*model.Customer, 0, len(found))
	for _, customer := range found {
		if customer != nil {
			customers = append(customers, customer)
		}
	}
	return customers, err
}

// membersOf is a page of the members of a saved segment.
func (r *Resolver) membersOf(ctx context.Context, saved *model.Segment, first *int, after *string) (*model.CustomerConnection, error) {
	question, err := r.Segments.Question(saved.Segment, instant(ctx))
	if err != nil {
		return nil, err
	}
	return r.members(ctx, question, first, after, 50, r.readAhead(ctx, "Segment", "members", toNodes))
}

// countMembers is how many members a saved segment has.
func (r *Resolver) countMembers(ctx context.Context, saved *model.Segment) (int, error) {
	question, err := r.Segments.Question(saved.Segment, instant(ctx))
	if err != nil {
		return 0, err
	}
	return whole(r.Segments.Count(ctx, question))
}

// segment finds a segment by its key; nil when there is none.
func (r *Resolver) segment(ctx context.Context, key string) (*model.Segment, error) {
	found, err := r.Segments.ByKey(ctx, key)
	if err != nil || found == nil {
		return nil, err
	}
	return &model.Segment{Segment: found}, nil
}

// segmentByID finds a segment; nil when there is none.
func (r *Resolver) segmentByID(ctx context.Context, id int64) (*model.Segment, error) {
	found, err := r.Segments.ByIDs(ctx, []int64{id})
	if err != nil || found[0] == nil {
		return nil, err
	}
	return &model.Segment{Segment: found[0]}, nil
}

// saveSegment saves a rule as a segment.
func (r *Resolver) saveSegment(ctx context.Context, input segment.CreateInput, description *string) (*model.SegmentPayload, error) {
	if description != nil {
		input.Description = *description
	}
	input.Masked = !seesPersonal(ctx)
	saved, err := r.Segments.Create(ctx, input)
	wrong, err := userErrors(err)
	if err != nil {
		return nil, err
	}
	payload := &model.SegmentPayload{UserErrors: wrong}
	if saved != nil {
		payload.Segment = &model.Segment{Segment: saved}
	}
	return payload, nil
}

// pageInfo says where a page lies.
func pageInfo[T any](one page.Page[T]) *model.PageInfo {
	start, end := one.Ends()
	return &model.PageInfo{HasNextPage: one.HasNext, HasPreviousPage: one.HasPrevious, StartCursor: start, EndCursor: end}
}
