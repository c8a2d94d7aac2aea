// Package metrics shows what the server does in Prometheus' text format.
//
// A label's value is a word of the program, of the schema or of HTTP: never a text that a client chose, the name of a key or of an
// attribute, or anything about a person. So the number of series has a bound, and whoever may see the metrics learns of no one.
package metrics

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/onecdp/onecdp/internal/access"
	"github.com/onecdp/onecdp/internal/ingest"
	"github.com/onecdp/onecdp/internal/meter"
	"github.com/onecdp/onecdp/internal/oneid"
	"github.com/onecdp/onecdp/internal/store"
)

// Sources are those whose counters are shown. One that is nil is left out.
type Sources struct {
	Store  interface{ Stats() store.Stats }
	Ingest interface{ Stats() ingest.Stats }
	OneID  interface{ Stats() oneid.Stats }
	Access interface{ Stats() access.Stats }
}

// Metrics are those of one server. They observe HTTP and GraphQL as they are told, and read the counters of the services when asked.
type Metrics struct {
	registry *prometheus.Registry

	requests *prometheus.CounterVec   // route, method, status
	took     *prometheus.HistogramVec // route
	inFlight prometheus.Gauge

	operations    *prometheus.CounterVec   // operation_type, field, outcome
	executed      *prometheus.HistogramVec // operation_type, field
	subscriptions *prometheus.GaugeVec     // field
	sent          *prometheus.CounterVec   // field, outcome
}

// seconds are the bounds that durations of requests are counted by.
var seconds = []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60}

// New makes the metrics of a server.
func New(sources Sources) *Metrics {
	m := &Metrics{
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "onecdp_http_requests_total", Help: "HTTP requests answered, by route, method and class of status.",
		}, []string{"route", "method", "status"}),
		took: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "onecdp_http_request_duration_seconds", Help: "From a request's header to the end of its answer.", Buckets: seconds,
		}, []string{"route"}),
		inFlight: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "onecdp_http_requests_in_flight", Help: "HTTP requests that are being answered, open subscriptions included.",
		}),
		operations: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "onecdp_graphql_requests_total", Help: "GraphQL requests by kind of operation, root field and outcome: ok, canceled or the code of the error.",
		}, []string{"operation_type", "field", "outcome"}),
		executed: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "onecdp_graphql_request_duration_seconds", Help: "Queries and mutations that were executed, from reading to the finished answer.", Buckets: seconds,
		}, []string{"operation_type", "field"}),
		subscriptions: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "onecdp_graphql_subscriptions_open", Help: "Subscriptions that are open.",
		}, []string{"field"}),
		sent: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "onecdp_graphql_subscription_events_total", Help: "Events that subscriptions sent, by field and outcome.",
		}, []string{"field", "outcome"}),
	}
	m.registry.MustRegister(
		m.requests, m.took, m.inFlight, m.operations, m.executed, m.subscriptions, m.sent, services{sources}, buildInfo(),
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	)
	return m
}

// Handler answers /metrics. Who may ask is up to the routes.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{MaxRequestsInFlight: 4, Timeout: 10 * time.Second})
}

// Begin is told that a request came, and returns what is to be told of its answer.
func (m *Metrics) Begin(r *http.Request) (ctx context.Context, end func(route, method string, status int)) {
	watch := meter.Stopwatch()
	m.inFlight.Inc()
	return r.Context(), func(route, method string, status int) {
		m.inFlight.Dec()
		if _, path, found := strings.Cut(route, " "); found { // a pattern may begin with its method
			route = path
		}
		if route == "" {
			route = "none"
		}
		m.requests.WithLabelValues(route, method, strconv.Itoa(status/100)+"xx").Inc()
		m.took.WithLabelValues(route).Observe(watch())
	}
}

// Answered counts a GraphQL request that was executed.
func (m *Metrics) Answered(kind, field, outcome string, took time.Duration) {
	m.operations.WithLabelValues(kind, field, outcome).Inc()
	m.executed.WithLabelValues(kind, field).Observe(took.Seconds())
}

// Refused counts a GraphQL request that was not executed.
func (m *Metrics) Refused(kind, field, outcome string) {
	m.operations.WithLabelValues(kind, field, outcome).Inc()
}

// Subscribed counts a subscription, which is open until ended is called.
func (m *Metrics) Subscribed(field string) (ended func()) {
	m.operations.WithLabelValues("subscription", field, "ok").Inc()
	open := m.subscriptions.WithLabelValues(field)
	open.Inc()
	return open.Dec
}

// Sent counts an event that a subscription sent.
func (m *Metrics) Sent(field, outcome string) { m.sent.WithLabelValues(field, outcome).Inc() }
