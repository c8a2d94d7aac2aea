package oneid_test

import (
	"context"
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"github.com/onecdp/onecdp/internal/dbtest"
	"github.com/onecdp/onecdp/internal/oneid"
	"github.com/onecdp/onecdp/internal/store"
)

// TestTheAuditTellsTheVerdictOnEachLink plays random histories, and compares what the audit says of each link at the end with what
// graphs show.
func TestTheAuditTellsTheVerdictOnEachLink(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		past := newPast(t, db)
		rapid.Check(t, func(rt *rapid.T) {
			w := &witness{T: rt, past: past}
			w.empty()
			for range rapid.IntRange(1, 8).Draw(rt, "steps") {
				w.act()
			}
			w.compareVerdicts()
		})
	})
}

func (w *witness) compareVerdicts() {
	ctx := context.Background()
	rows, err := w.past.db.Query(ctx, "SELECT identity_id, other_id, kind, rule FROM audit_entries WHERE kind IN ('accepted', 'rejected', 'withdrawn') ORDER BY at, id")
	told := map[[2]int64]string{}
	_, err = store.Collect(rows, err, func(row store.Row, _ *struct{}) error {
		var pair [2]int64
		var kind, rule string
		err := row.Scan(&pair[0], &pair[1], &kind, &rule)
		if told[pair] = rule; kind == "withdrawn" {
			delete(told, pair)
		}
		return err
	})
	if err != nil {
		w.Fatal(err)
	}
	rows, err = w.past.db.Query(ctx, "SELECT id FROM customers")
	customers, err := store.Collect(rows, err, func(row store.Row, into *oneid.Row) error { return row.Scan(into) })
	if err != nil {
		w.Fatal(err)
	}
	graphs, err := w.past.Graph(ctx, customers)
	if err != nil {
		w.Fatal(err)
	}
	shown := map[[2]int64]string{}
	for _, graph := range graphs {
		for _, edge := range graph.Edges {
			if edge.Reason != "blocked" {
				shown[[2]int64{edge.A, edge.B}] = edge.Reason
			}
		}
	}
	names := w.past.numbers()
	for pair, reason := range shown {
		if told[pair] != reason {
			w.Errorf("%s - %s: the audit says %q, and it is %q", names[pair[0]], names[pair[1]], told[pair], reason)
		}
	}
	for pair, reason := range told {
		if shown[pair] == "" {
			w.Errorf("%s - %s: the audit says %q, and there is no such link", names[pair[0]], names[pair[1]], reason)
		}
	}
	if w.Failed() {
		w.Fatal(fmt.Sprint(w.done))
	}
}
