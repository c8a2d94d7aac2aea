package transport

import (
	"bytes"
	"context"
	"encoding/base64"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/coder/websocket"

	"github.com/onecdp/onecdp/internal/access"
	"github.com/onecdp/onecdp/internal/fault"
	"github.com/onecdp/onecdp/internal/trace"
)

// The times and bounds of one WebSocket.
const (
	initTimeout    = 10 * time.Second // from the beginning to connection_init
	pingEvery      = 25 * time.Second // shorter than what proxies in between wait for
	pongTimeout    = 15 * time.Second
	mostOperations = 100 // at once
)

var (
	errStopping = fault.New(fault.Internal, "the server is about to stop").WithHint("connect again")
	errFull     = &fault.Error{Code: fault.RateLimited, Message: "too many connections are open", RetryAfter: 10 * time.Second}
)

// socket is one WebSocket. One goroutine reads; whoever has something to tell writes. There is no queue: an operation whose message
// is not taken waits, and a reader who takes none for writeTimeout is cut off, so that a connection holds a message of each operation at most.
type socket struct {
	handler *Handler
	conn    *websocket.Conn
	place   *place
	ctx     context.Context // of what is done for the connection; its end is the connection's
	cancel  context.CancelFunc
	closing sync.Once
	late    *time.Timer // closes when connection_init does not come
	closed  sync.WaitGroup

	inited bool // the reader's own
	key    *pass

	mu         sync.Mutex
	operations map[string]*operation
}

// serveSocket upgrades a request and serves the connection until it ends.
func (h *Handler) serveSocket(ctx context.Context, w http.ResponseWriter, r *http.Request) {
	h.streams.Add(1)
	defer h.streams.Done()
	if h.stopping.Err() != nil {
		h.refuse(ctx, reply{w, typeJSON}, http.StatusServiceUnavailable, errStopping)
		return
	}
	if !shakesHands(r) {
		w.Header().Set("Sec-WebSocket-Version", "13")
		h.refuse(ctx, reply{w, typeJSON}, http.StatusBadRequest, fault.New(fault.BadUserInput, "this is no handshake of WebSocket"))
		return
	}
	place := h.sockets.open()
	if place == nil {
		h.refuse(ctx, reply{w, typeJSON}, http.StatusServiceUnavailable, errFull)
		return
	}
	defer place.close()
	conn, err := websocket.Accept(w, r, &websocket.AcceptOptions{
		Subprotocols:       append([]string{subprotocol}, offered(r)...), // a client sees no close code where its own is not taken up
		InsecureSkipVerify: true,                                         // nothing comes with a connection by itself: its key is in a message. Who may connect from where is decided before
		CompressionMode:    websocket.CompressionDisabled,
	})
	if err != nil {
		return // it has been answered
	}
	s := &socket{handler: h, conn: conn, place: place, operations: map[string]*operation{}}
	s.ctx, s.cancel = context.WithCancel(context.WithoutCancel(ctx)) // the server forgets a connection that it has handed over
	defer s.closed.Wait()
	defer s.close(websocket.StatusNormalClosure, "")
	defer h.survive(s.ctx, func() { s.close(closeInternal, "Internal server error") })
	if conn.Subprotocol() != subprotocol {
		s.close(closeNotSpoken, "Subprotocol not acceptable")
		return
	}
	defer context.AfterFunc(h.stopping, func() { s.close(closeGoingAway, "Going away") })()
	s.late = time.AfterFunc(initTimeout, func() { s.close(closeInitTooLate, "Connection initialisation timeout") })
	defer s.late.Stop()
	s.serve()
}

// shakesHands says that a request is the handshake of RFC 6455. The library looks too, but answers in plain text.
func shakesHands(r *http.Request) bool {
	key, err := base64.StdEncoding.DecodeString(strings.TrimSpace(r.Header.Get("Sec-WebSocket-Key")))
	return err == nil && len(key) == 16 && r.Method == http.MethodGet && r.ProtoAtLeast(1, 1) && r.Header.Get("Sec-WebSocket-Version") == "13" &&
		strings.Contains(strings.ToLower(r.Header.Get("Connection")), "upgrade")
}

// offered are the subprotocols that a client speaks.
func offered(r *http.Request) []string {
	var names []string
	for _, header := range r.Header.Values("Sec-WebSocket-Protocol") {
		for name := range strings.SplitSeq(header, ",") {
			names = append(names, strings.TrimSpace(name))
		}
	}
	return names
}

