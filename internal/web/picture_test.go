package web_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/onecdp/onecdp/internal/access"
	"github.com/onecdp/onecdp/internal/fault"
	"github.com/onecdp/onecdp/internal/web"
)

// drawing is a picture of whoever is asked for.
func drawing(ctx context.Context, id string) ([]byte, error) {
	caller, _ := access.FromContext(ctx)
	switch id {
	case "nobody":
		return nil, fault.New(fault.NotFound, "there is no customer with this id")
	case "broken":
		return nil, errors.New("a secret of ours")
	}
	return []byte("<svg>" + id + " for " + caller.Name + "</svg>"), nil
}

func TestAPictureIsForWhoMayReadAndKeptByNobody(t *testing.T) {
	t.Parallel()
	s := newServer(t, func(o *web.Options) { o.Picture = drawing })
	w := s.answer(request(t, "GET", "/customers/Q3VzdG9tZXI6MQ/graph.svg", ""))
	if w.Code != http.StatusOK || !strings.HasPrefix(w.Body.String(), "<svg>Q3VzdG9tZXI6MQ for ") {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	for name, want := range map[string]string{
		"Content-Type": "image/svg+xml; charset=utf-8", "Cache-Control": "private, no-store", "Vary": "Authorization",
		"Content-Security-Policy": "default-src 'none'; sandbox; frame-ancestors 'none'", "X-Content-Type-Options": "nosniff", "Cross-Origin-Resource-Policy": "same-origin",
	} {
		if got := w.Header().Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	for path, want := range map[string]string{"nobody": "NOT_FOUND", "broken": "INTERNAL"} {
		w := s.answer(request(t, "GET", "/customers/"+path+"/graph.svg", ""))
		if got := refusal(t, w); got != want || strings.Contains(w.Body.String(), "secret") {
			t.Errorf("%s: %s %s", path, got, w.Body)
		}
	}
	if got := refusal(t, s.answer(request(t, "GET", "/customers/x/graph.svg", "", "Authorization", ""))); got != "UNAUTHENTICATED" {
		t.Error(got)
	}
	if strings.Contains(s.log.String(), "Q3VzdG9tZXI6MQ") {
		t.Error("the log holds the path")
	}
}

func TestWithoutPicturesThereIsNoSuchRoute(t *testing.T) {
	t.Parallel()
	s := newServer(t, nil)
	if got := refusal(t, s.answer(request(t, "GET", "/customers/x/graph.svg", ""))); got != "NOT_FOUND" {
		t.Error(got)
	}
}
