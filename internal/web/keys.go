package web

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/onecdp/onecdp/internal/access"
	"github.com/onecdp/onecdp/internal/fault"
)

// Keys finds the caller that a secret belongs to, as access.Service does.
type Keys interface {
	Authenticate(ctx context.Context, secret string, now time.Time) (access.Caller, error)
}

var errElsewhere = fault.New(fault.Unauthenticated, "the key of a page session is good only on the server's own machine")

// signedIn lets only callers with a key through, and puts them into the request's context.
func (s *Server) signedIn(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if ctx, ok := s.signIn(r.Context(), w, r); ok {
			next.ServeHTTP(w, r.WithContext(ctx))
		}
	})
}

// atTheDoor is signedIn for what may stay open: it leaves the door in the context. On a WebSocket the caller signs in at the door, since
// browsers cannot send a header with it.
func (s *Server) atTheDoor(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, ok := access.WithDoor(r.Context(), s.door(r)), true
		if !isUpgrade(r) {
			ctx, ok = s.signIn(ctx, w, r)
		}
		if ok {
			next.ServeHTTP(w, r.WithContext(ctx))
		}
	})
}

// signIn returns a context that carries the caller of a request, or answers that there is none.
func (s *Server) signIn(ctx context.Context, w http.ResponseWriter, r *http.Request) (signedIn context.Context, ok bool) {
	caller, err := s.keys.Authenticate(ctx, bearer(r), time.Now())
	if err == nil && caller.Session && !s.fromThisMachine(r) {
		err = errElsewhere
	}
	if err != nil {
		s.refuseFor(w, r, "cannot check a key", err)
		return nil, false
	}
	noteCaller(ctx, caller.Name)
	return access.WithCaller(ctx, caller), true
}

// door is that of the connection which a request came by.
func (s *Server) door(r *http.Request) access.Door {
	var noted sync.Once
	return func(ctx context.Context, secret string) (access.Caller, error) {
		if secret == "" {
			secret = bearer(r)
		}
		caller, err := s.recent.authenticate(ctx, s.keys, secret)
		if err == nil && caller.Session && !s.fromThisMachine(r) {
			caller, err = access.Caller{}, errElsewhere
		}
		if err == nil {
			noted.Do(func() { noteCaller(r.Context(), caller.Name) })
		}
		return caller, err
	}
}

// What is open asks for its key all the time, and many connections may have the same key: they share an answer that is no older than
// fresh. A revoked key is told nothing more after that.
const (
	fresh       = 20 * time.Millisecond
	mostAnswers = 1000 // kept at once; older ones are swept away then
)

// recentAnswers are what Keys has just said of secrets.
type recentAnswers struct {
	mu       sync.Mutex
	bySecret map[string]*recentAnswer
}

type recentAnswer struct {
	mu     sync.Mutex
	asked  time.Time
	caller access.Caller
	err    error // a fault, or nil: another is told to the one who asked alone
}

func (a *recentAnswers) authenticate(ctx context.Context, keys Keys, secret string) (access.Caller, error) {
	answer := a.of(secret)
	answer.mu.Lock()
	defer answer.mu.Unlock()
	now := time.Now()
	if now.Sub(answer.asked) < fresh {
		return answer.caller, answer.err
	}
	caller, err := keys.Authenticate(ctx, secret, now)
	if err == nil || len(fault.All(err)) > 0 {
		answer.asked, answer.caller, answer.err = now, caller, err
	}
	return caller, err
}

func (a *recentAnswers) of(secret string) *recentAnswer {
	a.mu.Lock()
	defer a.mu.Unlock()
	answer := a.bySecret[secret]
	if answer == nil {
		if len(a.bySecret) >= mostAnswers {
			clear(a.bySecret)
		}
		answer = &recentAnswer{}
		a.bySecret[secret] = answer
	}
	return answer
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
	given := r.Header.Values("Authorization")
	if len(given) != 1 { // of two, a proxy may have looked at the other
		return ""
	}
	scheme, secret, _ := strings.Cut(given[0], " ")
	if !strings.EqualFold(scheme, "bearer") {
		return ""
	}
	return strings.TrimSpace(secret)
}
