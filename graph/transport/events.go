package transport

import (
	"bytes"
	"context"
	"net/http"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/onecdp/onecdp/internal/trace"
)

// The times of event streams.
const (
	heartbeat    = 12 * time.Second // between comments, so that nobody in between takes the connection for dead
	writeTimeout = 10 * time.Second // for one message; a reader who takes longer is cut off
)

// stream executes an operation and tells its answers as they come.
func (h *Handler) stream(ctx context.Context, w http.ResponseWriter, operation *graphql.OperationContext) {
	var cancel context.CancelFunc
	if operation.Operation.Operation == ast.Subscription {
		ctx, cancel = context.WithCancel(ctx)
	} else {
		ctx, cancel = context.WithTimeout(ctx, operationTimeout)
	}
	defer cancel()
	key, err := enter(ctx, "")
	if err != nil {
		h.serveEvents(ctx, w, graphql.OneShot(h.failed(ctx, err)), nil)
		return
	}
	leave, err := h.room(graphql.WithOperationContext(ctx, operation))
	if err != nil {
		h.serveEvents(ctx, w, graphql.OneShot(h.failed(graphql.WithOperationContext(ctx, operation), err)), nil)
		return
	}
	defer leave()
	responses, ctx := h.exec.DispatchOperation(ctx, operation)
	if operation.Operation.Operation != ast.Subscription {
		responses = once(responses)
	}
	h.serveEvents(ctx, w, responses, &key)
}

// once ends after the first response: what gives the answer of a query would give it again.
func once(responses graphql.ResponseHandler) graphql.ResponseHandler {
	told := false
	return func(ctx context.Context) *graphql.Response {
		if told {
			return nil
		}
		told = true
		return responses(ctx)
	}
}

// serveEvents tells responses as events, each when it comes, and the end. With a key it goes on as long as the key is good: without one
// the responses hold nothing that a key is needed for.
func (h *Handler) serveEvents(ctx context.Context, w http.ResponseWriter, responses graphql.ResponseHandler, key *pass) {
	if h.stopping.Err() != nil {
		h.refuse(ctx, reply{w, typeJSON}, http.StatusServiceUnavailable, errStopping)
		return
	}
	h.streams.Add(1)
	defer h.streams.Done()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	events := events{w: w, control: http.NewResponseController(w)}
	if !events.begin() {
		return
	}
	next := h.pull(ctx, responses)
	beat, check := time.NewTicker(heartbeat), time.NewTicker(checkEvery)
	defer beat.Stop()
	defer check.Stop()
	for {
		var err error
		select {
		case <-ctx.Done():
			trace.SayClosed(ctx, "client")
			return
		case <-h.stopping.Done():
			trace.SayClosed(ctx, "stopping")
			return // without complete: the client comes again, to another server
		case <-beat.C:
			if !events.write([]byte(":\n\n")) {
				return
			}
			continue
		case <-check.C:
			if key == nil {
				continue
			}
			if err = key.check(ctx); err == nil || !isGone(err) {
				continue
			}
		case response := <-next.responses:
			if response != nil && key != nil {
				err = key.check(ctx)
			}
			if err == nil {
				if response == nil {
					trace.SayClosed(ctx, "complete")
					events.complete()
					return
				}
				if !events.next(response) {
					return
				}
				next.more <- struct{}{}
				continue
			}
		}
		if ctx.Err() == nil { // the key is gone, or nobody can tell
			trace.SayClosed(ctx, "key")
			events.next(h.failed(ctx, err))
			events.complete()
		}
		return
	}
}

// pulled are responses that come one by one: the next one is asked for when more is sent, since it takes the memory of the one before.
type pulled struct {
	responses <-chan *graphql.Response // nil: the end
	more      chan<- struct{}
}

func (h *Handler) pull(ctx context.Context, responses graphql.ResponseHandler) pulled {
	out, more := make(chan *graphql.Response), make(chan struct{}, 1)
	tell := func(response *graphql.Response) bool {
		select {
		case out <- response:
			return response != nil
		case <-ctx.Done():
			return false
		}
	}
	wanted := func() bool {
		select {
		case <-more:
			return true
		case <-ctx.Done():
			return false
		}
	}
	go func() {
		defer h.survive(ctx, func() {
			if tell(h.failed(ctx, errPanic)) && wanted() {
				tell(nil)
			}
		})
		for tell(responses(ctx)) && wanted() {
		}
	}()
	return pulled{out, more}
}

// events writes an event stream.
type events struct {
	w       http.ResponseWriter
	control *http.ResponseController
}

func (e events) begin() bool {
	header := e.w.Header()
	header.Set("Content-Type", typeEvents+"; charset=utf-8")
	header.Set("Cache-Control", "no-store")
	header.Set("X-Accel-Buffering", "no") // nginx would keep events until it has enough of them
	e.w.WriteHeader(http.StatusOK)
	return e.write([]byte(":\n\n")) // some browsers wait for the first byte
}

func (e events) next(response *graphql.Response) bool {
	before, after := around(response)
	text := make([]byte, 0, len("event: next\ndata: ")+len(before)+len(response.Data)+len(after)+2)
	text = append(text, "event: next\ndata: "...)
	text = append(append(append(text, before...), oneLine(response.Data)...), after...)
	return e.write(append(text, '\n', '\n'))
}

func (e events) complete() { e.write([]byte("event: complete\ndata:\n\n")) }

// write sends text on its way, and is false when the reader does not take it.
func (e events) write(text []byte) bool {
	_ = e.control.SetWriteDeadline(time.Now().Add(writeTimeout)) // not every writer has one
	if _, err := e.w.Write(text); err != nil {
		return false
	}
	return e.control.Flush() == nil
}

// oneLine is JSON on one line: only blanks between its tokens can be line ends.
func oneLine(data []byte) []byte {
	if bytes.IndexByte(data, '\n') < 0 && bytes.IndexByte(data, '\r') < 0 {
		return data
	}
	return bytes.Map(func(r rune) rune {
		if r == '\n' || r == '\r' {
			return ' '
		}
		return r
	}, data)
}
