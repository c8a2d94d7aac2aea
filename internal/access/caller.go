package access

import (
	"context"
	"slices"

	"github.com/onecdp/onecdp/internal/fault"
)

// Caller is who sent a request: the key, not the person behind it.
type Caller struct {
	Name    string // the key's name
	Scopes  []Scope
	Session bool // the key is a page session's: good only on the machine itself
}

// Has says whether the caller may do what the scope allows. Admin may do everything.
func (c Caller) Has(scope Scope) bool {
	return slices.Contains(c.Scopes, scope) || slices.Contains(c.Scopes, Admin)
}

type callerKey struct{}

// WithCaller returns a context that carries the caller.
func WithCaller(ctx context.Context, caller Caller) context.Context {
	return context.WithValue(ctx, callerKey{}, caller)
}

// FromContext is the caller of a request; ok is false where nobody has signed in.
func FromContext(ctx context.Context) (caller Caller, ok bool) {
	caller, ok = ctx.Value(callerKey{}).(Caller)
	return caller, ok
}

// Require checks that the caller of a request has the scope. Without a caller the error is
// UNAUTHENTICATED, without the scope FORBIDDEN.
func Require(ctx context.Context, scope Scope) error {
	caller, ok := FromContext(ctx)
	switch {
	case !ok:
		return errNoKey
	case !caller.Has(scope):
		return fault.New(fault.Forbidden, "the key lacks the scope %s", scope)
	}
	return nil
}
