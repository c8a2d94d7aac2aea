// Package transport carries GraphQL: over HTTP (https://graphql.github.io/graphql-over-http), over WebSocket as the subprotocol
// graphql-transport-ws (https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md) and as server-sent events, each operation on a
// connection of its own (https://github.com/enisdenjo/graphql-sse/blob/master/PROTOCOL.md).
//
// It differs from gqlgen's transports in that it repeats nothing of what it cannot read, leaves data out of an answer when nothing was
// executed, writes data as it is, closes with the codes that clients understand, and asks for the key of a connection again and again.
package transport

import (
	"context"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/errcode"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/onecdp/onecdp/internal/access"
	"github.com/onecdp/onecdp/internal/fault"
)

// operationTimeout is what a query or a mutation may take.
const operationTimeout = time.Minute

// Handler answers /graphql. It expects the caller in the request's context (see access.FromContext) and answers nobody without one,
// except on WebSockets, where the caller signs in at the door of the context (see access.DoorFrom).
type Handler struct {
	exec      graphql.GraphExecutor
	log       *slog.Logger
	persisted *persisted
	memory    *memory // for bodies
	rooms     *memory // for answers
	sockets   *sockets

	stopping context.Context // done when the server is about to stop
	stop     context.CancelFunc
	streams  sync.WaitGroup
}

// New makes the handler of an executor.
func New(exec graphql.GraphExecutor, log *slog.Logger) *Handler {
	h := &Handler{exec: exec, log: log, persisted: newPersisted(), memory: newMemory(memoryOfAll, memoryOfKey), rooms: newMemory(roomOfAll, roomOfKey), sockets: newSockets()}
	h.stopping, h.stop = context.WithCancel(context.Background())
	return h
}

