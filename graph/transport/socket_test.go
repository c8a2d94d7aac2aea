package transport_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/coder/websocket"

	"github.com/onecdp/onecdp/internal/access"
)

func dial(t *testing.T, address string) net.Conn {
	t.Helper()
	connection, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { connection.Close() })
	return connection
}

// client is the other end of a WebSocket.
type client struct {
	t    *testing.T
	conn *websocket.Conn
}

func connect(t *testing.T, server *httptest.Server, protocols ...string) *client {
	t.Helper()
	if protocols == nil {
		protocols = []string{"graphql-transport-ws"}
	}
	conn, answer, err := websocket.Dial(t.Context(), server.URL+"/graphql", &websocket.DialOptions{Subprotocols: protocols})
	if err != nil {
		t.Fatal(err)
	}
	if answer.Body != nil {
		answer.Body.Close()
	}
	t.Cleanup(func() { conn.CloseNow() })
	return &client{t, conn}
}

func signedIn(t *testing.T, server *httptest.Server, secret string) *client {
	t.Helper()
	c := connect(t, server)
	c.say(`{"type":"connection_init","payload":{"Authorization":"bearer ` + secret + `"}}`)
	c.hear(`{"type":"connection_ack"}`)
	return c
}

func (c *client) say(text string) {
	c.t.Helper()
	if err := c.conn.Write(c.t.Context(), websocket.MessageText, []byte(text)); err != nil {
		c.t.Fatal(err)
	}
}

func (c *client) next() (string, error) {
	ctx, cancel := context.WithTimeout(c.t.Context(), 5*time.Second)
	defer cancel()
	_, text, err := c.conn.Read(ctx)
	return string(text), err
}

// hear expects a message that begins with a text.
func (c *client) hear(want string) {
	c.t.Helper()
	if text, err := c.next(); err != nil || !strings.HasPrefix(text, want) {
		c.t.Fatalf("heard %q (%v), want %q", text, err, want)
	}
}

// ends expects the connection to be closed with a code, whatever is told before. The reason must be UTF-8: browsers tell no code
// otherwise.
func (c *client) ends(code websocket.StatusCode) {
	c.t.Helper()
	for {
		if _, err := c.next(); err != nil {
			var closed websocket.CloseError
			if errors.As(err, &closed); closed.Code != code || !utf8.ValidString(closed.Reason) {
				c.t.Errorf("closed with %d %q (%v), want %d", closed.Code, closed.Reason, err, code)
			}
			return
		}
	}
}

func TestOperationsOverAWebSocket(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	c := signedIn(t, a.serve(t), "reader")
	c.say(`{"type":"ping","payload":{"a":1}}`)
	c.hear(`{"type":"pong"}`)
	c.say(`{"id":"q","type":"subscribe","payload":{"query":"{text}"}}`)
	c.hear(`{"id":"q","type":"next","payload":{"data":{"text":"text"}}}`)
	c.hear(`{"id":"q","type":"complete"}`)
	c.say(`{"id":"m","type":"subscribe","payload":{"query":"mutation{change}"}}`)
	c.hear(`{"id":"m","type":"next","payload":{"data":{"change":"change"}}}`)
	c.hear(`{"id":"m","type":"complete"}`)
	c.say(`{"id":"wrong","type":"subscribe","payload":{"query":"{nothing}"}}`)
	c.hear(`{"id":"wrong","type":"error","payload":[{"message":`)
	c.say(`{"id":"s","type":"subscribe","payload":{"query":"subscription{tick}"}}`)
	for n := range 3 {
		a.schema.ticks <- n
		c.hear(fmt.Sprintf(`{"id":"s","type":"next","payload":{"data":{"tick":%d}}}`, n))
	}
	c.say(`{"id":"s","type":"complete"}`)
	eventually(t, "the subscription ends", func() bool { return a.schema.open() == 0 })
	c.say(`{"id":"s","type":"subscribe","payload":{"query":"subscription{tick}"}}`)
	a.schema.ticks <- 7
	c.hear(`{"id":"s","type":"next","payload":{"data":{"tick":7}}}`)
	close(a.schema.ticks)
	c.hear(`{"id":"s","type":"complete"}`)
}

