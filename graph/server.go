package graph

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/executor"
	"github.com/99designs/gqlgen/graphql/handler/extension"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/onecdp/onecdp/graph/direct"
	"github.com/onecdp/onecdp/graph/generated"
	"github.com/onecdp/onecdp/graph/guard"
	"github.com/onecdp/onecdp/graph/model"
	"github.com/onecdp/onecdp/graph/scalar"
	"github.com/onecdp/onecdp/graph/transport"
	"github.com/onecdp/onecdp/internal/access"
	"github.com/onecdp/onecdp/internal/fault"
	"github.com/onecdp/onecdp/internal/throttle"
)

// NewServer returns the handler of /graphql. The clock gives the instant of a request, and measures.
func NewServer(services Services, clock func() time.Time, log *slog.Logger) *transport.Handler {
	return newServer(services, clock, log, ways{})
}

// ways are those by which queries are answered.
type ways struct {
	general bool        // by gqlgen's code alone
	gaveUp  func(error) // told why a query was not answered directly; nil: nobody
}

// newServer makes the handler.
func newServer(services Services, clock func() time.Time, log *slog.Logger, by ways) *transport.Handler {
	resolver := &Resolver{services, clock, throttle.New(guesses)}
	schema := generated.NewExecutableSchema(generated.Config{
		Resolvers:  resolver,
		Directives: generated.DirectiveRoot{Access: enter},
	})
	opaque := scalar.Opaque(schema.Schema())
	watch := guard.New(opaque, schema.Schema(), scalar.KeepDigits, throttle.New(services.Limits), clock)
	exec := executor.New(opaqueSchema{schema, opaque, by})
	errors := presenter{log}
	exec.SetErrorPresenter(errors.present)
	exec.SetRecoverFunc(errors.recovered)
	exec.SetDisableSuggestion(true)
	exec.SetQueryCache(watch)
	if services.Observer != nil {
		exec.Use(observed{services.Observer}) // the outermost, so that it hears of all answers
	}
	exec.Use(extension.Introspection{})
	exec.Use(watch)
	exec.Use(newTelling())
	exec.AroundOperations(func(ctx context.Context, next graphql.OperationHandler) graphql.ResponseHandler {
		ctx = withInstant(ctx, clock)
		if graphql.GetOperationContext(ctx).Operation.Operation == ast.Query {
			instant(ctx)
		}
		return next(ctx)
	})
	exec.AroundRootFields(func(ctx context.Context, next graphql.RootResolver) graphql.Marshaler {
		if graphql.GetOperationContext(ctx).Operation.Operation == ast.Mutation {
			ctx = withInstant(ctx, clock)
		}
		return next(ctx)
	})
	return transport.New(exec, log)
}

// opaqueSchema validates requests with a schema in which the inputs that services read are scalars, and answers plain queries directly.
type opaqueSchema struct {
	graphql.ExecutableSchema
	opaque *ast.Schema
	ways
}

// Exec answers queries directly, and by gqlgen's code what is not answered so: see package direct.
func (s opaqueSchema) Exec(ctx context.Context) graphql.ResponseHandler {
	general := s.ExecutableSchema.Exec(ctx)
	if s.general || graphql.GetOperationContext(ctx).Operation.Operation != ast.Query {
		return general
	}
	answered := false
	return func(ctx context.Context) *graphql.Response {
		if answered {
			return nil
		}
		data, points, err := generated.Direct(ctx, s.ExecutableSchema)
		if err != nil && !errors.Is(err, direct.ErrTooLong) {
			if s.gaveUp != nil {
				s.gaveUp(err)
			}
			return general(ctx)
		}
		answered = true
		if err != nil {
			graphql.AddError(ctx, fault.New(fault.CostLimitExceeded, "the answer is too long").
				WithHint("ask for shorter pages, or for less of each element"))
			return &graphql.Response{Data: []byte("null")}
		}
		guard.Spend(ctx, points)
		return &graphql.Response{Data: data}
	}
}

// Schema is what requests are validated with. Introspection shows the schema as it is written.
func (s opaqueSchema) Schema() *ast.Schema { return s.opaque }

type instantKey struct{}

// withInstant fixes the instant of what is read below, when it is first asked for.
func withInstant(ctx context.Context, clock func() time.Time) context.Context {
	return context.WithValue(ctx, instantKey{}, sync.OnceValue(func() time.Time { return clock().UTC().Truncate(time.Microsecond) }))
}

// instant is the one instant of a request: events after it are invisible everywhere in its answer, unless it asks for another. A query
// has it from the start; the answer of a mutation after it has written, so that it shows what was written.
func instant(ctx context.Context) time.Time {
	at, ok := ctx.Value(instantKey{}).(func() time.Time)
	if !ok {
		panic("graph: no instant in the context of a field")
	}
	return at()
}

// enter is the directive access: it checks the caller's scope before a field is resolved, once more after guard has looked at the
// whole request. The field's argument asOf, where it has one, is the instant of everything below it.
func enter(ctx context.Context, _ any, next graphql.Resolver, scope model.AccessScope) (any, error) {
	if err := access.Require(ctx, access.Scope(strings.ToLower(scope.String()))); err != nil {
		return nil, err
	}
	if asOf, _ := graphql.GetFieldContext(ctx).Args["asOf"].(*time.Time); asOf != nil {
		ctx = withInstant(ctx, func() time.Time { return *asOf })
	}
	return next(ctx)
}
