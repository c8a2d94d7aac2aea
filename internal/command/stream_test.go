package command_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/onecdp/onecdp/internal/dbtest"
)

// watch opens a subscription over a WebSocket with a key.
func watch(t *testing.T, s server, key string) *websocket.Conn {
	t.Helper()
	conn, answer, err := websocket.Dial(t.Context(), s.url+"graphql", &websocket.DialOptions{Subprotocols: []string{"graphql-transport-ws"}})
	if err != nil {
		t.Fatal(err)
	}
	if answer.Body != nil {
		answer.Body.Close()
	}
	t.Cleanup(func() { conn.CloseNow() })
	for _, text := range []string{
		`{"type":"connection_init","payload":{"authorization":"Bearer ` + key + `"}}`,
		`{"id":"1","type":"subscribe","payload":{"query":"subscription { customerMerged { id } }"}}`,
		`{"id":"2","type":"subscribe","payload":{"query":"{ __typename }"}}`,
	} {
		if err := conn.Write(t.Context(), websocket.MessageText, []byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	for _, want := range []string{`{"type":"connection_ack"}`, `{"id":"2","type":"next"`, `{"id":"2","type":"complete"}`} {
		if _, text, err := conn.Read(t.Context()); err != nil || !strings.HasPrefix(string(text), want) {
			t.Fatalf("%s %v, want %s", text, err, want)
		}
	}
	return conn
}

func TestOpenConnectionsEndWithTheirKeyAndWithTheServer(t *testing.T) {
	t.Parallel()
	dbtest.EachEmpty(t, func(t *testing.T, databaseURL string) {
		s := start(t, "--database-url", databaseURL, "--admin-key", "the operator's own")
		_, out, _ := run(t, "", "key", "create", "watcher", "--scopes", "read", "--database-url", databaseURL)
		revoked, kept := watch(t, s, secret.FindString(out)), watch(t, s, "the operator's own")
		run(t, "", "key", "revoke", "watcher", "--database-url", databaseURL)
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		if _, _, err := revoked.Read(ctx); websocket.CloseStatus(err) != 4403 {
			t.Errorf("revoked: %v", err)
		}
		ended := make(chan error, 1)
		go func() {
			_, _, err := kept.Read(ctx)
			ended <- err
		}()
		if code := s.stop(); code != 0 {
			t.Errorf("stopped with %d", code)
		}
		if err := <-ended; websocket.CloseStatus(err) != websocket.StatusGoingAway {
			t.Errorf("kept: %v", err)
		}
	})
}
