package graph

import (
	"context"
	"crypto/rand"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/executor"
	"github.com/99designs/gqlgen/graphql/handler/extension"
	"github.com/99designs/gqlgen/graphql/handler/lru"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/onecdp/onecdp/graph/generated"
	"github.com/onecdp/onecdp/graph/model"
	"github.com/onecdp/onecdp/graph/scalar"
	"github.com/onecdp/onecdp/internal/access"
)

// The bounds of what is remembered of queries, so that nobody fills the memory with them.
const (
	keptQueries      = 1000
	persistedQueries = 1000
	longestKept      = 16 << 10 // bytes of a query; longer ones carry data and do not come again
	parserTokens     = 500_000  // of one query
)

// NewServer returns the handler of /graphql: POST, and GET for queries. It expects the caller in the request's context (see
// access.FromContext) and answers nobody without one. The clock gives the instant of a request, and measures.
func NewServer(services Services, clock func() time.Time, log *slog.Logger) http.Handler {
	return newServer(services, clock, log, true)
}

// newServer makes the handler; directly says whether queries are answered directly where that is possible.
func newServer(services Services, clock func() time.Time, log *slog.Logger, directly bool) http.Handler {
	resolver := &Resolver{services, clock}
	schema := generated.NewExecutableSchema(generated.Config{
		Resolvers:  resolver,
		Directives: generated.DirectiveRoot{Access: enter},
	})
	exec := executor.New(opaqueSchema{schema, scalar.Opaque(schema.Schema()), directly})
	errors := presenter{log}
	exec.SetErrorPresenter(errors.present)
	exec.SetRecoverFunc(errors.recovered)
	exec.SetDisableSuggestion(true)
	exec.SetParserTokenLimit(parserTokens)
	exec.SetQueryCache(exactQueries{lru.New[*ast.QueryDocument](keptQueries)})
	if services.Observer != nil {
		exec.Use(observed{services.Observer}) // the outermost, so that it hears of all answers
	}
	exec.Use(extension.AutomaticPersistedQuery{Cache: shortTexts{lru.New[string](persistedQueries)}})
	exec.Use(extension.Introspection{})
	exec.Use(guard{})
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
	return &server{exec}
}

// opaqueSchema validates requests with a schema in which the inputs that services read are scalars, and answers plain queries directly.
type opaqueSchema struct {
	graphql.ExecutableSchema
	opaque *ast.Schema
	direct bool // queries are answered directly where that is possible
}

// Exec answers queries directly, and by gqlgen's code what is not answered so: see package direct.
func (s opaqueSchema) Exec(ctx context.Context) graphql.ResponseHandler {
	general := s.ExecutableSchema.Exec(ctx)
	if !s.direct || graphql.GetOperationContext(ctx).Operation.Operation != ast.Query {
		return general
	}
	answered := false
	return func(ctx context.Context) *graphql.Response {
		if answered {
			return nil
		}
		data, _, err := generated.Direct(ctx, s.ExecutableSchema)
		if err != nil {
			return general(ctx)
		}
		answered = true
		return &graphql.Response{Data: data}
	}
}

// Schema is what requests are validated with. Introspection shows the schema as it is written.
func (s opaqueSchema) Schema() *ast.Schema { return s.opaque }

// exactQueries keeps validated queries, with exact numbers.
type exactQueries struct {
	graphql.Cache[*ast.QueryDocument]
}

// Add prepares the query, and keeps it unless it is long.
func (c exactQueries) Add(ctx context.Context, key string, query *ast.QueryDocument) {
	scalar.KeepDigits(query)
	if len(key) <= longestKept {
		c.Cache.Add(ctx, key, query)
	}
}

// shortTexts keeps queries by their hashes.
type shortTexts struct{ graphql.Cache[string] }

// Add keeps the query unless it is long.
func (c shortTexts) Add(ctx context.Context, key, query string) {
	if len(query) <= longestKept {
		c.Cache.Add(ctx, key, query)
	}
}

type (
	instantKey   struct{}
	requestIDKey struct{}
)

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

func requestID(ctx context.Context) string {
	id, _ := ctx.Value(requestIDKey{}).(string)
	return id
}

// withRequestID takes the id over that the answer carries, so that both logs name the same.
func withRequestID(ctx context.Context, answer http.Header) context.Context {
	id := answer.Get("X-Request-Id")
	if id == "" {
		id = rand.Text()
	}
	return context.WithValue(ctx, requestIDKey{}, id)
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

// signedIn refuses a request of nobody as a whole, introspection included.
func signedIn(ctx context.Context) gqlerror.List {
	if _, ok := access.FromContext(ctx); ok {
		return nil
	}
	return gqlerror.List{gqlerror.Wrap(access.Require(ctx, access.Read))}
}
