package transport

import (
	"context"
	"slices"
	"time"

	"github.com/onecdp/onecdp/internal/access"
	"github.com/onecdp/onecdp/internal/fault"
)

// checkEvery is how often what is open asks for its key while it has nothing to tell. It asks before each message too.
const checkEvery = 500 * time.Millisecond

// pass is the right of a connection to go on: a secret at a door, and the caller whom it was when it came in.
type pass struct {
	door   access.Door
	secret string
	caller access.Caller
}

// enter lets a secret in at the door of a context.
func enter(ctx context.Context, secret string) (pass, error) {
	door := access.DoorFrom(ctx)
	caller, err := door(ctx, secret)
	return pass{door, secret, caller}, err
}

// check asks the door again. It fails with a fault when the key is gone, or has lost a scope that it came in with, and with another
// error when nobody can tell. A scope that was added counts from the next connection.
func (p pass) check(ctx context.Context) error {
	caller, err := p.door(ctx, p.secret)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(p.caller.Scopes, func(scope access.Scope) bool { return !caller.Has(scope) }) || caller.Name != p.caller.Name {
		return fault.New(fault.Forbidden, "the key has lost a scope").WithHint("connect again")
	}
	return nil
}

// isGone says that a check failed because of the key, not because nobody could tell.
func isGone(err error) bool { return len(fault.All(err)) > 0 }
