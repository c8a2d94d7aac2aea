// Package otlp sends traces to an OpenTelemetry collector, over OTLP with HTTP. It is off unless the variables that OpenTelemetry
// fixes name a collector; then all of its other variables count too.
package otlp

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"strings"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	oteltrace "go.opentelemetry.io/otel/trace"

	"github.com/onecdp/onecdp/internal/trace"
)

// Tracer makes a span of each HTTP request, and sends it with those below it.
type Tracer struct {
	provider *sdk.TracerProvider
	tracer   oteltrace.Tracer
}

// Wanted says whether the environment names a collector.
func Wanted() bool {
	if strings.EqualFold(os.Getenv("OTEL_SDK_DISABLED"), "true") || os.Getenv("OTEL_TRACES_EXPORTER") == "none" {
		return false
	}
	return os.Getenv("OTEL_EXPORTER_OTLP_ENDPOINT") != "" || os.Getenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT") != ""
}

// Open readies a tracer as the environment says. It does not wait for the collector: what that does not take is lost, and the log
// says so. Version is this program's.
func Open(ctx context.Context, version string, log *slog.Logger) (*Tracer, error) {
	for _, name := range []string{"OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL"} {
		if protocol := os.Getenv(name); protocol != "" && protocol != "http/protobuf" {
			return nil, fmt.Errorf("%s is %s: traces are sent by http/protobuf alone", name, protocol)
		}
	}
	// The SDK has one place for the errors of what it does in the background, and prints them otherwise.
	failures := &Failures{Log: log}
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(err error) { failures.Failed(time.Now(), err) })) //nolint:forbidigo // an edge: the SDK tells no time
	exporter, err := otlptracehttp.New(ctx)
	if err != nil {
		return nil, fmt.Errorf("traces: %w", err)
	}
	// Not the process's command line, nor the machine: the one may hold a key, the other is the collector's to say.
	about, err := resource.New(ctx, resource.WithTelemetrySDK(),
		resource.WithAttributes(attribute.String("service.name", "onecdp"), attribute.String("service.version", version)), resource.WithFromEnv())
	if err != nil && !errors.Is(err, resource.ErrPartialResource) {
		return nil, errors.Join(fmt.Errorf("traces: %w", err), exporter.Shutdown(ctx))
	}
	provider := sdk.NewTracerProvider(sdk.WithBatcher(exporter), sdk.WithResource(about))
	return &Tracer{provider: provider, tracer: provider.Tracer(trace.Scope, oteltrace.WithInstrumentationVersion(version))}, nil
}

// Close sends what waits to be sent. It gives up when ctx ends.
func (t *Tracer) Close(ctx context.Context) error { return t.provider.Shutdown(ctx) }

// asked are the paths that machines ask for every few seconds.
var asked = map[string]bool{"/healthz": true, "/readyz": true, "/metrics": true}

// Begin begins the span of a request, below the caller's where its header traceparent names one. The header tracestate is left out:
// it may hold any text.
func (t *Tracer) Begin(r *http.Request) (ctx context.Context, end func(route, method string, status int)) {
	if asked[r.URL.Path] {
		return r.Context(), func(string, string, int) {}
	}
	ctx = r.Context()
	callers := oteltrace.SpanContextFromContext(propagation.TraceContext{}.Extract(ctx, propagation.HeaderCarrier(r.Header)))
	if callers.IsValid() {
		ctx = oteltrace.ContextWithRemoteSpanContext(ctx, callers.WithTraceState(oteltrace.TraceState{}))
	}
	ctx, span := t.tracer.Start(ctx, "HTTP", oteltrace.WithSpanKind(oteltrace.SpanKindServer))
	return ctx, func(route, method string, status int) {
		if _, path, found := strings.Cut(route, " "); found {
			route = path
		}
		span.SetName(strings.TrimSpace(method + " " + route))
		span.SetAttributes(attribute.String("http.request.method", method), attribute.String("http.route", route),
			attribute.Int("http.response.status_code", status))
		if status >= http.StatusInternalServerError {
			span.SetStatus(codes.Error, "")
		}
		span.End()
	}
}
