package transport

import (
	"context"
	"crypto/rand"
	"net/http"
)

type requestIDKey struct{}

// RequestID is the id of a request, which its answer and both logs name.
func RequestID(ctx context.Context) string {
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
