package web

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
)

// Observer is told of every request.
type Observer interface {
	// Begin is told that a request came. The request goes on in the context it returns, which follows from the request's own; end
	// is called with the answer: by route, as the server knows it, never by path.
	Begin(r *http.Request) (ctx context.Context, end func(route, method string, status int))
}

// observed tells the observers of a request. It returns the request to go on with, and what to call with the answer.
func (s *Server) observed(r *http.Request) (*http.Request, func(status int)) {
	ends := make([]func(route, method string, status int), len(s.observers))
	for i, observer := range s.observers {
		ctx, end := observer.Begin(r)
		if ctx != r.Context() {
			r = r.WithContext(ctx)
		}
		ends[i] = end
	}
	return r, func(status int) {
		for _, end := range ends {
			end(r.Pattern, method(r), status)
		}
	}
}

// ServeMetrics answers /metrics, and nothing else, on a listener of its own, without a key, until ctx ends: it is for those who have no key
// and whom only the network lets in.
func ServeMetrics(ctx context.Context, listener net.Listener, metrics http.Handler, log *slog.Logger) error {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", metrics)
	server := &http.Server{
		Handler: hardened(mux), ReadHeaderTimeout: headerTimeout, ReadTimeout: headerTimeout, WriteTimeout: answerTimeout, IdleTimeout: idleTimeout,
		MaxHeaderBytes: maxHeader, ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
	end := context.AfterFunc(ctx, func() { _ = server.Close() }) // a scrape that is cut off comes again
	defer end()
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}
