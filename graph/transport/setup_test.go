package transport_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/executor"
	"github.com/99designs/gqlgen/graphql/handler/lru"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/onecdp/onecdp/graph/transport"
	"github.com/onecdp/onecdp/internal/access"
	"github.com/onecdp/onecdp/internal/fault"
)

const sdl = `
type Query { text: String echo(n: Int, s: String, list: [Int!]): String slow: String broken: String }
type Mutation { change: String }
type Subscription { tick: Int silence: Int crash: Int flood: Int }`

// schema is a small API: a field is answered with its name; tick tells what a test sends, silence nothing, flood more than anybody reads.
type schema struct {
	ast     *ast.Schema
	ticks   chan int
	changed *int

	mu      sync.Mutex
	running int // subscriptions
}

func (s *schema) Schema() *ast.Schema { return s.ast }

func (s *schema) Complexity(context.Context, string, string, int, map[string]any) (int, bool) {
	return 0, false
}

func (s *schema) Exec(ctx context.Context) graphql.ResponseHandler {
	operation := graphql.GetOperationContext(ctx).Operation
	name := operation.SelectionSet[0].(*ast.Field).Name
	switch name {
	case "slow":
		return func(ctx context.Context) *graphql.Response {
			<-ctx.Done()
			return &graphql.Response{Errors: gqlerror.List{gqlerror.Wrap(ctx.Err())}}
		}
	case "broken":
		graphql.AddError(ctx, fault.New(fault.NotFound, "nothing"))
		graphql.RegisterExtension(ctx, "cost", json.RawMessage(`{"n":1}`))
		return graphql.OneShot(&graphql.Response{Data: json.RawMessage(`{"broken":null}`), Errors: graphql.GetErrors(ctx)})
	case "change":
		*s.changed++
	case "tick", "silence", "crash", "flood":
		return s.subscription(ctx, name)
	}
	return graphql.OneShot(&graphql.Response{Data: json.RawMessage(`{"` + name + `":"` + name + `"}`)})
}

func (s *schema) subscription(ctx context.Context, name string) graphql.ResponseHandler {
	s.count(1)
	context.AfterFunc(ctx, func() { s.count(-1) })
	var ticks chan int
	if name == "tick" {
		ticks = s.ticks
	}
	var buffer bytes.Buffer // as gqlgen's code: a response is good until the next one is asked for
	return func(ctx context.Context) *graphql.Response {
		if name == "crash" {
			panic("13812345671")
		}
		if name == "flood" && ctx.Err() == nil {
			return &graphql.Response{Data: flood}
		}
		buffer.Reset()
		select {
		case n, open := <-ticks:
			if !open {
				return nil
			}
			text, _ := json.Marshal(map[string]int{"tick": n})
			buffer.Write(text)
			return &graphql.Response{Data: buffer.Bytes()}
		case <-ctx.Done():
			return nil
		}
	}
}

var flood = json.RawMessage(`{"flood":"` + strings.Repeat("x", 1<<20) + `"}`)

func (s *schema) count(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.running += n
}

func (s *schema) open() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.running
}

// keys are those that a door lets in. Tests take them away, or break them.
type keys struct {
	mu      sync.Mutex
	callers map[string]access.Caller
	broken  error
}

func (k *keys) enter(_ context.Context, secret string) (access.Caller, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.broken != nil {
		return access.Caller{}, k.broken
	}
	caller, ok := k.callers[secret]
	if !ok {
		return access.Caller{}, fault.New(fault.Unauthenticated, "wrong key")
	}
	return caller, nil
}

func (k *keys) set(secret string, caller *access.Caller) {
	k.mu.Lock()
	defer k.mu.Unlock()
	delete(k.callers, secret)
	if caller != nil {
		k.callers[secret] = *caller
	}
}

func (k *keys) fail(err error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.broken = err
}

// api is the handler over the small schema.
type api struct {
	*transport.Handler
	schema *schema
	keys   *keys
	log    *syncBuffer
}

