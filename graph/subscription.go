package graph

import (
	"bytes"
	"context"
	"errors"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/onecdp/onecdp/graph/guard"
	"github.com/onecdp/onecdp/graph/model"
	"github.com/onecdp/onecdp/graph/together"
	"github.com/onecdp/onecdp/internal/profile"
)

const (
	mostTogether   = 100                    // things that are told together, and loaded together
	togetherPoints = guard.MostPoints / 4   // what messages that are loaded together may cost
	freshness      = 100 * time.Millisecond // how old may be what is loaded when it is told
)

// stream is what a subscription tells, one by one. Its next thing is fetched before a message is made of it, so that the message has
// an instant of its own, at which what it tells is visible.
type stream struct {
	next  func(ctx context.Context) (at time.Time, err error) // puts the next thing into the field's channel; nil until the field is there
	ended bool
}

type streamKey struct{}

// tellers is how many messages are made at the same time. What one event sets off for thousands who listen must not keep those waiting who
// ask: it is a few in the queue for the database, not all.
const tellers = 2

// telling makes the messages of subscriptions.
type telling struct{ tellers chan struct{} }

func newTelling() telling { return telling{make(chan struct{}, tellers)} }

// ExtensionName implements graphql.HandlerExtension.
func (telling) ExtensionName() string { return "Telling" }

// Validate implements graphql.HandlerExtension.
func (telling) Validate(graphql.ExecutableSchema) error { return nil }

// InterceptOperation implements graphql.OperationInterceptor.
func (telling) InterceptOperation(ctx context.Context, next graphql.OperationHandler) graphql.ResponseHandler {
	if graphql.GetOperationContext(ctx).Operation.Operation == ast.Subscription {
		ctx = context.WithValue(ctx, streamKey{}, &stream{})
	}
	return next(ctx)
}

// InterceptResponse implements graphql.ResponseInterceptor. A subscription that ends for a reason says it in a last message without data.
func (t telling) InterceptResponse(ctx context.Context, next graphql.ResponseHandler) *graphql.Response {
	s, _ := ctx.Value(streamKey{}).(*stream)
	if s == nil || s.next == nil || len(graphql.GetErrors(ctx)) > 0 { // errors: nothing is told, this is a refusal
		return next(ctx)
	}
	if s.ended {
		return nil
	}
	at, err := s.next(ctx)
	if err != nil {
		s.ended = true
		if ctx.Err() != nil || errors.Is(err, context.Canceled) {
			return nil // nobody listens any more
		}
		graphql.AddError(ctx, err)
		return &graphql.Response{Errors: graphql.GetErrors(ctx)}
	}
	select {
	case t.tellers <- struct{}{}:
	case <-ctx.Done():
		return nil
	}
	defer func() { <-t.tellers }()
	response := next(withInstant(ctx, func() time.Time { return at }))
	if response != nil && isNull(response.Data) {
		response.Data = []byte("null") // the field must not be null, so that nothing is left of the data
	}
	return response
}

// isNull tells that data has one field, which is null.
func isNull(data []byte) bool {
	return bytes.HasSuffix(data, []byte(`":null}`)) && bytes.Count(data, []byte{'"'}) == 2
}

// told is things that are told together: each is a message, all are loaded at once and seen at one instant.
type told[M any] struct {
	things  []M
	instant time.Time
}

// tell makes a field of what happens. show takes as many as can be told together, at most so many, from the front of a list that is not
// empty.
func tell[T, M any](ctx context.Context, clock func() time.Time, next func(context.Context) ([]T, error), show func(waiting []T, most int, now time.Time) told[M]) <-chan M {
	var (
		out     = make(chan M, 1)
		waiting []T
		shown   told[M]
		since   time.Time
		most    = max(1, min(mostTogether, int(togetherPoints/max(1, guard.Requested(ctx)))))
	)
	ctx.Value(streamKey{}).(*stream).next = func(ctx context.Context) (time.Time, error) {
		if len(waiting) == 0 {
			var err error
			if waiting, err = next(ctx); err != nil {
				return time.Time{}, err
			}
			shown.things = nil
		}
		if now := clock(); len(shown.things) == 0 || now.Sub(since) > freshness {
			shown, since = show(waiting, most, now), now
		}
		out <- shown.things[0]
		waiting, shown.things = waiting[1:], shown.things[1:]
		return shown.instant, nil
	}
	return out
}

// eventIngested tells each event when it is stored.
func (r *Resolver) eventIngested(ctx context.Context, names []string) (<-chan *model.Event, error) {
	events, err := r.Live.Events(ctx, names)
	if err != nil {
		return nil, err
	}
	return tell(ctx, r.clock, events.Next, showEvents), nil
}

// customerMerged tells each merge when it is done.
func (r *Resolver) customerMerged(ctx context.Context) (<-chan *model.Merge, error) {
	merges, err := r.Live.Merges(ctx)
	if err != nil {
		return nil, err
	}
	return tell(ctx, r.clock, merges.Next, showMerges), nil
}

// showEvents shows events as of now, or as of when they were received where our clock is behind. One that lies in the future is shown by
// itself, as of its own time: others must not see the future because of it.
func showEvents(waiting []*profile.Event, most int, now time.Time) told[*model.Event] {
	shown := told[*model.Event]{instant: now.UTC().Truncate(time.Microsecond)}
	group := &together.Group[*model.Event]{}
	for _, event := range waiting[:min(len(waiting), most)] {
		at := later(shown.instant, event.ReceivedAt)
		if event.OccurredAt.After(at) {
			if len(group.Members) > 0 {
				break
			}
			at, most = event.OccurredAt, 1
		}
		shown.instant = at
		group.Members = append(group.Members, &model.Event{Event: *event, Mates: group, Place: len(group.Members)})
		if most == 1 {
			break
		}
	}
	shown.things = group.Members
	return shown
}

// showMerges shows merges as showEvents does events.
func showMerges(waiting []*profile.Merge, most int, now time.Time) told[*model.Merge] {
	shown := told[*model.Merge]{instant: now.UTC().Truncate(time.Microsecond)}
	group := &together.Group[*model.Merge]{}
	for _, merge := range waiting[:min(len(waiting), most)] {
		shown.instant = later(shown.instant, merge.MergedAt)
		group.Members = append(group.Members, &model.Merge{Merge: *merge, Mates: group, Place: len(group.Members)})
	}
	shown.things = group.Members
	return shown
}

func later(a, b time.Time) time.Time {
	if a.Before(b) {
		return b
	}
	return a
}
