package transport

import (
	"bytes"
	"context"
	"errors"
	"io"
	"mime"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/onecdp/onecdp/internal/access"
	"github.com/onecdp/onecdp/internal/fault"
)

// The bounds of what is read of one request. Up to smallBody bytes are read at once, within the server's own time; more takes a share of the
// memory set aside for it, and must come at slowestBody.
const (
	maxBody     = 8 << 20   // bytes
	smallBody   = 256 << 10 // bytes
	slowestBody = 256 << 10 // bytes a second, after patience
)

// body is a request that was read, and what it holds on to.
type body struct {
	request request
	release func()
}

// read takes a request out of the body or the query string. release must be called when the request has been answered.
func (h *Handler) read(w http.ResponseWriter, r *http.Request) (body, *refusal) {
	switch r.Method {
	case http.MethodGet, http.MethodHead:
		parsed, refused := parseQueryString(r.URL.RawQuery)
		return body{parsed, func() {}}, refused
	case http.MethodPost:
		if refused := checkContent(r.Header); refused != nil {
			return body{release: func() {}}, refused
		}
		return h.readBody(w, r)
	}
	w.Header().Set("Allow", "GET, HEAD, POST, OPTIONS")
	return body{release: func() {}}, &refusal{
		http.StatusMethodNotAllowed, fault.New(fault.BadUserInput, "send the query with POST, or with GET"),
	}
}

// checkContent refuses what is not said to be JSON: a page of another site can send a form or a text without asking, and JSON not.
func checkContent(header http.Header) *refusal {
	unsupported := func(format string) *refusal {
		return &refusal{http.StatusUnsupportedMediaType, fault.New(fault.BadUserInput, "%s", format).
			WithHint("send JSON in UTF-8, not compressed, with the header Content-Type: application/json")}
	}
	if kind := header.Get("Content-Type"); kind != typeJSON {
		kind, parameters, err := mime.ParseMediaType(kind)
		if err != nil || kind != typeJSON {
			return unsupported("the body's type is not JSON")
		}
		if charset := parameters["charset"]; charset != "" && !isUTF8(charset) {
			return unsupported("the body's character set is not UTF-8")
		}
	}
	if encoding := header.Get("Content-Encoding"); encoding != "" && encoding != "identity" {
		return unsupported("the body is compressed")
	}
	return nil
}

// buffers are for bodies that are parsed at once: what is parsed has a copy of its own.
var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

func (h *Handler) readBody(w http.ResponseWriter, r *http.Request) (body, *refusal) {
	if r.ContentLength > maxBody {
		w.Header().Set("Connection", "close")
		return body{release: func() {}}, errTooLong
	}
	buffer := buffers.Get().(*bytes.Buffer)
	buffer.Reset()
	defer func() {
		if buffer.Cap() <= 2*smallBody {
			buffers.Put(buffer)
		}
	}()
	if r.ContentLength > 0 && r.ContentLength <= smallBody {
		buffer.Grow(int(r.ContentLength) + bytes.MinRead)
	}
	release, refused := h.fill(r.Context(), buffer, r.Body, r.ContentLength, func(deadline time.Time) {
		_ = http.NewResponseController(w).SetReadDeadline(deadline) // not every writer has one
	})
	if refused != nil {
		w.Header().Set("Connection", "close") // the rest of the body is still on its way
		return body{release: release}, refused
	}
	parsed, refused := parseRequest(buffer.Bytes())
	return body{parsed, release}, refused
}

// fill reads a body of a length, -1 for one that is not known, into the buffer. release gives back the memory that it took.
func (h *Handler) fill(
	ctx context.Context, buffer *bytes.Buffer, from io.Reader, length int64, allow func(deadline time.Time),
) (release func(), refused *refusal) {
	release = func() {}
	if length <= smallBody {
		if _, err := io.CopyN(buffer, from, smallBody+1); errors.Is(err, io.EOF) {
			return release, nil
		} else if err != nil {
			return release, unread(err)
		}
		length = maxBody // nobody knows
	}
	caller, _ := access.FromContext(ctx)
	release, ok := h.memory.take(ctx, caller.Name, length)
	if !ok {
		return func() {}, errBusy
	}
	allow(time.Now().Add(patience + time.Duration(length)*time.Second/slowestBody))
	buffer.Grow(int(min(length, maxBody)) - buffer.Len() + bytes.MinRead)
	if _, err := io.CopyN(buffer, from, maxBody+1-int64(buffer.Len())); err == nil {
		return release, errTooLong
	} else if !errors.Is(err, io.EOF) {
		return release, unread(err)
	}
	return release, nil
}

var (
	errBusy = &refusal{http.StatusTooManyRequests, &fault.Error{
		Code: fault.RateLimited, Message: "too many large requests at once", Hint: "send less at a time", RetryAfter: 2 * time.Second,
	}}
	errTooLong = &refusal{http.StatusRequestEntityTooLarge, fault.New(fault.BadUserInput, "the body is longer than 8 MiB").
			WithHint("send fewer records at a time")}
)

// unread tells why a body did not come whole.
func unread(err error) *refusal {
	var late net.Error
	if errors.As(err, &late) && late.Timeout() {
		return &refusal{http.StatusRequestTimeout, fault.New(fault.BadUserInput, "the body came too slowly")}
	}
	return bad("the body ended early")
}