func TestCloseCodes(t *testing.T) {
	t.Parallel()
	const (
		in    = `{"type":"connection_init","payload":{"authorization":"Bearer reader"}}`
		watch = `{"id":"s","type":"subscribe","payload":{"query":"subscription{silence}"}}`
	)
	server := newAPI(t).serve(t)
	for name, c := range map[string]struct {
		code     websocket.StatusCode
		messages []string
	}{
		"no JSON":                   {4400, []string{"hello"}},
		"no object":                 {4400, []string{"[]"}},
		"no type":                   {4400, []string{"{}"}},
		"an unknown type":           {4400, []string{`{"type":"start"}`}},
		"a message of the server's": {4400, []string{in, `{"id":"a","type":"next","payload":{}}`}},
		"a payload that is none":    {4400, []string{`{"type":"ping","payload":1}`}},
		"no id":                     {4400, []string{in, `{"type":"subscribe","payload":{"query":"{text}"}}`}},
		"an empty id":               {4400, []string{in, `{"id":"","type":"complete"}`}},
		"no query":                  {4400, []string{in, `{"id":"a","type":"subscribe","payload":{}}`}},
		"a wrong query":             {4400, []string{in, `{"id":"a","type":"subscribe","payload":{"query":1}}`}},
		"not signed in":             {4401, []string{watch}},
		"a wrong key":               {4403, []string{`{"type":"connection_init","payload":{"authorization":"Bearer wrong"}}`}},
		"no key":                    {4403, []string{`{"type":"connection_init"}`}},
		"another scheme":            {4403, []string{`{"type":"connection_init","payload":{"authorization":"Basic reader"}}`}},
		"an id in use":              {4409, []string{in, watch, watch}},
		"a very long id in use": {4409, []string{
			in, strings.Replace(watch, `"s"`, `"`+strings.Repeat("s", 255)+`"`, 1), strings.Replace(watch, `"s"`, `"`+strings.Repeat("s", 255)+`"`, 1),
		}},
		"a long id in Chinese in use": {4409, []string{
			in, strings.Replace(watch, `"s"`, `"s`+strings.Repeat("客", 80)+`"`, 1), strings.Replace(watch, `"s"`, `"s`+strings.Repeat("客", 80)+`"`, 1),
		}},
		"signed in twice":       {4429, []string{in, in}},
		"too long for a hello":  {websocket.StatusMessageTooBig, []string{`{"type":"connection_init","payload":{"a":"` + strings.Repeat("x", 20<<10) + `"}}`}},
		"longer than a request": {websocket.StatusMessageTooBig, []string{in, `{"type":"ping","payload":{"a":"` + strings.Repeat("x", 9<<20) + `"}}`}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			other := connect(t, server)
			for _, message := range c.messages {
				_ = other.conn.Write(t.Context(), websocket.MessageText, []byte(message)) // it may be closed before all is said
			}
			other.ends(c.code)
		})
	}
	t.Run("a binary message", func(t *testing.T) {
		t.Parallel()
		other := connect(t, server)
		_ = other.conn.Write(t.Context(), websocket.MessageBinary, []byte(in))
		other.ends(4400)
	})
	t.Run("another subprotocol", func(t *testing.T) {
		t.Parallel()
		connect(t, server, "graphql-ws").ends(4406)
	})
	t.Run("a hand that is not shaken", func(t *testing.T) {
		t.Parallel()
		r, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+"/graphql", nil)
		r.Header.Set("Connection", "Upgrade")
		r.Header.Set("Upgrade", "websocket")
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		if text, _ := io.ReadAll(answer.Body); answer.StatusCode != http.StatusBadRequest || !json.Valid(text) {
			t.Errorf("%d %s", answer.StatusCode, text)
		}
	})
}

func TestAKeyThatIsGoneEndsItsConnections(t *testing.T) {
	t.Parallel()
	for name, take := range map[string]func(*keys){
		"revoked": func(k *keys) { k.set("reader", nil) },
		"lost a scope": func(k *keys) {
			k.set("reader", &access.Caller{Name: "the reader", Scopes: []access.Scope{access.Read}})
		},
		"another's now": func(k *keys) { k.set("reader", &access.Caller{Name: "x", Scopes: access.Scopes()}) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := newAPI(t)
			server := a.serve(t)
			watching, idle, other := signedIn(t, server, "reader"), signedIn(t, server, "reader"), signedIn(t, server, "other")
			watching.say(`{"id":"s","type":"subscribe","payload":{"query":"subscription{tick}"}}`)
			eventually(t, "it watches", func() bool { return a.schema.open() == 1 })
			take(a.keys)
			a.schema.ticks <- 1
			if text, err := watching.next(); websocket.CloseStatus(err) != 4403 {
				t.Errorf("told %q, %v", text, err)
			}
			idle.ends(4403)
			other.say(`{"type":"ping"}`)
			other.hear(`{"type":"pong"}`)
		})
	}
}