// limiter refuses operations named Limited.
type limiter struct{}

func (limiter) ExtensionName() string                   { return "limiter" }
func (limiter) Validate(graphql.ExecutableSchema) error { return nil }
func (limiter) MutateOperationContext(_ context.Context, operation *graphql.OperationContext) *gqlerror.Error {
	switch operation.OperationName {
	case "Limited":
		return &gqlerror.Error{Message: "slower", Extensions: map[string]any{"code": "RATE_LIMITED", "retryAfter": 7}}
	case "Forbidden":
		return &gqlerror.Error{Message: "no", Extensions: map[string]any{"code": "FORBIDDEN"}}
	}
	return nil
}

// present shows faults with their codes, as package graph does.
func present(ctx context.Context, err error) *gqlerror.Error {
	var shown *gqlerror.Error
	if errors.As(err, &shown) && shown.Extensions["code"] != nil {
		if code, _ := shown.Extensions["code"].(string); strings.HasPrefix(code, "GRAPHQL_") {
			shown.Extensions["code"] = "BAD_USER_INPUT"
		}
		return shown
	}
	code, message, extensions := "INTERNAL", "internal error", map[string]any{}
	if faults := fault.All(err); len(faults) > 0 {
		code, message = string(faults[0].Code), faults[0].Message
		if faults[0].RetryAfter > 0 {
			extensions["retryAfter"] = int(faults[0].RetryAfter.Seconds())
		}
	}
	extensions["code"] = code
	return &gqlerror.Error{Message: message, Path: graphql.GetPath(ctx), Extensions: extensions}
}

func newAPI(tb testing.TB) *api {
	tb.Helper()
	s := &schema{ast: gqlparser.MustLoadSchema(&ast.Source{Input: sdl}), ticks: make(chan int), changed: new(int)}
	exec := executor.New(s)
	exec.SetErrorPresenter(present)
	exec.SetQueryCache(lru.New[*ast.QueryDocument](100))
	exec.Use(limiter{})
	a := &api{
		schema: s, log: &syncBuffer{},
		keys: &keys{callers: map[string]access.Caller{
			"reader": {Name: "the reader", Scopes: []access.Scope{access.Read, access.Personal}},
			"other":  {Name: "another", Scopes: []access.Scope{access.Read}},
		}},
	}
	a.Handler = transport.New(exec, slog.New(slog.NewTextHandler(a.log, nil)))
	return a
}

// ServeHTTP does what package web does before: it lets callers in.
func (a *api) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	secret := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
	ctx := access.WithDoor(r.Context(), func(ctx context.Context, given string) (access.Caller, error) {
		if given == "" {
			given = secret
		}
		return a.keys.enter(ctx, given)
	})
	if caller, err := a.keys.enter(ctx, secret); err == nil && r.Header.Get("Upgrade") == "" {
		ctx = access.WithCaller(ctx, caller)
	}
	a.Handler.ServeHTTP(w, r.WithContext(ctx))
}

// serve answers on a port of its own.
func (a *api) serve(tb testing.TB) *httptest.Server {
	tb.Helper()
	server := httptest.NewServer(a)
	tb.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		_ = a.Shutdown(ctx)
		server.Close()
	})
	return server
}

// ask sends a request without a connection.
func (a *api) ask(t *testing.T, method, target, body string, headers ...string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, target, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer reader")
	r.Header.Set("Content-Type", "application/json")
	for i := 0; i < len(headers); i += 2 {
		r.Header.Del(headers[i])
		if headers[i+1] != "" {
			r.Header.Set(headers[i], headers[i+1])
		}
	}
	w := httptest.NewRecorder()
	a.ServeHTTP(w, r)
	return w
}

// eventually waits until something is so.
func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	for deadline := time.Now().Add(5 * time.Second); !is(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not in time: %s", what)
		}
	}
}

// syncBuffer is a log that may be read while it is written.
type syncBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *syncBuffer) Write(data []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(data)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}
