package web

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/onecdp/onecdp/internal/access"
	"github.com/onecdp/onecdp/internal/fault"
)

// Keys finds the caller that a secret belongs to, as access.Service does.
type Keys interface {
	Authenticate(ctx context.Context, secret string, now time.Time) (access.Caller, error)
}

// signedIn lets only callers with a key through, and puts them into the request's context.
func (s *Server) signedIn(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		caller, err := s.keys.Authenticate(r.Context(), bearer(r), time.Now())
		if err == nil && caller.Session && !s.fromThisMachine(r) {
			err = fault.New(fault.Unauthenticated, "the key of a page session is good only on the server's own machine")
		}
		if err != nil {
			s.refuseFor(w, r, "cannot check a key", err)
			return
		}
		noteCaller(r.Context(), caller.Name)
		next.ServeHTTP(w, r.WithContext(access.WithCaller(r.Context(), caller)))
	})
}

// scoped lets only callers through whom require allows, as access.Require does for a scope.
func (s *Server) scoped(require func(context.Context) error, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := require(r.Context()); err != nil {
			s.refuseFor(w, r, "cannot check a scope", err)
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
