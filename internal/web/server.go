// Package web is the HTTP server: routes, health, keys, limits, and GraphiQL. What GraphQL means is
// its handler's business; every refusal before it has GraphQL's shape too.
package web

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/onecdp/onecdp/internal/access"
	"github.com/onecdp/onecdp/internal/fault"
)

// How long the server waits, so that nobody can hold a connection for nothing.
const (
	headerTimeout = 10 * time.Second
	bodyTimeout   = 20 * time.Second // who takes a long body gives it longer
	answerTimeout = 2 * time.Minute  // whole, with the minute that a query may take; streams give each message its own
	idleTimeout   = 2 * time.Minute
	stopTimeout   = time.Minute     // what was accepted is finished, but not for ever
	closeTimeout  = 3 * time.Second // for the other ends of what stays open
	checkTimeout  = 5 * time.Second

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

// Streams are connections that stay open: they end when they are told to, not by themselves.
type Streams interface {
	// Shutdown ends them all and returns when they have ended, or with ctx.
	Shutdown(ctx context.Context) error
}

// Options is what a server is made of.
type Options struct {
	GraphQL     http.Handler // gets requests with a caller in their context (access.FromContext), WebSockets with a door (access.DoorFrom)
	Streams     Streams      // what GraphQL keeps open; nil: nothing
	SDL         string       // what /schema.graphql shows
	Keys        Keys
	Sessions    Sessions
	PageSession bool     // sign in whoever opens the page on this machine
	Origins     []string // whose pages may call /graphql; "*": anyone's
	Database    Database
	Metrics     http.Handler // what /metrics shows; nil: there is no such route
	Picture     Picture      // what /customers/{id}/graph.svg shows; nil: there is no such route
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
	streams     Streams
	recent      *recentAnswers
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
		streams: options.Streams, recent: &recentAnswers{bySecret: map[string]*recentAnswer{}},
	}
	mux := http.NewServeMux()
	mux.Handle("/graphql", s.crossOrigin(s.atTheDoor(options.GraphQL)))
	mux.Handle("GET /schema.graphql", s.signedIn(s.scoped(mayRead, schema(options.SDL))))
	mux.HandleFunc("GET /{$}", s.servePage)
	mux.HandleFunc("GET /assets/", page.serveAsset)
	mux.HandleFunc("/healthz", s.healthz)
	mux.HandleFunc("/readyz", s.readyz)
	if options.Metrics != nil {
		mux.Handle("GET /metrics", s.signedIn(s.scoped(mayRead, options.Metrics)))
	}
	if options.Picture != nil {
		mux.Handle("GET /customers/{id}/graph.svg", s.signedIn(s.scoped(mayRead, s.picture(options.Picture))))
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
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			s.endStreams(deadline)
		}()
		err := server.Shutdown(deadline) // which does not wait for WebSockets
		<-ended
		stopped <- err
	}()
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	if err := <-stopped; err != nil {
		return errors.Join(errors.New("some requests were not finished in time"), server.Close())
	}
	return nil
}

// endStreams ends what stays open. The program may end before a client has said goodbye.
func (s *Server) endStreams(ctx context.Context) {
	if s.streams == nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, closeTimeout)
	defer cancel()
	if err := s.streams.Shutdown(ctx); err != nil {
		s.log.InfoContext(ctx, "some connections were cut off", "cause", err)
	}
}

// hardening is what every answer says to browsers. The lists are shared by all answers: nobody changes them.
var hardening = http.Header{
	"X-Content-Type-Options":       {"nosniff"},
	"X-Frame-Options":              {"DENY"},
	"Referrer-Policy":              {"no-referrer"},
	"Cross-Origin-Opener-Policy":   {"same-origin"},
	"Cross-Origin-Resource-Policy": {"same-origin"},
}

// hardened says hardening with every answer.
func hardened(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		maps.Copy(w.Header(), hardening)
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
