package graph_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/onecdp/onecdp/internal/access"
	"github.com/onecdp/onecdp/internal/dbtest"
	"github.com/onecdp/onecdp/internal/store"
)

// follow subscribes, until the test ends, and returns the messages from when it was accepted.
func (w *world) follow(ctx context.Context, query string, variables any) <-chan map[string]any {
	w.t.Helper()
	caller := access.Caller{Name: "test", Scopes: everything}
	server := httptest.NewServer(http.HandlerFunc(func(answer http.ResponseWriter, r *http.Request) {
		signedIn := access.WithDoor(access.WithCaller(r.Context(), caller), func(context.Context, string) (access.Caller, error) { return caller, nil })
		if n, ok := ctx.Value(statementsKey{}).(*atomic.Int64); ok {
			signedIn = store.CountStatements(signedIn, n)
		}
		w.handler.ServeHTTP(answer, r.WithContext(signedIn))
	}))
	body, err := json.Marshal(map[string]any{"query": query, "variables": variables})
	if err != nil {
		w.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(ctx)
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, server.URL, strings.NewReader(string(body)))
	if err != nil {
		w.t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Accept", "text/event-stream")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		w.t.Fatal(err)
	}
	messages := make(chan map[string]any)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		defer close(messages)
		lines := bufio.NewScanner(response.Body)
		for lines.Scan() {
			if data, ok := strings.CutPrefix(lines.Text(), "data: "); ok && data != "" {
				select {
				case messages <- decode(w.t, []byte(data)):
				case <-ctx.Done():
					return
				}
			}
		}
	}()
	w.t.Cleanup(func() {
		cancel()
		_ = response.Body.Close()
		<-ended
		server.Close()
	})
	return messages
}

type statementsKey struct{}

// heard is the next message.
func heard(t *testing.T, messages <-chan map[string]any) map[string]any {
	t.Helper()
	select {
	case message, ok := <-messages:
		if !ok {
			t.Fatal("the subscription has ended")
		}
		return message
	case <-time.After(30 * time.Second):
		t.Fatal("nothing was told")
	}
	return nil
}

const ingestMany = `mutation ($r: [RecordInput!]!) { ingest(records: $r) { accepted results { status error { message } } } }`

func (w *world) took(records ...map[string]any) {
	w.t.Helper()
	answer := w.ask(ingestMany, map[string]any{"r": records})
	if fmt.Sprint(at(answer, "data", "ingest", "accepted")) != fmt.Sprint(len(records)) {
		w.t.Errorf("%v, log: %s", answer, w.log)
	}
}

// doing is a record of an event of who has some phone numbers.
func doing(name, when string, phones ...string) map[string]any {
	identities := make([]any, len(phones))
	for i, phone := range phones {
		identities[i] = map[string]any{"type": "phone", "value": phone}
	}
	record := map[string]any{"source": "shop", "identities": identities, "attributes": map[string]any{"level": "gold"}, "event": map[string]any{"name": name}}
	if when != "" {
		record["occurredAt"] = when
	}
	return record
}

const wholeEvent = `subscription ($names: [String!]) { eventIngested(names: $names) { id name occurredAt source channel amount properties
	customer { id attributes identities { value } tags { value } merges { reason } events(first: 1) { totalCount edges { node { name customer { id } } } } } } }`

func TestAnEventIsToldAsItIsWhenItIsStored(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db)
		w.took(doing("old", "2026-01-01T00:00:00Z", "13800000001"))
		all := w.follow(t.Context(), wholeEvent, nil)
		some := w.follow(t.Context(), wholeEvent, map[string]any{"names": []string{"future"}})
		w.took(doing("order", "2026-02-01T00:00:00Z", "13800000001"), doing("future", "2099-01-01T00:00:00Z", "13800000001"),
			doing("past", "2026-03-01T00:00:00Z", "13800000002"))
		for i, want := range []struct{ name, newest, count string }{{"order", "order", "2"}, {"future", "future", "3"}, {"past", "past", "1"}} {
			message := heard(t, all)
			event := at(message, "data", "eventIngested")
			if at(event, "name") != want.name || at(event, "customer", "events", "edges", 0, "node", "name") != want.newest ||
				fmt.Sprint(at(event, "customer", "events", "totalCount")) != want.count || len(at(event, "customer", "identities").([]any)) != 1 ||
				at(event, "customer", "attributes", "level") != "gold" || message["errors"] != nil {
				t.Errorf("message %d: %v, want %v", i, message, want)
			}
			node := w.ask(`query ($id: ID!) { node(id: $id) { ... on Event { name } } }`, map[string]any{"id": at(event, "id")})
			if want.name != "future" && at(node, "data", "node", "name") != want.name {
				t.Errorf("%v", node)
			}
		}
		if message := heard(t, some); at(message, "data", "eventIngested", "name") != "future" {
			t.Errorf("%v", message)
		}
	})
}

func TestAMergeIsToldAsTheAPIShowsIt(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db)
		w.took(doing("a", "", "13800000001"), doing("b", "", "13800000002"))
		const merge = `id mergedId cause reason actor mergedAt undoneAt survivor { id identities { value } events(first: 5) { totalCount } }`
		messages := w.follow(t.Context(), `subscription { joined: customerMerged { `+merge+` } }`, nil)
		w.took(doing("c", "", "13800000001", "13800000002"))
		message := heard(t, messages)
		told := at(message, "data", "joined")
		if len(at(told, "survivor", "identities").([]any)) != 2 || fmt.Sprint(at(told, "survivor", "events", "totalCount")) != "3" {
			t.Fatalf("%v", message)
		}
		w.useClock() // the records carry the time that it is
		node := w.ask(`query ($id: ID!) { node(id: $id) { ... on Merge { `+merge+` } } }`, map[string]any{"id": at(told, "id")})
		if fmt.Sprint(at(node, "data", "node")) != fmt.Sprint(told) {
			t.Errorf("told %v, is %v", told, node)
		}
	})
}

func TestTellingManyCostsFewStatements(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db)
		w.took(doing("words", "", "13800000001"))
		var statements atomic.Int64
		messages := w.follow(context.WithValue(t.Context(), statementsKey{}, &statements), wholeEvent, nil)
		statements.Store(0)
		const many = 300
		records := make([]map[string]any, many)
		for i := range records {
			records[i] = doing(fmt.Sprint("event ", i), "2026-02-01T00:00:00Z", fmt.Sprintf("139%08d", i%40))
		}
		w.took(records...)
		for range many {
			if message := heard(t, messages); message["errors"] != nil {
				t.Fatal(message)
			}
		}
		if n := statements.Load(); n > many {
			t.Errorf("%d statements for %d events", n, many)
		}
	})
}

func TestASubscriptionThatEndsSaysWhy(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db)
		messages := w.follow(t.Context(), `subscription { eventIngested(names: []) { id } }`, nil)
		w.took(doing("a", "", "13800000001"))
		select {
		case message := <-messages:
			t.Errorf("told %v", message)
		case <-time.After(200 * time.Millisecond):
		}
		w.services.Live.Close()
		message := heard(t, messages)
		if at(message, "errors", 0, "extensions", "code") != "INTERNAL" || message["data"] != nil {
			t.Errorf("%v", message)
		}
		if _, more := <-messages; more {
			t.Error("it goes on after its end")
		}
	})
}
