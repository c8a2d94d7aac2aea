package web_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/onecdp/onecdp/internal/access"
	"github.com/onecdp/onecdp/internal/fault"
	"github.com/onecdp/onecdp/internal/web"
)

var upgrade = []string{"Upgrade", "websocket", "Connection", "Upgrade", "Authorization", ""}

func TestWebSocketsSignInAtTheDoor(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		secret  string
		headers []string
		caller  string
	}{
		"a key":                     {"reader", nil, "the reader"},
		"the header's key":          {"", []string{"Authorization", "Bearer sender"}, "the sender"},
		"the message's key counts":  {"reader", []string{"Authorization", "Bearer sender"}, "the reader"},
		"a wrong key":               {"x", []string{"Authorization", "Bearer sender"}, ""},
		"no key":                    {"", nil, ""},
		"a page on this machine":    {"page", nil, "page session"},
		"a page behind a proxy":     {"page", []string{"X-Forwarded-For", "10.0.0.1"}, ""},
		"a page of another machine": {"page", []string{"Forwarded", "for=10.0.0.1"}, ""},
	} {
		entered := false
		s := newServer(t, func(o *web.Options) {
			o.GraphQL = http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				entered = true
				if _, ok := access.FromContext(r.Context()); ok {
					t.Errorf("%s: a caller before the door", name)
				}
				caller, err := access.DoorFrom(r.Context())(r.Context(), c.secret)
				if caller.Name != c.caller || (err == nil) != (c.caller != "") || err != nil && len(fault.All(err)) == 0 {
					t.Errorf("%s: %+v %v", name, caller, err)
				}
			})
		})
		s.answer(request(t, "GET", "/graphql", "", append(upgrade, c.headers...)...))
		if !entered {
			t.Errorf("%s: no connection", name)
		}
	}
}

func TestWebSocketsOfOtherOriginsAreRefused(t *testing.T) {
	t.Parallel()
	s := newServer(t, func(o *web.Options) { o.Origins = []string{"https://crm.example"} })
	for origin, want := range map[string]int{
		"": 200, "http://127.0.0.1:8080": 200, "https://127.0.0.1:8080": 200, "https://crm.example": 200,
		"https://crm.example.evil": 403, "http://127.0.0.1": 403, "null": 403, "https://evil.example": 403,
	} {
		if w := s.answer(request(t, "GET", "/graphql", "", append(upgrade, "Origin", origin)...)); w.Code != want {
			t.Errorf("%s: %d, want %d", origin, w.Code, want)
		}
	}
}

func TestTheDoorIsAskedAgain(t *testing.T) {
	t.Parallel()
	s := newServer(t, func(o *web.Options) {
		o.Keys = &lastingKeys{left: 1}
		o.GraphQL = http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			door := access.DoorFrom(r.Context())
			if _, err := door(r.Context(), "x"); err != nil {
				t.Error(err)
			}
			time.Sleep(30 * time.Millisecond)
			if _, err := door(r.Context(), "x"); err == nil {
				t.Error("an old answer")
			}
		})
	})
	s.answer(request(t, "GET", "/graphql", "", upgrade...))
}

// lastingKeys let in so many times.
type lastingKeys struct {
	mu   sync.Mutex
	left int
}

func (k *lastingKeys) Authenticate(context.Context, string, time.Time) (access.Caller, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.left--; k.left < 0 {
		return access.Caller{}, fault.New(fault.Unauthenticated, "wrong key")
	}
	return access.Caller{Name: "x"}, nil
}

func TestOptionsTellsWhatIsAllowed(t *testing.T) {
	t.Parallel()
	w := newServer(t, nil).answer(request(t, "OPTIONS", "/graphql", "", "Authorization", ""))
	if w.Code != http.StatusNoContent || w.Header().Get("Allow") != "GET, HEAD, POST, OPTIONS" {
		t.Errorf("%d %v", w.Code, w.Header())
	}
}

func TestAClientMayNameItsRequest(t *testing.T) {
	t.Parallel()
	s := newServer(t, nil)
	for id, taken := range map[string]bool{
		"0b9c6f0e-6a1f-4c7e-9d39-2f6f6f1c9a55": true, "0af7651916cd43dd8448eb211c80319c": true, "01ARZ3NDEKTSV4RRFFQ69G5FAV": true,
		"13812345671": false, "110101199003078515": false, "0b9c6f0e-6a1f-4c7e-9d39-2f6f6f1c9a55\n": false, "someone@example.com, Beijing": false,
	} {
		if got := s.answer(request(t, "GET", "/healthz", "", "X-Request-Id", id)).Header().Get("X-Request-Id"); (got == id) != taken || got == "" {
			t.Errorf("%q became %q", id, got)
		}
	}
}

// streams is what stays open until it is told to end.
type streams struct{ ended chan struct{} }

func (s streams) Shutdown(context.Context) error {
	close(s.ended)
	return nil
}

func TestStoppingEndsWhatStaysOpen(t *testing.T) {
	t.Parallel()
	open, entered := streams{make(chan struct{})}, make(chan struct{})
	s := newServer(t, func(o *web.Options) {
		o.Streams = open
		o.GraphQL = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, "begun ")
			_ = http.NewResponseController(w).Flush()
			close(entered)
			<-open.ended
			_, _ = io.WriteString(w, "ended")
		})
	})
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended, answered := make(chan error, 1), make(chan string, 1)
	go func() { ended <- s.Serve(ctx, listener) }()
	go func() {
		r := request(t, "POST", "http://"+listener.Addr().String()+"/graphql", "{}")
		r.RequestURI = ""
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			answered <- err.Error()
			return
		}
		defer answer.Body.Close()
		text, _ := io.ReadAll(answer.Body)
		answered <- string(text)
	}()
	<-entered
	began := time.Now()
	stop()
	if text, err := <-answered, <-ended; text != "begun ended" || err != nil || time.Since(began) > 2*time.Second {
		t.Errorf("%q, %v after %v", text, err, time.Since(began))
	}
}
