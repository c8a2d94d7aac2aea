package feed_test

import (
	"strings"
	"testing"

	"github.com/onecdp/onecdp/internal/dbtest"
	"github.com/onecdp/onecdp/internal/feed"
	"github.com/onecdp/onecdp/internal/store"
)

// To look whether there is anything new must cost the same however long the feed is.
func TestALookAtALongFeedIsAProbeOfAnIndex(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		err := db.WithTx(t.Context(), func(tx *store.Tx) error {
			changes := make([]feed.Change, 5000)
			for i := range changes {
				changes[i] = feed.Change{Kinds: []feed.Kind{feed.Recorded}, Set: int64(i + 1)}
			}
			for range 4 {
				if err := feed.Append(t.Context(), tx, changes); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		before, err := feed.Now(t.Context(), db)
		if err != nil {
			t.Fatal(err)
		}
		if err := write(db, 1, func() {}, func() {}); err != nil {
			t.Fatal(err)
		}
		now, err := feed.Now(t.Context(), db)
		if err != nil {
			t.Fatal(err)
		}
		explain := "EXPLAIN "
		if db.Dialect().OneWriter() {
			explain = "EXPLAIN QUERY PLAN "
		}
		query, args := feed.Reading(db.Dialect(), before.Until(now), 500)
		rows, err := db.QueryFresh(t.Context(), explain+query, args...)
		plan, err := store.Collect(rows, err, func(row store.Row, line *string) error {
			if db.Dialect().OneWriter() {
				var n int
				return row.Scan(&n, &n, &n, line)
			}
			return row.Scan(line)
		})
		if err != nil {
			t.Fatal(err)
		}
		if text := strings.Join(plan, "\n"); strings.Contains(text, "Seq Scan") || strings.Contains(text, "SCAN changes") ||
			!strings.Contains(text, "change_tx_number") && !strings.Contains(text, "SEARCH changes USING INTEGER PRIMARY KEY") {
			t.Errorf("the plan is\n%s", text)
		}
	})
}
