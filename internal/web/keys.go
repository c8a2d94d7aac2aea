package web

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/onecdp/onecdp/internal/access"
	"github.com/onecdp/onecdp/internal/fault"
)

// Keys finds the caller that a secret belongs to, as access.Service does.
type Keys interface {
	Authenticate(ctx context.Context, secret string) (access.Caller, error)
}

// signedIn lets only callers with a key through, and puts them into the request's context.
func (s *Server) signedIn(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		caller, err := s.keys.Authenticate(r.Context(), bearer(r))
		if err == nil && caller.Session && !s.fromThisMachine(r) {
			err = fault.New(fault.Unauthenticated, "the key of a page session is good only on the server's own machine")
		}
		var refusal *fault.Error
		switch {
		case errors.As(err, &refusal):
			refuse(w, r, http.StatusUnauthorized, refusal)
			return
		case err != nil:
			s.log.ErrorContext(r.Context(), "cannot check a key", "request", requestID(r.Context()), "error", err)
			refuse(w, r, http.StatusInternalServerError, fault.New(fault.Internal, "internal error"))
			return
		}
		noteCaller(r.Context(), caller.Name)
		next.ServeHTTP(w, r.WithContext(access.WithCaller(r.Context(), caller)))
	})
}

// scoped lets only keys with the scope through.
func scoped(scope access.Scope, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var refusal *fault.Error
		if errors.As(access.Require(r.Context(), scope), &refusal) {
			refuse(w, r, http.StatusForbidden, refusal)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// bearer is the secret that a request carries, or "".
func bearer(r *http.Request) string {
	scheme, secret, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "bearer") {
		return ""
	}
	return strings.TrimSpace(secret)
}
