package command

import (
	"context"
	"log/slog"
	"net"
	"runtime/debug"
	"time"

	"github.com/onecdp/onecdp/internal/assembly"
	"github.com/onecdp/onecdp/internal/metrics"
	"github.com/onecdp/onecdp/internal/otlp"
	"github.com/onecdp/onecdp/internal/web"
)

// flushTimeout is how long a server that stops waits for its last traces to be taken.
const flushTimeout = 5 * time.Second

// view is how a server is watched: its metrics, and its traces where the environment wants them.
type view struct {
	metrics *metrics.Metrics
	tracer  *otlp.Tracer // nil: nobody traces
}

func openView(ctx context.Context, services *assembly.Services, log *slog.Logger) (*view, error) {
	v := &view{metrics: metrics.New(metrics.Sources{Store: services.DB, Ingest: services.Ingest, OneID: services.OneID, Access: services.Access})}
	if !otlp.Wanted() {
		return v, nil
	}
	version := "unknown"
	if info, ok := debug.ReadBuildInfo(); ok {
		version = info.Main.Version
	}
	var err error
	v.tracer, err = otlp.Open(ctx, version, log)
	return v, err
}

// observers are those that are told of every request.
func (v *view) observers() []web.Observer {
	observers := []web.Observer{v.metrics}
	if v.tracer != nil {
		observers = append(observers, v.tracer)
	}
	return observers
}

// close sends the last traces. That a collector does not take them does not make stopping a failure.
func (v *view) close(ctx context.Context, log *slog.Logger) {
	if v.tracer == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), flushTimeout)
	defer cancel()
	if err := v.tracer.Close(ctx); err != nil {
		log.WarnContext(ctx, "the last traces are lost", "cause", err)
	}
}

// serveMetrics answers /metrics at an address of its own until stop is called. Without an address it does nothing.
func serveMetrics(ctx context.Context, addr string, v *view, log *slog.Logger) (stop func() error, err error) {
	if addr == "" {
		return func() error { return nil }, nil
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", addr)
	if err != nil {
		return nil, notListening(err, "--metrics-addr", addr)
	}
	log.InfoContext(ctx, "metrics", "url", "http://"+listener.Addr().String()+"/metrics")
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	ended := make(chan error, 1)
	go func() { ended <- web.ServeMetrics(ctx, listener, v.metrics.Handler(), log) }()
	return func() error {
		cancel()
		return <-ended
	}, nil
}
