// Package onebench measures what deciding who is who costs: for records that show nothing new, for merges, and for a load like that of a shop.
// What it is compared with stands in the same run.
package onebench

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"runtime/debug"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/onecdp/onecdp/internal/assembly"
	"github.com/onecdp/onecdp/internal/dbtest"
	"github.com/onecdp/onecdp/internal/store"
)

const (
	connections = 16
	batch       = 1000 // the most that one request may have
)

// house is the product over a PostgreSQL database of its own, and a way into that database beside it.
type house struct {
	testing.TB
	*assembly.Services

	direct *sql.DB
}

// enter opens a new database whose customers may hold that many identities.
func enter(b *testing.B, mostIdentities int) *house {
	b.Helper()
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(400) // as main does
	}
	databaseURL := dbtest.PostgresWorld(b, "onebench", "empty", func(string) error { return nil })
	settings := assembly.Defaults()
	settings.OneID.MaxIdentities = mostIdentities
	services, err := assembly.New(b.Context(), dbtest.Open(b, databaseURL), settings)
	if err != nil {
		b.Fatal(err)
	}
	direct, err := sql.Open("postgres", databaseURL+"&plan_cache_mode=force_generic_plan&jit=off")
	if err != nil {
		b.Fatal(err)
	}
	direct.SetMaxOpenConns(connections)
	direct.SetMaxIdleConns(connections)
	b.Cleanup(func() { _ = direct.Close() })
	return &house{b, services, direct}
}

// send ingests records in batches; all of each must count.
func (h *house) send(records []map[string]any) {
	h.Helper()
	for some := range slices.Chunk(records, batch) {
		if err := h.take(h.Context(), some); err != nil {
			h.Fatal(err)
		}
	}
}

// take ingests a batch; that a record is not accepted as it is is an error.
func (h *house) take(ctx context.Context, records []map[string]any) error {
	results, err := h.Ingest.Ingest(ctx, records, nil)
	if err != nil {
		return err
	}
	for _, result := range results {
		if result.Fault != nil {
			return result.Fault
		}
		if result.Status != "ACCEPTED" {
			return fmt.Errorf("a record is %s", result.Status)
		}
	}
	return nil
}

// run runs a statement beside the product.
func (h *house) run(statement string, args ...any) {
	h.Helper()
	if _, err := h.direct.ExecContext(h.Context(), statement, args...); err != nil {
		h.Fatal(statement, ": ", err)
	}
}

// number asks for one number.
func (h *house) number(query string, args ...any) int64 {
	h.Helper()
	var n int64
	if err := h.direct.QueryRowContext(h.Context(), query, args...).Scan(&n); err != nil {
		h.Fatal(query, ": ", err)
	}
	return n
}

// settle leaves the database as one that has been used for a while.
func (h *house) settle() { h.run("VACUUM ANALYZE") }

// claim is an identity as a record names it.
func claim(typ, value string) map[string]any { return map[string]any{"type": typ, "value": value} }

func scoped(typ, scope, value string) map[string]any {
	return map[string]any{"type": typ, "scope": scope, "value": value}
}

// record is one with an event or, where the name is "", without.
func record(at time.Time, event string, claims ...any) map[string]any {
	r := map[string]any{"source": "shop", "identities": claims, "occurredAt": at.Format(time.RFC3339Nano)}
	if event != "" {
		r["event"] = map[string]any{"name": event, "properties": map[string]any{"sku": "sku-17", "page": "home"}}
	}
	return r
}

// errDone ends a client that has nothing more to do.
var errDone = errors.New("done")

// together has clients do something again and again, each as often as it can, for a while. Each call tells how many records it was about.
func (h *house) together(clients int, length time.Duration, do func(ctx context.Context, client int) (records int, err error)) load {
	h.Helper()
	before, start := h.used(), time.Now()
	counts, errs := make([]int, clients), make([]error, clients)
	var group sync.WaitGroup
	for client := range clients {
		group.Go(func() {
			for time.Since(start) < length && errs[client] == nil {
				var n int
				n, errs[client] = do(h.Context(), client)
				counts[client] += n
			}
		})
	}
	group.Wait()
	done := load{took: time.Since(start)}
	after := h.used()
	done.used = processors{after.program - before.program, after.database - before.database}
	for _, n := range counts {
		done.records += n
	}
	for i, err := range errs {
		if errors.Is(err, errDone) {
			errs[i] = nil
		}
	}
	if err := errors.Join(errs...); err != nil {
		h.Fatal(err)
	}
	return done
}

// compare tells what two loads did that took turns: of the product, and of what it is compared with.
func compare(b *testing.B, product, floor []load, of string) {
	b.Helper()
	metric := func(name string, loads []load, value func(load) float64) {
		all := make([]float64, len(loads))
		for i, one := range loads {
			all[i] = value(one)
		}
		b.ReportMetric(median(all), name)
	}
	b.ReportMetric(0, "ns/op")
	for prefix, loads := range map[string][]load{"": product, of + "-": floor} {
		metric(prefix+"records/s", loads, load.rate)
		metric(prefix+"go-us", loads, func(l load) float64 { program, _ := l.micros(); return program })
		metric(prefix+"pg-us", loads, func(l load) float64 { _, database := l.micros(); return database })
	}
	ratios, work := make([]float64, len(floor)), make([]float64, len(floor))
	for i := range floor {
		ratios[i], work[i] = product[i].rate()/floor[i].rate(), floor[i].work()/product[i].work()
	}
	b.ReportMetric(median(ratios), "ratio")
	b.ReportMetric(median(work), "cpu-ratio")
	b.Logf("of the rounds: rate %.3f, cpu %.3f", ratios, work)
}

func median(of []float64) float64 {
	sorted := slices.Sorted(slices.Values(of))
	return sorted[len(sorted)/2]
}

var start = time.Date(2025, time.January, 1, 0, 0, 0, 0, time.UTC)

// retries is how often transactions have begun again.
func retries(db *store.DB) int64 { return db.Stats().Retries }
