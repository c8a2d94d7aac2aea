package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/netip"
	"slices"
	"syscall"

	"github.com/onecdp/onecdp/internal/access"
	"github.com/onecdp/onecdp/internal/assembly"
	"github.com/onecdp/onecdp/internal/doctor"
	"github.com/onecdp/onecdp/internal/picture"
	"github.com/onecdp/onecdp/internal/store"
	"github.com/onecdp/onecdp/internal/web"
	"github.com/onecdp/onecdp/schema"
)

// serveCommand serves.
type serveCommand struct {
	databaseSettings
	serverSettings
	meaningSettings
	logSettings
}

// Run serves until ctx ends.
func (c serveCommand) Run(ctx context.Context, streams Streams) error {
	return serve(ctx, streams, service{
		databaseURL: c.DatabaseURL, serverSettings: c.serverSettings, meaningSettings: c.meaningSettings, logSettings: c.logSettings,
	})
}

// service is a server that is to be run.
type service struct {
	serverSettings
	meaningSettings
	logSettings
	databaseURL string
	look        func(ctx context.Context) error                              // done before the database is opened; nil: nothing
	claim       func(ctx context.Context, db *store.DB) error                // done with the database before anything is written; nil: nothing
	fill        func(ctx context.Context, services *assembly.Services) error // done before the server is ready; nil: nothing
}

// serve runs a server until ctx ends: it stops accepting, finishes what it has accepted, and returns nil.
func serve(ctx context.Context, streams Streams, s service) (err error) {
	defer func() {
		if ctx.Err() != nil && errors.Is(err, context.Canceled) { // stopped while it was starting
			err = nil
		}
	}()
	settings, err := s.assembly(s.AdminKey)
	if err != nil {
		return err
	}
	limits, err := s.limits()
	if err != nil {
		return err
	}
	if err := errors.Join(s.check(), doctor.CheckDatabaseURL(s.databaseURL)); err != nil {
		return err
	}
	if s.look != nil {
		if err := s.look(ctx); err != nil {
			return err
		}
	}
	// First, so that a port in use is told before a key is made that would then not be shown.
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", s.Addr)
	if err != nil {
		return notListening(err, "--addr", s.Addr)
	}
	defer func() { _ = listener.Close() }() // the server has closed it, unless it never started
	log := s.logger(streams.Err)
	s.warn(log)
	db, err := openDatabase(ctx, s.databaseURL, log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if s.claim != nil {
		if err := s.claim(ctx, db); err != nil {
			return err
		}
	}
	services, err := assembly.New(ctx, db, settings)
	if err != nil {
		return err
	}
	defer services.Live.Close()
	defer background(ctx, services, log)()
	defer func() {
		if failure := services.Access.Close(context.WithoutCancel(ctx)); failure != nil {
			log.Warn("when keys were last used is not stored", "error", failure)
		}
	}()
	seen, err := openView(ctx, services, log)
	if err != nil {
		return err
	}
	defer seen.close(ctx, log)
	stopMetrics, err := serveMetrics(ctx, s.MetricsAddr, seen, log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stopMetrics()) }()
	graphQL := newGraphQL(services, limits, seen.metrics, log)
	server, err := web.New(web.Options{
		GraphQL: graphQL, Streams: graphQL, SDL: schema.Text(), Keys: services.Access, Sessions: services.Access,
		PageSession: s.PageSession, Origins: s.CORSOrigins, Database: db, Log: log,
		Metrics: seen.metrics.Handler(), Observers: seen.observers(),
		Picture: picture.New(services.OneID, services.Profile).Customer,
	})
	if err != nil {
		return err
	}
	secret, err := services.Access.FirstStart(ctx)
	if err != nil {
		return err
	}
	if err := tellOfAdminKey(ctx, streams.Out, services.Access, secret, s.AdminKey != ""); err != nil {
		return err
	}
	return run(ctx, streams.Out, listener, server, func(ctx context.Context) error {
		if s.fill == nil {
			return nil
		}
		return s.fill(ctx, services)
	})
}

// tellOfAdminKey shows the key that was made, or says how to make one where nobody has one.
func tellOfAdminKey(ctx context.Context, out io.Writer, keys *access.Service, secret string, given bool) error {
	if secret != "" {
		fmt.Fprintf(out, "Admin key, shown only now: %s\n", secret)
	}
	if secret != "" || given {
		return nil
	}
	all, err := keys.List(ctx)
	if err != nil {
		return err
	}
	now, taken := store.Now(), map[string]bool{}
	for _, key := range all {
		taken[key.Name] = true
		if key.RevokedAt == nil && (key.ExpiresAt == nil || now.Before(*key.ExpiresAt)) && slices.Contains(key.Scopes, access.Admin) {
			return nil
		}
	}
	name := "admin"
	for number := 2; taken[name]; number++ { // revoked keys keep their names
		name = fmt.Sprintf("admin%d", number)
	}
	fmt.Fprintf(out, "No admin key was made: there are keys already. onecdp key create %s --scopes admin makes one\n", name)
	return nil
}

// notListening says why a server cannot listen at an address, and what to do.
func notListening(err error, flag, addr string) error {
	_, port, _ := net.SplitHostPort(addr)
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return fmt.Errorf("%s is in use: another program listens there, perhaps another onecdp; end it, or choose another port with %s", addr, flag)
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("this user may not listen at port %s: choose one from 1024 on with %s", port, flag)
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return fmt.Errorf("%s is no address of this machine: use 127.0.0.1:%s, or :%s for all networks, with %s", addr, port, port, flag)
	}
	return fmt.Errorf("%s: %w", flag, err)
}

// run serves, and says that the server is ready when fill is done.
func run(ctx context.Context, out io.Writer, listener net.Listener, server *web.Server, fill func(ctx context.Context) error) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	ended := make(chan error, 1)
	go func() {
		defer stop() // a server that ended by itself ends the filling
		ended <- server.Serve(ctx, listener)
	}()
	if err := fill(ctx); err != nil && ctx.Err() == nil {
		stop()
		return errors.Join(err, <-ended)
	}
	if ctx.Err() == nil {
		server.Ready()
		fmt.Fprintf(out, "GraphiQL: %s  API: %sgraphql\n", address(listener), address(listener))
	}
	return <-ended
}

// address is the URL at which a person on this machine finds the server.
func address(listener net.Listener) string {
	bound, err := netip.ParseAddrPort(listener.Addr().String())
	if err == nil && bound.Addr().Unmap().IsUnspecified() {
		return fmt.Sprintf("http://localhost:%d/", bound.Port())
	}
	return "http://" + listener.Addr().String() + "/"
}
