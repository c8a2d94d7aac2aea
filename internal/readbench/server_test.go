package readbench

import (
	"bytes"
	"context"
	"database/sql"
	"net"
	"net/http"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/onecdp/onecdp/internal/command"
)

// startFloor serves the pages written by hand until the test ends.
func startFloor(tb testing.TB, databaseURL string) (address string) {
	tb.Helper()
	db, err := sql.Open("postgres", databaseURL+"&timezone=UTC&jit=off&binary_parameters=yes")
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = db.Close() })
	handler, err := newFloor(tb.Context(), db)
	if err != nil {
		tb.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	server := &http.Server{Handler: handler, ReadHeaderTimeout: time.Minute}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(listener) }()
	tb.Cleanup(func() {
		_ = server.Close()
		<-ended
	})
	return listener.Addr().String()
}

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

var (
	ready  = regexp.MustCompile(`GraphiQL: http://(\S+)/ `)
	secret = regexp.MustCompile(`ocdp_[0-9A-Za-z]+`)
)

// startProduct runs the program's own serve command in this process, with everything on, until the test ends. key may read, personal
// data included. Its log is a test's output; that of a benchmark is written to nowhere.
func startProduct(tb testing.TB, databaseURL string, arguments ...string) (address, key string) {
	tb.Helper()
	log := tb.Output()
	if _, measured := tb.(*testing.B); measured {
		null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
		if err != nil {
			tb.Fatal(err)
		}
		tb.Cleanup(func() { _ = null.Close() })
		log = null
	}
	var out, errs output
	streams := command.Streams{In: strings.NewReader(""), Out: &out, Err: &errs}
	if code := command.Run(tb.Context(), []string{"key", "create", "reading", "--scopes", "read,personal", "--database-url", databaseURL}, streams); code != 0 {
		tb.Fatal("no key: ", errs.String())
	}
	key = secret.FindString(out.String())
	ctx, cancel := context.WithCancel(context.WithoutCancel(tb.Context()))
	ended := make(chan int, 1)
	streams.Err = log
	go func() {
		ended <- command.Run(ctx, append([]string{"serve", "--addr", "127.0.0.1:0", "--database-url", databaseURL}, arguments...), streams)
	}()
	tb.Cleanup(func() {
		cancel()
		<-ended
	})
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(10 * time.Millisecond) {
		if found := ready.FindStringSubmatch(out.String()); found != nil {
			return found[1], key
		}
		select {
		case code := <-ended:
			ended <- code
			tb.Fatalf("serve ended with %d", code)
		default:
		}
		if time.Now().After(deadline) {
			tb.Fatal("serve is not ready")
		}
	}
}
