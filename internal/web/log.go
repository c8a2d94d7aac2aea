package web

import (
	"context"
	"crypto/rand"
	"log/slog"
	"net/http"
	"regexp"
	"runtime/debug"
	"time"

	"github.com/onecdp/onecdp/internal/fault"
	"github.com/onecdp/onecdp/internal/trace"
)

type requestKey struct{}

// request is what the log line of a request says beyond its answer.
type request struct {
	id  string
	key string // the caller's name; "" before it signs in
}

// clientID is the form of ids that clients make: UUIDs, 32 hexadecimal digits (a trace's), and 26 capitals and digits (ULIDs). Other texts could
// say something, and ids are logged.
var clientID = regexp.MustCompile(`^(?:[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|[0-9a-fA-F]{32}|[0-9A-Z]{26})$`)

// idOf is the id that the client gave its request, or a new one.
func idOf(r *http.Request) string {
	if id := r.Header.Get("X-Request-Id"); len(id) >= 26 && clientID.MatchString(id) {
		return id
	}
	return rand.Text()
}

func requestID(ctx context.Context) string {
	if r, ok := ctx.Value(requestKey{}).(*request); ok {
		return r.id
	}
	return ""
}

func noteCaller(ctx context.Context, name string) {
	if r, ok := ctx.Value(requestKey{}).(*request); ok {
		r.key = name
	}
}

// logged writes one line per request: what was asked for by route, never by path, query or body, which may
// hold personal data. It gives each request an id, and turns a panic into an answer.
func (s *Server) logged(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		started, about := time.Now(), &request{id: idOf(r)}
		ctx, outcome := trace.WithOutcome(context.WithValue(r.Context(), requestKey{}, about))
		r = r.WithContext(ctx)
		r, ended := s.observed(r)
		w.Header().Set("X-Request-Id", about.id)
		answer := &recorder{ResponseWriter: w}
		defer func() {
			cause, abort := recover(), false
			if cause != nil {
				abort = answer.status != 0 // what was sent is not whole: end the connection
				s.log.ErrorContext(r.Context(), "panic", "request", about.id, "cause", kindOf(cause), "stack", string(debug.Stack()))
				if !abort {
					refuse(answer, r, http.StatusInternalServerError, fault.New(fault.Internal, "internal error"))
				}
			}
			ended(answer.code())
			level := slog.LevelInfo
			if quiet[r.Pattern] {
				level = slog.LevelDebug
			}
			s.log.LogAttrs(r.Context(), level, "request", slog.String("request", about.id), slog.String("method", method(r)),
				slog.String("route", r.Pattern), slog.Int("status", answer.code()), slog.Float64("took_ms", float64(time.Since(started).Microseconds())/1000),
				slog.Int64("bytes", answer.bytes), slog.String("key", about.key), said(outcome))
			if abort {
				panic(http.ErrAbortHandler)
			}
		}()
		next.ServeHTTP(answer, r)
	})
}

// said is what became of a request and how its connection was closed, where somebody said so.
func said(outcome *trace.Outcome) slog.Attr {
	var both []any
	word, closed := outcome.Said()
	if word != "" && closed == "" { // many things may have become of what stayed open
		both = append(both, slog.String("outcome", word))
	}
	if closed != "" {
		both = append(both, slog.String("close", closed))
	}
	return slog.Group("", both...)
}

// quiet are the routes that machines ask for every few seconds.
var quiet = map[string]bool{"/healthz": true, "/readyz": true, "GET /metrics": true}

// kindOf describes a panic without its values.
func kindOf(cause any) string {
	if _, ok := cause.(interface{ RuntimeError() }); ok {
		return "runtime error"
	}
	return "panic"
}

// method is the request's method, or "other": clients may send any text.
func method(r *http.Request) string {
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return r.Method
	}
	return "other"
}

// recorder notes the status and the length of an answer.
type recorder struct {
	http.ResponseWriter
	status int
	bytes  int64
}

func (w *recorder) WriteHeader(status int) {
	if w.status == 0 && (status >= http.StatusOK || status == http.StatusSwitchingProtocols) {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *recorder) Write(data []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	n, err := w.ResponseWriter.Write(data)
	w.bytes += int64(n)
	return n, err
}

// Unwrap lets http.ResponseController reach the connection.
func (w *recorder) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// Flush is for handlers that stream without a ResponseController.
func (w *recorder) Flush() { _ = http.NewResponseController(w.ResponseWriter).Flush() }

func (w *recorder) code() int {
	if w.status == 0 {
		return http.StatusOK
	}
	return w.status
}
