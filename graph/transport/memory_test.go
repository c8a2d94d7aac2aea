package transport_test

import (
	"fmt"
	"io"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// Many large bodies at once take the memory of a few.
func TestLargeBodiesWaitForEachOther(t *testing.T) {
	a := newAPI(t)
	server := a.serve(t)
	body := `{"query":"{text}","variables":{"x":"` + strings.Repeat("x", 8<<20-60) + `"}}`
	runtime.GC()
	var before, now runtime.MemStats
	runtime.ReadMemStats(&before)
	var (
		wait           sync.WaitGroup
		most           atomic.Uint64
		done           = make(chan struct{})
		served, turned atomic.Int64
	)
	go func() {
		for {
			select {
			case <-done:
				return
			case <-time.After(5 * time.Millisecond):
				runtime.ReadMemStats(&now)
				most.Store(max(most.Load(), now.HeapInuse))
			}
		}
	}()
	for i := range 40 {
		wait.Go(func() {
			r, _ := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL, strings.NewReader(body))
			r.Header.Set("Authorization", []string{"Bearer reader", "Bearer other"}[i%2])
			r.Header.Set("Content-Type", "application/json")
			answer, err := http.DefaultClient.Do(r)
			if err != nil {
				t.Error(err)
				return
			}
			defer answer.Body.Close()
			switch answer.StatusCode {
			case http.StatusOK:
				served.Add(1)
			case http.StatusTooManyRequests:
				turned.Add(1)
			default:
				t.Errorf("status %d", answer.StatusCode)
			}
		})
	}
	wait.Wait()
	close(done)
	grown := int64(most.Load()-before.HeapInuse) >> 20
	t.Logf("%d served, %d told to come again, %d MiB", served.Load(), turned.Load(), grown)
	if served.Load() == 0 || grown > 250 { // 40 bodies and their copies are 640
		t.Errorf("%d MiB for %d requests", grown, served.Load())
	}
}

// A key that does not send what it promised leaves room for others.
func TestASlowSenderHoldsNobodyElseUp(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	server := a.serve(t)
	head := func(key string, length int) string {
		return fmt.Sprintf("POST /graphql HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n", key, length)
	}
	for range 3 { // one more than a key has room for
		if _, err := io.WriteString(dial(t, server.Listener.Addr().String()), head("reader", 8<<20)+`{"query":`); err != nil {
			t.Fatal(err)
		}
	}
	time.Sleep(50 * time.Millisecond)
	body := `{"query":"{text}","variables":{"x":"` + strings.Repeat("x", 1<<20) + `"}}`
	began := time.Now()
	r, _ := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer other")
	r.Header.Set("Content-Type", "application/json")
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	if answer.StatusCode != http.StatusOK || time.Since(began) > 5*time.Second {
		t.Errorf("%d after %v", answer.StatusCode, time.Since(began))
	}
	if w := a.ask(t, "POST", "/graphql", `{"query":"{text}"}`); w.Body.String() != answered {
		t.Errorf("a small request: %s", w.Body)
	}
}

// A reader who does not read is cut off.
func TestAReaderWhoDoesNotReadEndsItsConnection(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("waits for the time that a reader has")
	}
	a := newAPI(t)
	server := a.serve(t)
	c := signedIn(t, server, "reader")
	c.say(`{"id":"s","type":"subscribe","payload":{"query":"subscription{flood}"}}`)
	eventually(t, "it watches", func() bool { return a.schema.open() == 1 })
	for deadline := time.Now().Add(30 * time.Second); a.schema.open() > 0; time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("it is still written to")
		}
	}
}