func TestAScopeThatWasAddedTakesNothingAway(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	c := signedIn(t, a.serve(t), "other")
	c.say(`{"id":"s","type":"subscribe","payload":{"query":"subscription{tick}"}}`)
	a.schema.ticks <- 1
	c.hear(`{"id":"s","type":"next"`)
	a.keys.set("other", &access.Caller{Name: "another", Scopes: []access.Scope{access.Admin}})
	a.schema.ticks <- 2
	c.hear(`{"id":"s","type":"next"`)
}

// While nobody can tell whether a key is good, nothing is told; a connection that has nothing to tell stays.
func TestWhileKeysCannotBeCheckedNothingIsTold(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	server := a.serve(t)
	c, idle := signedIn(t, server, "reader"), signedIn(t, server, "reader")
	c.say(`{"id":"s","type":"subscribe","payload":{"query":"subscription{tick}"}}`)
	eventually(t, "it watches", func() bool { return a.schema.open() == 1 })
	a.keys.fail(errors.New("the database said: secret things"))
	a.schema.ticks <- 1
	c.ends(websocket.StatusInternalError)
	time.Sleep(1100 * time.Millisecond) // a check
	a.keys.fail(nil)
	idle.say(`{"type":"ping"}`)
	idle.hear(`{"type":"pong"}`)
}

func TestAPanicEndsItsOperationAlone(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	c := signedIn(t, a.serve(t), "reader")
	c.say(`{"id":"s","type":"subscribe","payload":{"query":"subscription{crash}"}}`)
	c.hear(`{"id":"s","type":"error","payload":[{"message":"internal error"`)
	c.say(`{"id":"q","type":"subscribe","payload":{"query":"{text}"}}`)
	c.hear(`{"id":"q","type":"next"`)
	if log := a.log.String(); !strings.Contains(log, "panic") || strings.Contains(log, "13812345671") {
		t.Errorf("log: %s", log)
	}
}

func TestOperationsAtOnceAreBounded(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	c := signedIn(t, a.serve(t), "reader")
	for i := range 101 {
		c.say(fmt.Sprintf(`{"id":"%d","type":"subscribe","payload":{"query":"subscription{silence}"}}`, i))
	}
	c.hear(`{"id":"100","type":"error","payload":[{"message":"at most 100`)
	c.say(`{"id":"0","type":"complete"}`)
	c.say(`{"id":"q","type":"subscribe","payload":{"query":"{text}"}}`)
	c.hear(`{"id":"q","type":"next"`)
}

func TestAStopEndsConnectionsAtOnce(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	server := a.serve(t)
	c, stranger := signedIn(t, server, "reader"), connect(t, server)
	c.say(`{"id":"s","type":"subscribe","payload":{"query":"subscription{silence}"}}`)
	eventually(t, "it watches", func() bool { return a.schema.open() == 1 })
	began, stopped := time.Now(), make(chan error, 1)
	go func() { stopped <- a.Shutdown(t.Context()) }()
	c.ends(websocket.StatusGoingAway)
	stranger.ends(websocket.StatusGoingAway)
	if err := <-stopped; err != nil || time.Since(began) > 2*time.Second || a.schema.open() != 0 {
		t.Errorf("stopped with %v after %v", err, time.Since(began))
	}
	if _, answer, err := websocket.Dial(t.Context(), server.URL, nil); err == nil || answer.StatusCode != http.StatusServiceUnavailable {
		t.Error("connected to a server that stops")
	}
}

func TestAClientThatLeavesEndsItsSubscriptions(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	c := signedIn(t, a.serve(t), "reader")
	c.say(`{"id":"s","type":"subscribe","payload":{"query":"subscription{silence}"}}`)
	eventually(t, "it watches", func() bool { return a.schema.open() == 1 })
	c.conn.CloseNow()
	eventually(t, "it does not", func() bool { return a.schema.open() == 0 })
}
