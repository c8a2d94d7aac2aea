package guard

import (
	"context"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"

	"github.com/onecdp/onecdp/graph/scalar"
	"github.com/onecdp/onecdp/internal/access"
	"github.com/onecdp/onecdp/internal/throttle"
)

const profile = `query Profile($identity: IdentityInput!, $events: Int = 20) {
	customerByIdentity(identity: $identity) {
		id createdAt updatedAt attributes
		identities { type scope value shared source firstSeenAt lastSeenAt }
		tags { tag { key name } value validUntil }
		events(first: $events) { pageInfo { hasNextPage endCursor } edges { cursor node { id name occurredAt channel amount properties } } }
	}
}`

var start = time.Date(2026, time.June, 1, 0, 0, 0, 0, time.UTC)

// run sends a request through the guard as the executor does, with an answer of some fields.
func run(ctx context.Context, g *Guard, query string, variables map[string]any, spent float64) (*graphql.Response, error) {
	operation := &graphql.OperationContext{ResolverMiddleware: func(ctx context.Context, next graphql.Resolver) (any, error) { return next(ctx) }}
	ctx = graphql.WithOperationContext(ctx, operation)
	if err := g.MutateOperationParameters(ctx, &graphql.RawParams{Query: query, Variables: variables}); err != nil {
		return nil, err
	}
	operation.Doc, _ = g.Get(ctx, query)
	operation.Operation, operation.Variables = operation.Doc.Operations[0], variables
	answer := func(context.Context) *graphql.Response {
		Spend(ctx, spent)
		return &graphql.Response{}
	}
	if err := g.MutateOperationContext(ctx, operation); err != nil {
		return g.InterceptResponse(ctx, func(context.Context) *graphql.Response { return &graphql.Response{} }), err
	}
	return g.InterceptResponse(ctx, answer), nil
}

func TestWhatWasNotUsedIsGivenBack(t *testing.T) {
	t.Parallel()
	buckets := throttle.New(throttle.Limits{PerSecond: 1, Most: 1000})
	g := New(api, written, scalar.KeepDigits, buckets, func() time.Time { return start })
	ctx := access.WithCaller(t.Context(), access.Caller{Name: "k", Scopes: []access.Scope{access.Read}})
	for range 100 {
		response, err := run(ctx, g, profile, map[string]any{"events": int64(20)}, 3)
		if err != nil {
			t.Fatal(err)
		}
		cost := response.Extensions["cost"].(*Cost)
		if cost.RequestedQueryCost < 150 || cost.ActualQueryCost != 3 {
			t.Fatalf("%+v", cost)
		}
	}
	if left, _ := buckets.Take("k", 0, start); left.Available != 700 {
		t.Errorf("%v left after 100 requests of 3 points", left.Available)
	}
}

func TestEachEventOfASubscriptionIsPaidFor(t *testing.T) {
	t.Parallel()
	buckets := throttle.New(throttle.Limits{PerSecond: 1, Most: 1000})
	g := New(api, written, scalar.KeepDigits, buckets, func() time.Time { return start })
	c := &charge{caller: "k", requested: 100, subscribes: true}
	buckets.Take("k", 100, start)
	for i, want := range []int64{990, 980, 970} {
		c.spend(10)
		if cost := g.settle(c); cost.ThrottleStatus.CurrentlyAvailable != want || cost.ActualQueryCost != 10 {
			t.Errorf("event %d: %+v %+v", i, cost, cost.ThrottleStatus)
		}
	}
}

// BenchmarkOrdinary is what the guard adds to a request whose document it knows.
func BenchmarkOrdinary(b *testing.B) {
	g := New(api, written, scalar.KeepDigits, throttle.New(throttle.Limits{PerSecond: 500_000, Most: 2_000_000}), time.Now)
	ctx := access.WithCaller(b.Context(), access.Caller{Name: "k", Scopes: []access.Scope{access.Read}})
	variables := map[string]any{"identity": map[string]any{}, "events": int64(20)}
	for b.Loop() {
		if _, err := run(ctx, g, profile, variables, 0); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkRead is what a document costs the first time.
func BenchmarkRead(b *testing.B) {
	for b.Loop() {
		if d := reading(profile); d.refusal != nil {
			b.Fatal(d.refusal)
		}
	}
}
