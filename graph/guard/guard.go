// Package guard stops requests that would cost more to look at than to send, before anything is done for them, and says what a
// request costs.
//
// A document is looked at once: its text is scanned, it is parsed, measured, validated and its operations are turned into cost trees.
// Each step takes time in proportion to the text, or is refused ahead by what an earlier one counted. What remains for each request is
// its scopes, the sum of a small tree, and the bucket of points of its key.
package guard

import (
	"context"
	"maps"
	"strings"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/onecdp/onecdp/internal/access"
	"github.com/onecdp/onecdp/internal/fault"
	"github.com/onecdp/onecdp/internal/throttle"
)

// MostPoints is what one request may cost, as counted ahead. It leaves room for ten pages of twenty customers with a hundred events
// each, with every field of them and a total.
const MostPoints = 400_000

// Guard is an extension of gqlgen's executor, and its query cache. Automatic persisted queries must be used before it. It is safe for
// concurrent use.
type Guard struct {
	schema    *ast.Schema
	costs     *costs
	documents *documents
	buckets   *throttle.Buckets
	clock     func() time.Time
}

var _ interface {
	graphql.OperationParameterMutator
	graphql.OperationContextMutator
	graphql.ResponseInterceptor
	graphql.Cache[*ast.QueryDocument]
} = (*Guard)(nil)

// New makes the guard of a schema, which is also the one that requests are validated with. written is the same with all its inputs. prepare is called once with each valid
// document before it is used; it may change literals and must not add any.
func New(schema, written *ast.Schema, prepare func(*ast.QueryDocument), buckets *throttle.Buckets, clock func() time.Time) *Guard {
	costs := costsOf(schema, written)
	schema = withoutDefer(schema)
	return &Guard{
		schema: schema, costs: costs, buckets: buckets, clock: clock,
		documents: newDocuments(func(text string) *document { return read(text, schema, costs, prepare) }),
	}
}

// withoutDefer refuses the directive defer, which gqlgen brings: our transports answer in one piece, and what is deferred would be lost.
func withoutDefer(schema *ast.Schema) *ast.Schema {
	whole := *schema
	whole.Directives = maps.Clone(schema.Directives)
	delete(whole.Directives, "defer")
	return &whole
}

// ExtensionName implements graphql.HandlerExtension.
func (g *Guard) ExtensionName() string { return "Guard" }

// Validate implements graphql.HandlerExtension.
func (g *Guard) Validate(graphql.ExecutableSchema) error { return nil }

// MutateOperationParameters reads the document, or finds it, and refuses one that is hostile or invalid. Several errors are one, which
// wraps a gqlerror.List.
func (g *Guard) MutateOperationParameters(ctx context.Context, params *graphql.RawParams) *gqlerror.Error {
	d := g.documents.get(params.Query)
	if d.refusal != nil {
		return d.refusal
	}
	graphql.GetOperationContext(ctx).Stats.SetExtension(extensionName, &request{guard: g, document: d})
	operation := d.query.Operations.ForName(params.OperationName)
	switch {
	case operation != nil:
		if refusal := readVariables(g.schema, operation, params.Variables); refusal != nil {
			return gqlerror.Wrap(refusal)
		}
	case params.OperationName == "":
		return gqlerror.Wrap(fault.New(fault.BadUserInput, "the document has several operations: name one in operationName"))
	}
	return nil
}

// Get implements the query cache: it hands over the document of this request.
func (g *Guard) Get(ctx context.Context, _ string) (*ast.QueryDocument, bool) {
	r := requestOf(ctx)
	if r == nil {
		return nil, false
	}
	return r.document.query, true
}

// Add implements the query cache. Documents are kept when they are read.
func (g *Guard) Add(context.Context, string, *ast.QueryDocument) {}

// MutateOperationContext refuses what the key may not ask for, what costs too much, and what the key has no points left for. The points
// of what is not refused are taken.
func (g *Guard) MutateOperationContext(ctx context.Context, operation *graphql.OperationContext) *gqlerror.Error {
	r := requestOf(ctx)
	plan := r.document.plans[operation.Operation]
	for _, need := range plan.needs {
		if err := need.check(ctx); err != nil {
			refusal := gqlerror.Wrap(err)
			refusal.Locations = []gqlerror.Location{need.at}
			return refusal
		}
	}
	r.values = valuesOf(operation.Variables)
	points := plan.cost(r.values)
	caller, _ := access.FromContext(ctx)
	charge := &charge{requested: points, caller: caller.Name, subscribes: operation.Operation.Operation == ast.Subscription}
	r.charge = charge
	if most := min(MostPoints, g.buckets.Most()); points > most {
		charge.refused = true
		if g.buckets != nil {
			charge.status, _ = g.buckets.Take(caller.Name, 0, g.clock())
		}
		return gqlerror.Wrap(fault.New(fault.CostLimitExceeded, "the request could cost %d points; at most %d are allowed", whole(points), whole(most)).
			WithHint("ask for shorter pages, or for less of each element"))
	}
	if g.buckets != nil {
		var wait time.Duration
		if charge.status, wait = g.buckets.Take(caller.Name, points, g.clock()); wait > 0 {
			charge.refused = true
			limited := fault.New(fault.RateLimited, "the key has used up its points").
				WithHint("wait, or ask for less: extensions.cost tells what requests cost and what is left")
			limited.RetryAfter = wait
			return gqlerror.Wrap(limited)
		}
	}
	operation.ResolverMiddleware = g.metered(charge, r.values, operation)
	return nil
}

// need is a scope that an operation needs, and where it first needs it.
type need struct {
	scope access.Scope
	field string // a field that nobody may use; "" with a scope
	at    gqlerror.Location
}

func (n need) check(ctx context.Context) error {
	if n.field != "" {
		return fault.New(fault.Forbidden, "no key may use the field %s", n.field)
	}
	return access.Require(ctx, n.scope)
}

// scopeOf is the scope that a field needs; "" for none.
func scopeOf(field *ast.FieldDefinition) access.Scope {
	directive := field.Directives.ForName("access")
	if directive == nil {
		return ""
	}
	return access.Scope(strings.ToLower(directive.Arguments.ForName("scope").Value.Raw))
}
