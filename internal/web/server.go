// Package web is the HTTP server: routes, health, keys, limits, and GraphiQL. What GraphQL means is
// its handler's business; every refusal before it has GraphQL's shape too.
package web

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/onecdp/onecdp/internal/access"
	"github.com/onecdp/onecdp/internal/fault"
)

// How long the server waits, so that nobody can hold a connection for nothing.
const (
	headerTimeout  = 10 * time.Second
	bodyTimeout    = time.Minute // 8 MiB over a slow line
	answerTimeout  = 2 * time.Minute
	idleTimeout    = 2 * time.Minute
	requestTimeout = time.Minute // what a query may take
	stopTimeout    = time.Minute // what was accepted is finished, but not for ever
	checkTimeout   = 5 * time.Second

	maxHeader = 64 << 10 // bytes; GET carries queries
)

// Sessions makes the keys of pages opened on the server's own machine, as access.Service does.
type Sessions interface {
	NewSession(now time.Time, ttl time.Duration) (secret string)
}

// Database tells whether the server can work.
type Database interface {
	Ping(ctx context.Context) error
	Pending(ctx context.Context) (bool, error)
}

// Options is what a server is made of.
type Options struct {
	GraphQL     http.Handler // gets requests with a caller in their context, see access.FromContext
	SDL         string       // what /schema.graphql shows
	Keys        Keys
	Sessions    Sessions
	PageSession bool     // sign in whoever opens the page on this machine
	Origins     []string // whose pages may call /graphql; "*": anyone's
	Database    Database
	Metrics     http.Handler // what /metrics shows; nil: there is no such route
	Observers   []Observer   // told of every request
	Log         *slog.Logger
}

// Server is the HTTP server. It is not ready before Ready is called.
type Server struct {
	keys        Keys
	sessions    Sessions
	pageSession bool
	origins     []string
	database    Database
	observers   []Observer
	log         *slog.Logger
	page        *graphiQL
	handler     http.Handler

	ready, stopping, migrated atomic.Bool
}

// New makes a server.
func New(options Options) (*Server, error) {
	page, err := loadGraphiQL()
	if err != nil {
		return nil, err
	}
	s := &Server{
		keys: options.Keys, sessions: options.Sessions, pageSession: options.PageSession, origins: options.Origins,
		database: options.Database, log: options.Log, page: page, observers: options.Observers,
	}
	mux := http.NewServeMux()
	mux.Handle("/graphql", s.crossOrigin(s.signedIn(readable(limited(options.GraphQL)))))
	mux.Handle("GET /schema.graphql", s.signedIn(s.scoped(mayRead, schema(options.SDL))))
	mux.HandleFunc("GET /{$}", s.servePage)
	mux.HandleFunc("GET /assets/", page.serveAsset)
	mux.HandleFunc("/healthz", s.healthz)
	mux.HandleFunc("/readyz", s.readyz)
	if options.Metrics != nil {
		mux.Handle("GET /metrics", s.signedIn(s.scoped(mayRead, options.Metrics)))
	}
	mux.HandleFunc("/", notFound)
	s.handler = s.logged(hardened(mux))
	return s, nil
}

// Ready makes /readyz say yes, as long as the database is reached and migrated.
func (s *Server) Ready() { s.ready.Store(true) }

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }

// Serve answers on the listener until ctx ends. Then it accepts nothing more, finishes what it has
// accepted, and returns nil.
func (s *Server) Serve(ctx context.Context, listener net.Listener) error {
	server := &http.Server{
		Handler: s, ReadHeaderTimeout: headerTimeout, ReadTimeout: bodyTimeout, WriteTimeout: answerTimeout, IdleTimeout: idleTimeout,
		MaxHeaderBytes: maxHeader, ErrorLog: slog.NewLogLogger(s.log.Handler(), slog.LevelDebug),
		// A request is not cancelled by the signal that stops the server: it was accepted.
		BaseContext: func(net.Listener) context.Context { return context.WithoutCancel(ctx) },
	}
	stopped := make(chan error, 1)
	go func() {
		<-ctx.Done()
		s.stopping.Store(true)
		s.log.Info("stopping: no new requests, those that were accepted are finished")
		deadline, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTimeout)
		defer cancel()
		stopped <- server.Shutdown(deadline)
	}()
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	if err := <-stopped; err != nil {
		return errors.Join(errors.New("some requests were not finished in time"), server.Close())
	}
	return nil
}

// limited ends a query that takes too long.
func limited(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), requestTimeout)
		defer cancel()
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}

// hardened sets what every answer says to browsers.
func hardened(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		header := w.Header()
		header.Set("X-Content-Type-Options", "nosniff")
		header.Set("X-Frame-Options", "DENY")
		header.Set("Referrer-Policy", "no-referrer")
		header.Set("Cross-Origin-Opener-Policy", "same-origin")
		header.Set("Cross-Origin-Resource-Policy", "same-origin")
		next.ServeHTTP(w, r)
	})
}

func mayRead(ctx context.Context) error { return access.Require(ctx, access.Read) }

func schema(sdl string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		_, _ = w.Write([]byte(sdl))
	})
}

func notFound(w http.ResponseWriter, r *http.Request) {
	refuse(w, r, http.StatusNotFound, fault.New(fault.NotFound, "there is nothing here").WithHint("the API is at /graphql"))
}
