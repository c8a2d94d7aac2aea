package command_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/onecdp/onecdp/internal/command"
)

// output is a stream that may be read while it is written.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (o *output) Write(data []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(data)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// run runs a command to its end.
func run(t *testing.T, in string, arguments ...string) (code int, out, errs string) {
	t.Helper()
	var o, e output
	code = command.Run(t.Context(), arguments, command.Streams{In: strings.NewReader(in), Out: &o, Err: &e})
	return code, o.String(), e.String()
}

// server is a command that serves, in this process.
type server struct {
	url       string // ends with a slash
	out, errs *output
	stop      func() (code int)
}

var greeting = regexp.MustCompile(`GraphiQL: (http://\S+/)  API`)

// start runs a serving command on a free port until the test ends, and waits until it is ready.
func start(t *testing.T, arguments ...string) server {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	s := server{out: &output{}, errs: &output{}}
	ended := make(chan int, 1)
	go func() {
		ended <- command.Run(ctx, append(arguments, "--addr", "127.0.0.1:0"), command.Streams{In: strings.NewReader(""), Out: s.out, Err: s.errs})
	}()
	s.stop = sync.OnceValue(func() int {
		cancel()
		return <-ended
	})
	t.Cleanup(func() { s.stop() })
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(10 * time.Millisecond) {
		if found := greeting.FindStringSubmatch(s.out.String()); found != nil {
			s.url = found[1]
			return s
		}
		select {
		case code := <-ended:
			ended <- code
			t.Fatalf("ended with %d: %s", code, s.errs)
		default:
		}
		if time.Now().After(deadline) {
			t.Fatalf("not ready: %s", s.errs)
		}
	}
}

// fetch sends a request with a key, "" for none.
func (s server) fetch(t *testing.T, method, path, key, body string) (status int, text string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, s.url+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	if key != "" {
		r.Header.Set("Authorization", "Bearer "+key)
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(answer)
}

var secret = regexp.MustCompile(`ocdp_[0-9A-Za-z]{32}`)
