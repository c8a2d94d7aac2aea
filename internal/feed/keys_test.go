package feed_test

import (
	"context"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/onecdp/onecdp/internal/dbtest"
	"github.com/onecdp/onecdp/internal/feed"
	"github.com/onecdp/onecdp/internal/store"
)

func TestTheKeysOfEventsComeBack(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	var many []feed.EventKey
	for i := range 1000 {
		many = append(many, feed.EventKey{OccurredAt: time.UnixMicro(random.Int64N(1<<52) - 1<<51).UTC(), ID: int64(i) + random.Int64N(1<<40)})
	}
	cases := [][]feed.EventKey{
		nil,
		{{OccurredAt: time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC), ID: 1}, {OccurredAt: time.Date(9999, 12, 31, 23, 59, 59, 999999000, time.UTC), ID: 1<<62 + 1}},
		many,
	}
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		for i, keys := range cases {
			at, err := feed.Now(t.Context(), db)
			if err != nil {
				t.Fatal(err)
			}
			if err := db.WithTx(t.Context(), func(tx *store.Tx) error {
				return feed.Append(t.Context(), tx, []feed.Change{{Kinds: []feed.Kind{feed.Recorded}, Set: 1, Events: keys}})
			}); err != nil {
				t.Fatal(err)
			}
			changes, _, err := feed.Read(t.Context(), db, at, 10)
			if err != nil || len(changes) != 1 || !slices.Equal(changes[0].Events, keys) {
				t.Errorf("case %d: %v, %v", i, changes, err)
			}
		}
	})
}

// A reading is bounded by the events it carries, and can be repeated.
func TestAReadingIsBoundedAndComesAgain(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		start, err := feed.Now(t.Context(), db)
		if err != nil {
			t.Fatal(err)
		}
		for i := range 12 {
			change := feed.Change{Kinds: []feed.Kind{feed.Recorded}, Set: int64(i), Events: make([]feed.EventKey, i%5)}
			for j := range change.Events {
				change.Events[j] = feed.EventKey{OccurredAt: time.UnixMicro(int64(i)).UTC(), ID: int64(j)}
			}
			if err := db.WithTx(t.Context(), func(tx *store.Tx) error { return feed.Append(t.Context(), tx, []feed.Change{change}) }); err != nil {
				t.Fatal(err)
			}
		}
		now, err := feed.Now(t.Context(), db)
		if err != nil {
			t.Fatal(err)
		}
		var seen []int64
		for at := start.Until(now); at.Open(); {
			changes, next, err := feed.Read(t.Context(), db, at, 4)
			if err != nil {
				t.Fatal(err)
			}
			again(t, db, at, changes)
			events := 0
			for _, change := range changes {
				seen = append(seen, change.Set)
				events += len(change.Events)
			}
			if len(changes) > 4 || events > 4+4 {
				t.Errorf("%d changes with %d events at once", len(changes), events)
			}
			at = next
		}
		if !slices.Equal(seen, []int64{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}) {
			t.Errorf("%v", seen)
		}
	})
}

// again reads a reading once more, when more has been written.
func again(t *testing.T, db *store.DB, at feed.Position, changes []feed.Change) {
	t.Helper()
	if len(changes) == 0 {
		return
	}
	if err := write(db, 99, func() {}, func() {}); err != nil {
		t.Fatal(err)
	}
	repeated, err := feed.Again(context.Background(), db, at, changes[0].Number, changes[len(changes)-1].Number)
	if err != nil || len(repeated) != len(changes) {
		t.Fatalf("%d changes come again as %d, %v", len(changes), len(repeated), err)
	}
	for i := range changes {
		if repeated[i].Number != changes[i].Number || !slices.Equal(repeated[i].Events, changes[i].Events) {
			t.Errorf("%+v comes again as %+v", changes[i], repeated[i])
		}
	}
}
