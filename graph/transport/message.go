package transport

import (
	"encoding/json"
	"strings"

	"github.com/coder/websocket"

	"github.com/onecdp/onecdp/internal/fault"
)

// subprotocol is the one that is spoken over WebSockets.
const subprotocol = "graphql-transport-ws"

// The codes that connections are closed with: those of the subprotocol, and WebSocket's own.
const (
	closeBadMessage  websocket.StatusCode = 4400
	closeNotSignedIn websocket.StatusCode = 4401
	closeForbidden   websocket.StatusCode = 4403
	closeNotSpoken   websocket.StatusCode = 4406
	closeInitTooLate websocket.StatusCode = 4408
	closeIDInUse     websocket.StatusCode = 4409
	closeInitAgain   websocket.StatusCode = 4429
	closeGoingAway                        = websocket.StatusGoingAway
	closeInternal                         = websocket.StatusInternalError
	closeTryAgain                         = websocket.StatusTryAgainLater
)

// The bounds of messages, in bytes.
const (
	longestID           = 255
	longestInit         = 16 << 10
	longestCloseMessage = 123 // WebSocket's own
)

// closeMessage is a reason as a connection may be closed with it: cut where it is too long, and whole characters.
func closeMessage(reason string) string {
	return strings.ToValidUTF8(reason[:min(len(reason), longestCloseMessage)], "")
}

// message is what a client says.
type message struct {
	kind    string
	id      string
	payload map[string]any
	request request // of subscribe
}

// parseMessage reads a message. What is wrong with it is told in few words.
func parseMessage(data []byte) (message, string) {
	object, refused := decode(data)
	members, ok := object.(map[string]any)
	if refused != nil || !ok {
		return message{}, "Invalid message received"
	}
	var m message
	if m.kind, ok = members["type"].(string); !ok {
		return message{}, "Message is missing the 'type' property"
	}
	payload := members["payload"]
	if m.payload, ok = payload.(map[string]any); !ok && payload != nil {
		return message{}, "Message has a 'payload' that is not an object"
	}
	switch m.kind {
	case "connection_init", "ping", "pong":
		return m, ""
	case "subscribe", "complete":
		if m.id, ok = members["id"].(string); !ok || m.id == "" || len(m.id) > longestID {
			return message{}, "Message has no 'id' of 1 to 255 characters"
		}
		m.id = strings.Clone(m.id)
	default:
		return message{}, "Unexpected message type received"
	}
	if m.kind == "subscribe" {
		var wrong *fault.Error
		if m.request, wrong = requestOf(m.payload); wrong != nil {
			return message{}, "Message has a wrong 'payload': " + wrong.Message
		}
		if m.request.query == "" && m.request.extensions["persistedQuery"] == nil {
			return message{}, "Message has a 'payload' without a query"
		}
		if len(data) > 2*len(m.request.query) { // a kept query must not keep the message
			m.request.query = strings.Clone(m.request.query)
		}
	}
	return m, ""
}

// secret is the key in the payload of connection_init: the member authorization, in whatever case, as in HTTP's header. "" when it
// has none.
func (m message) secret() (secret string, given bool) {
	for name, value := range m.payload {
		if !strings.EqualFold(name, "authorization") {
			continue
		}
		text, _ := value.(string)
		scheme, secret, _ := strings.Cut(strings.TrimSpace(text), " ")
		if !strings.EqualFold(scheme, "bearer") {
			return "", true
		}
		return strings.TrimSpace(secret), true
	}
	return "", false
}

// The messages of the server.
var (
	ack  = []byte(`{"type":"connection_ack"}`)
	pong = []byte(`{"type":"pong"}`)
)

// envelope is a message about an operation, around a payload; without one when it is nil.
func envelope(kind, id string, payload ...[]byte) []byte {
	quoted, err := json.Marshal(id)
	if err != nil { // texts always marshal
		quoted = []byte(`""`)
	}
	length := len(kind) + len(quoted) + 40
	for _, part := range payload {
		length += len(part)
	}
	text := make([]byte, 0, length)
	text = append(append(text, `{"id":`...), quoted...)
	text = append(append(append(text, `,"type":"`...), kind...), '"')
	if payload != nil {
		text = append(text, `,"payload":`...)
		for _, part := range payload {
			text = append(text, part...)
		}
	}
	return append(text, '}')
}
