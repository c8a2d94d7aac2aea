package live_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/onecdp/onecdp/internal/customer"
	"github.com/onecdp/onecdp/internal/feed"
	"github.com/onecdp/onecdp/internal/profile"
	"github.com/onecdp/onecdp/internal/store"
)

func TestWhatWasStoredBeforeIsNotTold(t *testing.T) {
	each(t, quick(), func(t *testing.T, s *server) {
		s.take(did("before", "m1"))
		first := s.events(nil)
		s.take(did("between", "m1"), did("between", "m2"))
		second := s.events(nil) // while the hub reads already
		s.take(did("after", "m1"))
		if got := names(t, first, 3); !slices.Equal(got, []string{"between", "between", "after"}) {
			t.Errorf("the first was told %q", got)
		}
		if got := names(t, second, 1); !slices.Equal(got, []string{"after"}) {
			t.Errorf("the second was told %q", got)
		}
		silent(t, first)
		silent(t, second)
	})
}

func TestAnEventIsToldWithAllItHas(t *testing.T) {
	each(t, quick(), func(t *testing.T, s *server) {
		subscription := s.events(nil)
		s.take(map[string]any{
			"source": "shop", "channel": "store", "occurredAt": "2035-01-01T00:00:00.000001Z", // the future is told when it is stored
			"identities": []any{map[string]any{"type": "phone", "value": "13800000001"}},
			"event":      map[string]any{"name": "order", "properties": map[string]any{"sku": "a"}},
		})
		event := read(t, subscription, 1)[0]
		at := time.Date(2035, 1, 1, 0, 0, 0, 1000, time.UTC)
		if event.Name != "order" || event.Source != "shop" || event.Channel == nil || *event.Channel != "store" ||
			!event.OccurredAt.Equal(at) || string(event.Properties) == "" || event.Customer == 0 {
			t.Errorf("%+v", event)
		}
		owners, err := s.reader.ByEvents(t.Context(), []profile.EventKey{event.EventKey, {Set: event.Set + 1000}})
		if err != nil || owners[0] == nil || owners[0].Row != event.Customer || owners[1] != nil {
			t.Errorf("%+v, %v", owners, err)
		}
	})
}

func TestNamesChoose(t *testing.T) {
	each(t, quick(), func(t *testing.T, s *server) {
		none, some := s.events([]string{}), s.events([]string{"cafe\u0301", "order", "never", "\xff"})
		s.take(did("view", "m1"), did("café", "m1"), did("order", "m1"), did("view", "m2"))
		if got := names(t, some, 2); !slices.Equal(got, []string{"café", "order"}) {
			t.Errorf("%q", got)
		}
		silent(t, none)
		silent(t, some)
	})
}

func TestNobodysEventsAreNotTold(t *testing.T) {
	each(t, quick(), func(t *testing.T, s *server) {
		subscription := s.events(nil)
		s.take(map[string]any{"identities": []any{map[string]any{"type": "phone", "value": "1"}}, "event": map[string]any{"name": "lost"}}, did("kept", "m1"))
		if got := names(t, subscription, 1); !slices.Equal(got, []string{"kept"}) {
			t.Errorf("%q", got)
		}
	})
}

// The sets differ, the customer is the same: their rows in the feed must not order the events by set.
func TestTheEventsOfACustomerKeepTheOrderOfTheirBatch(t *testing.T) {
	each(t, quick(), func(t *testing.T, s *server) {
		subscription := s.events(nil)
		s.take(did("0", "m1", "m2"), did("1", "m1"), did("2", "m2"), did("3", "m1"), did("4", "m1", "m2"), did("5", "m1"), did("6", "m1"))
		if got := names(t, subscription, 7); !slices.IsSorted(got) {
			t.Errorf("%q", got)
		}
	})
}

func TestMergesAreTold(t *testing.T) {
	each(t, quick(), func(t *testing.T, s *server) {
		merges, err := s.hub.Merges(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		events := s.events([]string{"meet"})
		s.take(did("a", "m1"), did("b", "m2"), did("c", "m3"))
		s.take(did("meet", "m1", "m2"))
		s.take(did("meet", "m3", "m2"))
		told := read(t, merges, 2)
		owners, err := s.reader.ByHandles(t.Context(), []profile.Handle{told[0].Survivor, told[0].Merged, told[1].Merged})
		if err != nil || owners[0] == nil || owners[0].Row != owners[1].Row || owners[0].Row != owners[2].Row || told[0].Reason == "" {
			t.Errorf("%+v, %+v, %v", told, owners, err)
		}
		if told := read(t, events, 2); told[1].Customer != owners[0].Row {
			t.Errorf("the event is %d's, want %d's", told[1].Customer, owners[0].Row)
		}
		silent(t, merges)
	})
}

// A transaction that began first and commits last is told when it commits, and holds nobody up until then.
func TestATransactionIsToldHoweverLateItCommits(t *testing.T) {
	each(t, quick(), func(t *testing.T, s *server) {
		s.take(did("known", "m1"))
		subscription := s.events(nil)
		s.take(did("seen", "m1"))
		seen := read(t, subscription, 1)[0]

		started, release, ended := make(chan struct{}), make(chan struct{}), make(chan error)
		go func() {
			ended <- s.db.WithTx(t.Context(), func(tx *store.Tx) error { return addLate(tx, seen, started, release) })
		}()
		<-started
		if !s.db.Dialect().OneWriter() {
			s.take(did("quick", "m1"))
			if got := names(t, subscription, 1); !slices.Equal(got, []string{"quick"}) {
				t.Errorf("%q", got)
			}
			for i := range 20 { // the hub goes on
				s.take(did(fmt.Sprint(i), "m2"))
			}
			if got := len(names(t, subscription, 20)); got != 20 {
				t.Errorf("%d told", got)
			}
		}
		silent(t, subscription)
		close(release)
		if err := <-ended; err != nil {
			t.Fatal(err)
		}
		if got := read(t, subscription, 1)[0]; got.ID != seen.ID+1_000_000 {
			t.Errorf("%+v", got)
		}
		silent(t, subscription)
	})
}

// addLate stores an event like another, as ingest does, and waits before it lets the transaction commit.
func addLate(tx *store.Tx, like *profile.Event, started chan<- struct{}, release <-chan struct{}) error {
	key := feed.EventKey{OccurredAt: like.OccurredAt, ID: like.ID + 1_000_000}
	if _, err := tx.Exec(context.Background(), "INSERT INTO events (set_id, occurred_at, id, received_at, name_id, source_id, properties)"+
		" SELECT set_id, occurred_at, $1, received_at, name_id, source_id, properties FROM events WHERE set_id = $2 AND id = $3", key.ID, like.Set, like.ID); err != nil {
		return err
	}
	err := feed.Append(context.Background(), tx, []feed.Change{{Kinds: []feed.Kind{feed.Recorded}, Set: like.Set, Events: []feed.EventKey{key}}})
	close(started)
	<-release
	return err
}

func TestAnEventThatWasMovedByAMergeIsTheSurvivors(t *testing.T) {
	limits := quick()
	limits.Kept = 1
	each(t, limits, func(t *testing.T, s *server) {
		s.take(did("a", "m1"))
		subscription := s.events([]string{"b"})
		s.take(did("b", "m2"))
		s.take(did("c", "m1", "m2"))
		event := read(t, subscription, 1)[0]
		owners, err := s.reader.ByEvents(t.Context(), []profile.EventKey{event.EventKey})
		if err != nil || owners[0] == nil || owners[0].Row == customer.Row(0) {
			t.Errorf("%v, %v", owners, err)
		}
	})
}