// Shutdown ends what stays open: WebSockets with the code 1001, event streams without a word, so that their clients come again. It
// returns when all have ended, or with ctx.
func (h *Handler) Shutdown(ctx context.Context) error {
	h.stop()
	ended := make(chan struct{})
	go func() {
		h.streams.Wait()
		close(ended)
	}()
	select {
	case <-ended:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// ServeHTTP implements http.Handler.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	start := graphql.Now()
	ctx := withRequestID(graphql.StartOperationTrace(r.Context()), w.Header())
	if isUpgrade(r) {
		h.serveSocket(ctx, w, r)
		return
	}
	accepts := accepted(r.Header.Values("Accept"))
	answer := reply{w: w, mediaType: accepts.mediaType()}
	if _, ok := access.FromContext(ctx); !ok {
		h.refuse(ctx, answer, http.StatusUnauthorized, access.Require(ctx, access.Read))
		return
	}
	body, refused := h.read(w, r)
	defer body.release()
	if refused != nil {
		h.refuse(ctx, answer, refused.status, refused.fault)
		return
	}
	if accepts == (accept{}) {
		h.refuse(ctx, answer, http.StatusNotAcceptable, fault.New(fault.BadUserInput, "the answer would have a type that is not accepted").
			WithHint("accept application/json, application/graphql-response+json or text/event-stream"))
		return
	}
	params, text, failure := h.complete(body.request)
	if failure != nil {
		h.refuse(ctx, answer, answer.statusOf(failure), failure)
		return
	}
	params.Headers, params.ReadTime = r.Header, graphql.TraceTiming{Start: start, End: graphql.Now()}
	operation, refusals := h.create(ctx, params)
	ctx = graphql.WithOperationContext(ctx, operation)
	if refusals != nil {
		response := h.exec.DispatchError(ctx, refusals)
		if status := answer.statusOfRefusal(response); accepts.prefersEvents() && status < http.StatusTooManyRequests {
			h.serveEvents(ctx, w, graphql.OneShot(response), nil)
		} else {
			answer.refuse(status, response)
		}
		return
	}
	h.persisted.add(ctx, text)
	kind := operation.Operation.Operation
	switch {
	case kind == ast.Mutation && r.Method != http.MethodPost:
		w.Header().Set("Allow", http.MethodPost)
		h.refuse(ctx, answer, http.StatusMethodNotAllowed,
			fault.New(fault.BadUserInput, "a mutation changes something, and GET must not").WithHint("send it with POST"))
	case kind == ast.Subscription && accepts.events == 0:
		h.refuse(ctx, answer, http.StatusNotAcceptable, fault.New(fault.BadUserInput, "a subscription has many answers").
			WithHint("accept text/event-stream, or open a WebSocket with the subprotocol %s", subprotocol))
	case kind == ast.Subscription || accepts.prefersEvents():
		h.stream(ctx, w, operation)
	default:
		h.answer(ctx, answer, operation)
	}
}

// complete makes the parameters of an operation of a request, whose text may have been left out because its hash is known. text is
// what is to be remembered by its hash once it has turned out to be a query; the zero value: nothing.
func (h *Handler) complete(request request) (*graphql.RawParams, hashedText, *fault.Error) {
	text, refusal := h.persisted.find(&request)
	if refusal != nil {
		return nil, hashedText{}, refusal
	}
	if request.query == "" {
		return nil, hashedText{}, fault.New(fault.BadUserInput, "the query is missing").WithHint("send it as the text query")
	}
	return &graphql.RawParams{
		Query: withoutSurrogates(request.query), OperationName: request.operationName, Variables: request.variables, Extensions: request.extensions,
	}, text, nil
}

// create reads and validates an operation. What it refuses has a code.
func (h *Handler) create(ctx context.Context, params *graphql.RawParams) (*graphql.OperationContext, gqlerror.List) {
	operation, refusals := h.exec.CreateOperationContext(ctx, params)
	for _, refusal := range refusals {
		if refusal.Extensions["code"] == nil && refusal.Err == nil {
			errcode.Set(refusal, errcode.ValidationFailed)
		}
	}
	if refusals == nil {
		refusals = checkVariables(operation.Operation.VariableDefinitions, operation.Variables)
	}
	return operation, refusals
}

// answer executes a query or a mutation and answers with what came of it.
func (h *Handler) answer(ctx context.Context, answer reply, operation *graphql.OperationContext) {
	ctx, cancel := context.WithTimeout(ctx, operationTimeout)
	defer cancel()
	leave, err := h.room(graphql.WithOperationContext(ctx, operation))
	if err != nil {
		h.refuse(graphql.WithOperationContext(ctx, operation), answer, http.StatusTooManyRequests, err)
		return
	}
	defer leave()
	responses, ctx := h.exec.DispatchOperation(ctx, operation)
	response := responses(ctx)
	if response == nil { // the request was given up before anything was done
		h.refuse(ctx, answer, http.StatusServiceUnavailable, ctx.Err())
		return
	}
	answer.send(response)
}

// refuse answers that nothing was executed, and why.
func (h *Handler) refuse(ctx context.Context, answer reply, status int, err error) {
	answer.refuse(status, h.failed(ctx, err))
}

// failed is the response of an operation that was not executed.
func (h *Handler) failed(ctx context.Context, err error) *graphql.Response {
	if !graphql.HasOperationContext(ctx) {
		ctx = graphql.WithOperationContext(ctx, &graphql.OperationContext{})
	}
	return h.exec.DispatchError(ctx, gqlerror.List{gqlerror.Wrap(err)})
}

// survive ends a goroutine that panics without ending the program. The value of the panic is not logged: it may hold what the caller sent.
func (h *Handler) survive(ctx context.Context, then func()) {
	if cause := recover(); cause != nil {
		h.log.ErrorContext(ctx, "panic", "request", RequestID(ctx), "stack", string(debug.Stack()))
		then()
	}
}

// errPanic is what is told of a panic.
var errPanic = fault.New(fault.Internal, "internal error")

func isUpgrade(r *http.Request) bool {
	return strings.EqualFold(r.Header.Get("Upgrade"), "websocket")
}
