package feed_test

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/onecdp/onecdp/internal/dbtest"
	"github.com/onecdp/onecdp/internal/feed"
	"github.com/onecdp/onecdp/internal/store"
)

// follow reads on until nothing new comes, and tells whose changes it saw.
func follow(t *testing.T, db *store.DB, from feed.Position, seen *[]int64) feed.Position {
	t.Helper()
	for {
		changes, next, err := feed.Read(context.Background(), db, from, 2)
		if err != nil {
			t.Fatal(err)
		}
		for _, change := range changes {
			*seen = append(*seen, change.Customer)
		}
		from = next
		if len(changes) == 0 {
			return from
		}
	}
}

func write(db *store.DB, customer int64, before, after func()) error {
	return db.WithTx(context.Background(), func(tx *store.Tx) error {
		before()
		defer after()
		return feed.Append(context.Background(), tx, []feed.Change{{Kinds: []feed.Kind{feed.Tagged}, Customer: customer}})
	})
}

// A transaction that drew its numbers first and commits last must not be missed.
func TestNoTransactionIsSkippedHoweverLateItCommits(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		nothing := func() {}
		if err := write(db, 1, nothing, nothing); err != nil {
			t.Fatal(err)
		}
		var seen []int64
		position := follow(t, db, feed.Position{}, &seen)

		started, release := make(chan struct{}), make(chan struct{})
		var writers sync.WaitGroup
		writers.Go(func() {
			if err := write(db, 2, nothing, func() { close(started); <-release }); err != nil {
				t.Error(err)
			}
		})
		<-started
		second := make(chan struct{})
		writers.Go(func() {
			defer close(second)
			if err := write(db, 3, nothing, nothing); err != nil {
				t.Error(err)
			}
		})
		select {
		case <-second:
		case <-time.After(300 * time.Millisecond): // with one writer it waits for the first
		}
		position = follow(t, db, position, &seen)
		close(release)
		writers.Wait()
		position = follow(t, db, position, &seen)
		follow(t, db, position, &seen)
		slices.Sort(seen)
		if !slices.Equal(seen, []int64{1, 2, 3}) {
			t.Errorf("the reader saw %v, want each of 1, 2, 3 once", seen)
		}
	})
}

func TestAPositionComesBackFromItsText(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		nothing := func() {}
		for i := range 5 {
			if err := write(db, int64(i+1), nothing, nothing); err != nil {
				t.Fatal(err)
			}
		}
		var seen []int64
		position := feed.Position{}
		for range 6 {
			again, err := feed.ParsePosition(position.String())
			if err != nil {
				t.Fatal(err)
			}
			changes, next, err := feed.Read(context.Background(), db, again, 2)
			if err != nil {
				t.Fatal(err)
			}
			for _, change := range changes {
				seen = append(seen, change.Customer)
			}
			position = next
		}
		if !slices.Equal(seen, []int64{1, 2, 3, 4, 5}) {
			t.Errorf("%v", seen)
		}
		if _, err := feed.ParsePosition("x"); err == nil {
			t.Error("any text is a position")
		}
	})
}
