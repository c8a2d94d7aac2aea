package guard

import (
	"context"
	"math"
	"sync"
	"sync/atomic"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/onecdp/onecdp/internal/throttle"
)

// extensionName is the place of the guard among what extensions keep of an operation.
const extensionName = "guard"

// request is what the guard knows of a request.
type request struct {
	guard    *Guard
	document *document
	values   *values // nil until its cost was counted, as the charge
	charge   *charge
}

// requestOf is the guard's part of the context of an operation; nil where there is none.
func requestOf(ctx context.Context) *request {
	if !graphql.HasOperationContext(ctx) {
		return nil
	}
	r, _ := graphql.GetOperationContext(ctx).Stats.GetExtension(extensionName).(*request)
	return r
}

// charge is the account of one request. Its points are taken when it begins; what it did not use goes back when it is answered.
type charge struct {
	caller     string
	requested  float64
	refused    bool // nothing was taken
	subscribes bool // it is answered many times

	spent atomic.Int64 // in thousandths of a point

	lock    sync.Mutex
	settled bool            // what was taken is accounted for
	status  throttle.Status // of the caller's bucket, as it was last seen
}

// Spend adds points to what the operation of the context has actually cost: the sum of Weight over the fields that were resolved, for who
// resolves fields without the executor's field middleware.
func Spend(ctx context.Context, points float64) {
	if r := requestOf(ctx); r != nil && r.charge != nil {
		r.charge.spend(points)
	}
}

// Requested is what the operation of the context costs as counted ahead, in points; 0 where it was not counted.
func Requested(ctx context.Context) float64 {
	r := requestOf(ctx)
	if r == nil || r.charge == nil {
		return 0
	}
	return r.charge.requested
}

// Remembered is what remember made of an operation the first time that it was seen, for as long as its document is kept: what does not
// depend on variables need not be made again. Where the guard knows nothing of the operation it is made each time.
func Remembered[T any](operation *graphql.OperationContext, remember func() *T) *T {
	r, _ := operation.Stats.GetExtension(extensionName).(*request)
	if r == nil || r.document.plans[operation.Operation] == nil {
		return remember()
	}
	memory := &r.document.plans[operation.Operation].memory
	if kept := memory.Load(); kept != nil {
		if made, ok := (*kept).(*T); ok {
			return made
		}
	}
	made := remember()
	kept := any(made)
	memory.Store(&kept)
	return made
}

// Weight is what resolving a field once costs in an operation, its arguments included and what is below it not. __typename costs nothing
// here.
func Weight(operation *graphql.OperationContext, field *ast.Field) float64 {
	r, _ := operation.Stats.GetExtension(extensionName).(*request)
	if r == nil || r.values == nil {
		return 0
	}
	return r.guard.costs.actual(field, r.values)
}

func (c *costs) actual(field *ast.Field, given *values) float64 {
	cost := c.fields[field.Definition]
	switch {
	case cost == nil:
		return 0
	case len(cost.weighted)+len(cost.lists)+len(cost.inputs) == 0:
		return cost.weight
	}
	own := ownOf(field, cost)
	return own.points(given)
}

// metered adds up the weights of the fields that the executor resolves.
func (g *Guard) metered(charge *charge, given *values, operation *graphql.OperationContext) graphql.FieldMiddleware {
	next := operation.ResolverMiddleware
	return func(ctx context.Context, resolve graphql.Resolver) (any, error) {
		charge.spend(g.costs.actual(graphql.GetFieldContext(ctx).Field.Field, given))
		return next(ctx, resolve)
	}
}

func (c *charge) spend(points float64) { c.spent.Add(int64(points * 1000)) }

// Cost is what extensions.cost tells, in points.
type Cost struct {
	RequestedQueryCost int64           `json:"requestedQueryCost"`       // as counted ahead
	ActualQueryCost    int64           `json:"actualQueryCost"`          // of the fields that were resolved
	ThrottleStatus     *ThrottleStatus `json:"throttleStatus,omitempty"` // nil without a rate limit
}

// ThrottleStatus is what is left of the key's points after the request.
type ThrottleStatus struct {
	MaximumAvailable   int64 `json:"maximumAvailable"`
	CurrentlyAvailable int64 `json:"currentlyAvailable"`
	RestoreRate        int64 `json:"restoreRate"` // points per second
}

// InterceptResponse gives back what a request did not use and tells what it cost.
func (g *Guard) InterceptResponse(ctx context.Context, next graphql.ResponseHandler) *graphql.Response {
	response := next(ctx)
	if response == nil {
		return nil
	}
	r := requestOf(ctx)
	if r == nil || r.charge == nil {
		return response
	}
	if response.Extensions == nil {
		response.Extensions = map[string]any{}
	}
	response.Extensions["cost"] = g.settle(r.charge)
	return response
}

// settle accounts for an answer. Of a subscription the first is paid for when it begins, and each of the others when it is sent.
func (g *Guard) settle(c *charge) *Cost {
	c.lock.Lock()
	defer c.lock.Unlock()
	spent := float64(c.spent.Load()) / 1000
	if c.subscribes {
		spent = float64(c.spent.Swap(0)) / 1000
	}
	if g.buckets != nil && !c.refused && (c.subscribes || !c.settled) {
		taken := c.requested
		if c.settled {
			taken = 0
		}
		c.status = g.buckets.Return(c.caller, taken-spent, g.clock())
		c.settled = true
	}
	cost := &Cost{RequestedQueryCost: whole(c.requested), ActualQueryCost: whole(spent)}
	if g.buckets != nil {
		cost.ThrottleStatus = &ThrottleStatus{whole(c.status.Most), int64(math.Floor(c.status.Available)), whole(c.status.PerSecond)}
	}
	return cost
}
