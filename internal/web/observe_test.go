package web_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"sync"
	"testing"

	"github.com/onecdp/onecdp/internal/web"
)

// watcher is an observer that notes the answers and marks the context of requests.
type watcher struct {
	mu      sync.Mutex
	answers []string
}

type watched struct{}

func (w *watcher) Begin(r *http.Request) (context.Context, func(route, method string, status int)) {
	return context.WithValue(r.Context(), watched{}, true), func(route, method string, status int) {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.answers = append(w.answers, fmt.Sprintf("%s %q %d", method, route, status))
	}
}

func TestObserversAreToldRoutesAndNoPaths(t *testing.T) {
	t.Parallel()
	seen, reached := &watcher{}, false
	s := newServer(t, func(o *web.Options) {
		o.Observers = []web.Observer{seen}
		o.GraphQL = http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			reached = r.Context().Value(watched{}) != nil
			panic("a phone number")
		})
	})
	s.answer(request(t, "POST", "/graphql", "{}"))
	s.answer(request(t, "GET", "/13800138000", ""))
	s.answer(request(t, "BREW", "/healthz", ""))
	want := []string{`POST "/graphql" 500`, `GET "/" 404`, `other "/healthz" 200`}
	if !slices.Equal(seen.answers, want) || !reached {
		t.Errorf("%q, want %q; the context reached the handler: %v", seen.answers, want, reached)
	}
}

func TestMetricsAreForKeysThatMayRead(t *testing.T) {
	t.Parallel()
	s := newServer(t, func(o *web.Options) {
		o.Metrics = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "up 1\n") })
	})
	if w := s.answer(request(t, "GET", "/metrics", "")); w.Code != http.StatusOK || w.Body.String() != "up 1\n" {
		t.Errorf("a reader: %d %s", w.Code, w.Body)
	}
	if w := s.answer(request(t, "GET", "/metrics", "", "Authorization", "Bearer sender")); w.Code != http.StatusForbidden {
		t.Errorf("a sender: %d %s", w.Code, w.Body)
	}
	if w := s.answer(request(t, "GET", "/metrics", "", "Authorization", "")); w.Code != http.StatusUnauthorized {
		t.Errorf("nobody: %d %s", w.Code, w.Body)
	}
	if w := newServer(t, nil).answer(request(t, "GET", "/metrics", "")); w.Code != http.StatusNotFound {
		t.Errorf("without metrics: %d", w.Code)
	}
}
