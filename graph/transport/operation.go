package transport

import (
	"context"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/onecdp/onecdp/internal/access"
	"github.com/onecdp/onecdp/internal/fault"
)

var errTooManyOperations = fault.New(fault.RateLimited, "at most %d operations run at once on a connection", mostOperations).
	WithHint("complete some, or open another connection")

// operation is what runs on a WebSocket under an id.
type operation struct{ cancel context.CancelFunc }

// subscribe begins an operation, and lets its memory go when it has ended.
func (s *socket) subscribe(m message, release func()) bool {
	if s.key == nil {
		release()
		s.close(closeNotSignedIn, "Unauthorized")
		return false
	}
	s.mu.Lock()
	inUse, many := s.operations[m.id] != nil, len(s.operations) >= mostOperations
	one := &operation{}
	ctx, cancel := context.WithCancel(s.ctx)
	one.cancel = cancel
	if !inUse && !many {
		s.operations[m.id] = one
	}
	s.mu.Unlock()
	switch {
	case inUse:
		release()
		cancel()
		s.close(closeIDInUse, "Subscriber for "+m.id+" already exists")
		return false
	case many:
		release()
		cancel()
		return s.fail(m.id, s.handler.failed(s.ctx, errTooManyOperations).Errors)
	}
	s.closed.Go(func() {
		defer release()
		defer cancel()
		defer s.handler.survive(ctx, func() {
			if s.forget(m.id, one) {
				s.fail(m.id, s.handler.failed(ctx, errPanic).Errors)
			}
		})
		s.run(ctx, m, one)
	})
	return true
}

// complete ends an operation that the client no longer wants.
func (s *socket) complete(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if one := s.operations[id]; one != nil {
		one.cancel()
		delete(s.operations, id)
	}
}

// forget frees the id of an operation; false when the client has completed it.
func (s *socket) forget(id string, one *operation) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.operations[id] != one {
		return false
	}
	delete(s.operations, id)
	return true
}

// run executes an operation and tells its answers as they come.
func (s *socket) run(ctx context.Context, m message, one *operation) {
	key, err := enter(ctx, s.key.secret) // the key as it is now
	if err == nil && key.caller.Name != s.key.caller.Name {
		err = fault.New(fault.Forbidden, "the key is another's now")
	}
	if err != nil {
		s.turnAway(err)
		return
	}
	h := s.handler
	ctx = graphql.StartOperationTrace(access.WithCaller(ctx, key.caller))
	params, text, refused := h.complete(m.request)
	if refused != nil {
		s.end(m.id, one, h.failed(ctx, refused).Errors)
		return
	}
	now := graphql.Now()
	params.ReadTime = graphql.TraceTiming{Start: now, End: now}
	created, refusals := h.create(ctx, params)
	ctx = graphql.WithOperationContext(ctx, created)
	if refusals != nil {
		s.end(m.id, one, h.exec.DispatchError(ctx, refusals).Errors)
		return
	}
	h.persisted.add(ctx, text)
	isStream := created.Operation.Operation == ast.Subscription
	if !isStream {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, operationTimeout)
		defer cancel()
	}
	leave, err := h.room(ctx)
	if err != nil {
		s.end(m.id, one, h.failed(ctx, err).Errors)
		return
	}
	defer leave()
	responses, ctx := h.exec.DispatchOperation(ctx, created)
	for {
		response := responses(ctx)
		if response == nil {
			break
		}
		if err := key.check(s.ctx); err != nil {
			s.turnAway(err)
			return
		}
		if !s.next(m.id, one, response) {
			return
		}
		if !isStream {
			break
		}
	}
	s.end(m.id, one, nil)
}

// next tells an answer; false when nobody waits for it any more.
func (s *socket) next(id string, one *operation, response *graphql.Response) bool {
	s.mu.Lock()
	wanted := s.operations[id] == one
	s.mu.Unlock()
	if !wanted {
		return false
	}
	if response.Data == nil && len(response.Errors) == 0 {
		response.Data = null
	}
	before, after := around(response)
	return s.write(envelope("next", id, before, response.Data, after))
}

// end tells that an operation has ended, or that it was refused, unless the client has ended it.
func (s *socket) end(id string, one *operation, refusals gqlerror.List) {
	switch {
	case !s.forget(id, one):
	case refusals != nil:
		s.fail(id, refusals)
	case s.ctx.Err() == nil:
		s.write(envelope("complete", id))
	}
}

// fail tells that an operation was not executed.
func (s *socket) fail(id string, refusals gqlerror.List) bool {
	return s.write(envelope("error", id, errorsOf(refusals)))
}
