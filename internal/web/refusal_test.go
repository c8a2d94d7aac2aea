package web

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/onecdp/onecdp/internal/access"
	"github.com/onecdp/onecdp/internal/fault"
)

// What is refused is not served: whatever kind of error says no.
func TestNoErrorOpensTheDoor(t *testing.T) {
	t.Parallel()
	reader := access.WithCaller(t.Context(), access.Caller{Scopes: []access.Scope{access.Read}})
	for name, c := range map[string]struct {
		ctx     context.Context
		require func(context.Context) error
		status  int
		code    string
	}{
		"a caller with the scope":  {reader, mayRead, http.StatusOK, ""},
		"nobody":                   {t.Context(), mayRead, http.StatusUnauthorized, "UNAUTHENTICATED"},
		"a caller without a scope": {access.WithCaller(t.Context(), access.Caller{}), mayRead, http.StatusForbidden, "FORBIDDEN"},
		"a wrapped fault": {reader, func(context.Context) error {
			return fmt.Errorf("secret things: %w", fault.New(fault.RateLimited, "slower"))
		}, http.StatusTooManyRequests, "RATE_LIMITED"},
		"our own failure": {reader, func(context.Context) error { return errors.New("secret things") }, http.StatusInternalServerError, "INTERNAL"},
	} {
		served := false
		s := &Server{log: slog.New(slog.DiscardHandler)}
		w := httptest.NewRecorder()
		s.scoped(c.require, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { served = true })).
			ServeHTTP(w, httptest.NewRequestWithContext(c.ctx, http.MethodGet, "/schema.graphql", nil))
		if w.Code != c.status || served != (c.code == "") {
			t.Errorf("%s: status %d, served %t", name, w.Code, served)
		}
		if !served && !strings.Contains(w.Body.String(), `"code":"`+c.code+`"`) || strings.Contains(w.Body.String(), "secret") {
			t.Errorf("%s: %s", name, w.Body)
		}
	}
}

func TestAnUnknownCodeIsOurFault(t *testing.T) {
	t.Parallel()
	for code, want := range map[fault.Code]int{
		"": 500, "SOMETHING_NEW": 500, fault.Internal: 500, fault.Unauthenticated: 401, fault.Forbidden: 403, fault.NotFound: 404,
		fault.BadUserInput: 400, fault.Conflict: 409, fault.RateLimited: 429, fault.NotImplemented: 501,
	} {
		if got := statusOf(code); got != want {
			t.Errorf("%q: %d, want %d", code, got, want)
		}
	}
}
