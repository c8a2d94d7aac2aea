package access

import "context"

// Door lets in whoever shows a secret on the connection that a request came by: it returns the caller whom the secret belongs to, or why
// it lets nobody in, as Service.Authenticate does. The secret "" stands for the one in the request's own header. What stays open asks
// again and again, since keys expire and are revoked.
type Door func(ctx context.Context, secret string) (Caller, error)

type doorKey struct{}

// WithDoor returns a context that carries the door of a connection.
func WithDoor(ctx context.Context, door Door) context.Context {
	return context.WithValue(ctx, doorKey{}, door)
}

// DoorFrom is the door of the connection that a request came by. Without one it returns a door that lets in the context's
// caller, whatever the secret.
func DoorFrom(ctx context.Context) Door {
	if door, ok := ctx.Value(doorKey{}).(Door); ok {
		return door
	}
	return func(context.Context, string) (Caller, error) {
		caller, ok := FromContext(ctx)
		if !ok {
			return Caller{}, errNoKey
		}
		return caller, nil
	}
}
