package onebench

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/onecdp/onecdp/internal/identity"
	"github.com/onecdp/onecdp/internal/oneid"
	"github.com/onecdp/onecdp/internal/store"
)

const mergePairs = 7 // of which the fastest is told: what else the machine does only ever adds to it

// unbounded is a type of which a customer may hold any number.
const unbounded = "badge"

// side is one of two customers who are to be merged.
type side struct {
	name               string
	identities, events int
}

// BenchmarkMerge measures how long it takes to merge two customers, by a record and by hand, and to take them apart again: by the events of
// both, and by their identities, each of which was shown by a record of its own together with the strongest. Each figure is the fastest of pairs that
// are alike, in a database that holds all of them.
func BenchmarkMerge(b *testing.B) {
	for _, events := range []int{10, 1_000, 100_000} {
		b.Run(fmt.Sprintf("events=%d", events), func(b *testing.B) {
			compareMerges(b, side{"left", 2, events}, side{"right", 2, events})
		})
	}
	for _, sizes := range [][2]int{{2, 2}, {10, 2}, {100, 2}, {500, 2}, {10, 10}, {100, 100}, {500, 500}} {
		b.Run(fmt.Sprintf("identities=%d+%d", sizes[0], sizes[1]), func(b *testing.B) {
			compareMerges(b, side{"left", sizes[0], 10}, side{"right", sizes[1], 10})
		})
	}
}

func compareMerges(b *testing.B, left, right side) {
	h := enter(b, 5_000)
	if _, job, err := h.OneID.DefineType(b.Context(), oneid.TypeChange{
		Name: unbounded, Strength: new(identity.Strong), Priority: new(4.5),
	}, "bench"); err != nil {
		b.Fatal(err)
	} else if job != 0 {
		if _, err := h.Jobs.Wait(b.Context(), job, time.Minute); err != nil {
			b.Fatal(err)
		}
	}
	for pair := range 2 * (mergePairs + 1) {
		h.people(pair, left)
		h.people(pair, right)
	}
	h.fill(left.events)
	h.settle()
	took := map[string][]float64{}
	measure := func(what string, warm bool, do func() error) {
		before := time.Now()
		if err := do(); err != nil {
			b.Fatal(what, ": ", err)
		}
		if !warm {
			took[what] = append(took[what], float64(time.Since(before).Microseconds())/1000)
		}
	}
	by := oneid.Author{Name: "bench"}
	for b.Loop() { // what follows is measured once: a merge cannot be had twice
	}
	for pair := range 2 * (mergePairs + 1) {
		var merge int64
		if pair%2 == 0 {
			measure("record", pair < 2, func() error {
				return h.take(b.Context(), []map[string]any{record(start.AddDate(0, 1, 0), "", badge(pair, left, 0), badge(pair, right, 0))})
			})
			merge = h.number("SELECT max(id) FROM merges WHERE undone_at IS NULL")
			measure("unmerge-record", pair < 2, func() error { _, err := h.OneID.Unmerge(b.Context(), merge, by); return err })
			continue
		}
		measure("by-hand", pair < 2, func() error {
			outcome, err := h.OneID.MergeCustomers(b.Context(), h.holder(pair, left), h.holder(pair, right), by)
			merge = outcome.Merge
			return err
		})
		measure("unmerge-by-hand", pair < 2, func() error { _, err := h.OneID.Unmerge(b.Context(), merge, by); return err })
	}
	b.ReportMetric(0, "ns/op")
	for what, all := range took {
		b.ReportMetric(slices.Min(all), what+"-ms")
	}
}

// people makes a customer.
func (h *house) people(pair int, s side) {
	h.Helper()
	var records []map[string]any
	for i := 1; i < s.identities; i++ {
		r := record(start.Add(time.Duration(pair)*time.Minute), "visited", badge(pair, s, 0), badge(pair, s, i))
		r["attributes"] = map[string]any{"name": fmt.Sprint(s.name, pair), "city": "Shanghai", "level": i}
		records = append(records, r)
	}
	h.send(records)
}

func badge(pair int, s side, i int) map[string]any {
	return claim(unbounded, fmt.Sprintf("%s-%d-%d", s.name, pair, i))
}

// holder is the customer of a side.
func (h *house) holder(pair int, s side) oneid.Handle {
	h.Helper()
	key := identity.Identity{Type: unbounded, Value: fmt.Sprintf("%s-%d-0", s.name, pair)}.Key()
	return oneid.Handle(h.number("SELECT c.public_id FROM identities i JOIN customers c ON c.id = i.customer_id WHERE i.key = $1", key[:]))
}

// fill gives every customer that many events, and one statement of an attribute for every tenth, under the first of its sets: rows as ingestion
// writes them, all at once.
func (h *house) fill(events int) {
	h.Helper()
	for first := range h.sets() {
		supply, err := h.DB.ReserveIDs(h.Context(), events)
		if err != nil {
			h.Fatal(err)
		}
		from := supply.Next()
		if err := h.DB.WithTx(h.Context(), func(tx *store.Tx) error {
			for _, statement := range []string{
				`INSERT INTO records (source_id, message_id, id, set_id, occurred_at, received_at, digest, quiet)
				SELECT 1, 'own' || $1::bigint + n, $1::bigint + n, $2::bigint, timestamptz '2025-01-01' + n * interval '3 minutes', now(), 0, false FROM generate_series(0, $3::bigint - 1) AS n`,
				`INSERT INTO events (set_id, occurred_at, id, received_at, name_id, source_id, amount, properties)
				SELECT $2::bigint, timestamptz '2025-01-01' + n * interval '3 minutes', $1::bigint + n, now(), 1, 1, 1000000, '{"sku":"sku-17"}' FROM generate_series(0, $3::bigint - 1) AS n`,
				`INSERT INTO observations (set_id, attribute_id, observed_at, record_id, source_id, value)
				SELECT $2::bigint, 1, timestamptz '2024-01-01' + n * interval '3 minutes', $1::bigint + n, 1, '"x"' FROM generate_series(0, $3::bigint - 1, 10) AS n`,
			} {
				if _, err := tx.Exec(h.Context(), statement, from, first, int64(events)); err != nil {
					return fmt.Errorf("%s: %w", strings.Fields(statement)[2], err)
				}
			}
			return nil
		}); err != nil {
			h.Fatal(err)
		}
	}
}

// sets lists the first set of each customer.
func (h *house) sets() map[int64]bool {
	h.Helper()
	rows, err := h.direct.QueryContext(h.Context(), "SELECT min(set_id) FROM set_owners GROUP BY customer_id")
	found := map[int64]bool{}
	_, err = store.Collect(rows, err, func(row store.Row, _ *struct{}) error {
		var id int64
		err := row.Scan(&id)
		found[id] = true
		return err
	})
	if err != nil {
		h.Fatal(err)
	}
	return found
}
