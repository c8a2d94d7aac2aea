package transport_test

import (
	"bufio"
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// listen opens an event stream and reads it line by line.
func listen(t *testing.T, server *httptest.Server, query string) (lines *bufio.Scanner, answer *http.Response) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	t.Cleanup(cancel)
	r, _ := http.NewRequestWithContext(ctx, http.MethodPost, server.URL+"/graphql", strings.NewReader(`{"query":"`+query+`"}`))
	r.Header.Set("Authorization", "Bearer reader")
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Accept", "application/json, text/event-stream")
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { answer.Body.Close() })
	return bufio.NewScanner(answer.Body), answer
}

// event reads the next event: its name and its data.
func event(t *testing.T, lines *bufio.Scanner) string {
	t.Helper()
	name := ""
	for lines.Scan() {
		if text, ok := strings.CutPrefix(lines.Text(), "event: "); ok {
			name = text
		}
		if text, ok := strings.CutPrefix(lines.Text(), "data:"); ok {
			return strings.TrimSpace(name + text)
		}
	}
	return "the end"
}

func TestASubscriptionIsTold(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	lines, answer := listen(t, a.serve(t), "subscription{tick}")
	if kind := answer.Header.Get("Content-Type"); kind != "text/event-stream; charset=utf-8" {
		t.Errorf("type %s", kind)
	}
	for range 3 {
		a.schema.ticks <- 1
		if got := event(t, lines); got != `next {"data":{"tick":1}}` {
			t.Errorf("event %s", got)
		}
	}
	close(a.schema.ticks)
	if got := event(t, lines); got != "complete" {
		t.Errorf("event %s", got)
	}
	if got := event(t, lines); got != "the end" {
		t.Errorf("event %s", got)
	}
}

func TestAStreamEndsWithItsKey(t *testing.T) {
	t.Parallel()
	for name, told := range map[string]bool{"silent": false, "told": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := newAPI(t)
			lines, _ := listen(t, a.serve(t), "subscription{tick}")
			eventually(t, "it listens", func() bool { return a.schema.open() == 1 })
			a.keys.set("reader", nil)
			if told {
				a.schema.ticks <- 1
			}
			if got := event(t, lines); !strings.HasPrefix(got, "next {\"errors\":[") || !strings.Contains(got, "UNAUTHENTICATED") {
				t.Errorf("event %s", got)
			}
			if got := event(t, lines); got != "complete" {
				t.Errorf("event %s", got)
			}
			eventually(t, "it ends", func() bool { return a.schema.open() == 0 })
		})
	}
}

func TestAStreamThatPanicsIsOurFault(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	lines, _ := listen(t, a.serve(t), "subscription{crash}")
	if got := event(t, lines); !strings.Contains(got, "INTERNAL") || strings.Contains(a.log.String(), "13812345671") {
		t.Errorf("event %s", got)
	}
	if got := event(t, lines); got != "complete" {
		t.Errorf("event %s", got)
	}
}

func TestAStreamIsCutOffWithoutCompleteWhenTheServerStops(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	lines, _ := listen(t, a.serve(t), "subscription{silence}")
	eventually(t, "it listens", func() bool { return a.schema.open() == 1 })
	if err := a.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
	if got := event(t, lines); got != "the end" {
		t.Errorf("event %s", got)
	}
}

func TestAListenerThatLeavesEndsItsSubscription(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	_, answer := listen(t, a.serve(t), "subscription{silence}")
	eventually(t, "it listens", func() bool { return a.schema.open() == 1 })
	answer.Body.Close()
	eventually(t, "it does not", func() bool { return a.schema.open() == 0 })
}