// serve reads messages until the connection ends.
func (s *socket) serve() {
	s.conn.SetReadLimit(longestInit)
	for {
		data, release, ok := s.read()
		if !ok {
			release()
			return
		}
		m, wrong := parseMessage(data)
		if wrong != "" {
			release()
			s.close(closeBadMessage, wrong)
			return
		}
		if m.kind != "subscribe" {
			release()
		}
		switch m.kind {
		case "connection_init":
			ok = s.init(m)
		case "ping":
			ok = s.write(pong)
		case "subscribe":
			ok = s.subscribe(m, release)
		case "complete":
			s.complete(m.id)
		}
		if !ok {
			return
		}
	}
}

// read waits for a message and reads it. release gives back the memory that it took.
func (s *socket) read() (data []byte, release func(), ok bool) {
	release = func() {}
	ctx, cancel := context.WithCancel(context.WithoutCancel(s.ctx))
	defer cancel()
	kind, from, err := s.conn.Reader(ctx)
	if err != nil {
		if told := websocket.CloseStatus(err); told >= 0 {
			trace.SayClosed(s.ctx, strconv.Itoa(int(told)))
		} else {
			trace.SayClosed(s.ctx, "lost")
		}
		return nil, release, false
	}
	if kind != websocket.MessageText {
		s.close(closeBadMessage, "Invalid message received")
		return nil, release, false
	}
	tooSlow := time.AfterFunc(patience, cancel) // ends the connection
	defer tooSlow.Stop()
	var buffer bytes.Buffer
	if !s.inited || s.key == nil {
		_, err = buffer.ReadFrom(from)
		return buffer.Bytes(), release, err == nil
	}
	release, refused := s.handler.fill(access.WithCaller(s.ctx, s.key.caller), &buffer, from, -1, func(deadline time.Time) {
		tooSlow.Reset(time.Until(deadline))
	})
	switch refused {
	case errBusy:
		s.close(closeTryAgain, refused.fault.Message)
	case errTooLong:
		s.close(websocket.StatusMessageTooBig, refused.fault.Message)
	}
	return buffer.Bytes(), release, refused == nil
}

// init lets the client sign in.
func (s *socket) init(m message) bool {
	if s.inited {
		s.close(closeInitAgain, "Too many initialisation requests")
		return false
	}
	s.inited = true
	s.late.Stop()
	secret, given := m.secret()
	if given && secret == "" {
		s.close(closeForbidden, "Forbidden")
		return false
	}
	key, err := enter(s.ctx, secret)
	if err != nil {
		s.turnAway(err)
		return false
	}
	if !s.place.signIn(key.caller.Name) {
		s.close(closeTryAgain, errFull.Message)
		return false
	}
	s.key = &key
	s.conn.SetReadLimit(maxBody)
	s.closed.Add(2)
	go s.watch()
	go s.ping()
	return s.write(ack)
}

// turnAway closes the connection of a key that is not, or no longer, let in.
func (s *socket) turnAway(err error) {
	if isGone(err) {
		s.close(closeForbidden, "Forbidden")
		return
	}
	if s.ctx.Err() == nil {
		s.handler.log.ErrorContext(s.ctx, "cannot check a key", "request", RequestID(s.ctx), "error", err)
	}
	s.close(closeInternal, "Internal server error")
}

// watch asks for the key while nothing is told. While nobody can tell, nothing is.
func (s *socket) watch() {
	defer s.closed.Done()
	tick := time.NewTicker(checkEvery)
	defer tick.Stop()
	for {
		select {
		case <-s.ctx.Done():
			return
		case <-tick.C:
			if err := s.key.check(s.ctx); err != nil && isGone(err) {
				s.turnAway(err)
				return
			}
		}
	}
}

// ping ends connections whose other end is gone.
func (s *socket) ping() {
	defer s.closed.Done()
	tick := time.NewTicker(pingEvery)
	defer tick.Stop()
	for {
		select {
		case <-s.ctx.Done():
			return
		case <-tick.C:
			ctx, cancel := context.WithTimeout(context.WithoutCancel(s.ctx), pongTimeout)
			err := s.conn.Ping(ctx)
			cancel()
			if err != nil {
				s.cancel()
				_ = s.conn.CloseNow() // there is nobody to be told
				return
			}
		}
	}
}

// write sends a message; it is false when the reader does not take it, which ends the connection.
func (s *socket) write(text []byte) bool {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(s.ctx), writeTimeout)
	defer cancel()
	if s.conn.Write(ctx, websocket.MessageText, text) == nil {
		return true
	}
	s.cancel()
	_ = s.conn.CloseNow() // it is closed, or the reader does not read
	return false
}

// close ends the connection and what is done for it, the first time it is called.
func (s *socket) close(code websocket.StatusCode, reason string) {
	s.closing.Do(func() {
		trace.SayClosed(s.ctx, strconv.Itoa(int(code)))
		s.cancel()
		s.closed.Go(func() { _ = s.conn.Close(code, closeMessage(reason)) }) // waits for the client's answer, which may never come
	})
}
