package live_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/onecdp/onecdp/internal/fault"
	"github.com/onecdp/onecdp/internal/live"
	"github.com/onecdp/onecdp/internal/store"
)

func TestWhoReadsLateIsToldAllTheSame(t *testing.T) {
	limits := quick()
	limits.Kept = 1 // all but the newest page is read again
	each(t, limits, func(t *testing.T, s *server) {
		late, prompt := s.events(nil), s.events(nil)
		var want []string
		for i := range 20 {
			var batch []map[string]any
			for j := range 15 {
				want = append(want, fmt.Sprint(i*15+j))
				batch = append(batch, did(want[len(want)-1], fmt.Sprint("m", j%3)))
			}
			s.take(batch...)
			names(t, prompt, 15)
		}
		got := names(t, late, len(want))
		seen := map[string]bool{}
		for _, name := range got {
			seen[name] = true
		}
		if len(got) != len(want) || len(seen) != len(want) {
			t.Errorf("told %d, %d of them distinct, want %d", len(got), len(seen), len(want))
		}
		silent(t, late)
	})
}

func TestWhoIsHopelesslyBehindIsToldSo(t *testing.T) {
	limits := quick()
	limits.Behind = 3
	each(t, limits, func(t *testing.T, s *server) {
		idle, prompt := s.events(nil), s.events(nil)
		for i := range 6 {
			s.take(did(fmt.Sprint(i), "m1"))
			names(t, prompt, 1)
		}
		for range 2 {
			some, err := idle.Next(t.Context())
			var refusal *fault.Error
			if !errors.As(err, &refusal) || refusal.Code != fault.RateLimited {
				t.Errorf("%d, %v", len(some), err)
			}
		}
		s.take(did("more", "m1"))
		names(t, prompt, 1) // others go on
	})
}

func TestTheFeedIsReadWhileSomebodyFollows(t *testing.T) {
	each(t, quick(), func(t *testing.T, s *server) {
		for range 3 {
			ctx, leave := context.WithCancel(t.Context())
			subscription, err := s.hub.Events(ctx, nil)
			if err != nil || !s.hub.Reading() {
				t.Fatal(err)
			}
			leave()
			if _, err := subscription.Next(t.Context()); !errors.Is(err, context.Canceled) {
				t.Error(err)
			}
			eventually(t, func() bool { return !s.hub.Reading() })
			s.take(did("meanwhile", "m1"))
		}
		subscription := s.events(nil)
		s.take(did("now", "m1"))
		if got := names(t, subscription, 1); got[0] != "now" {
			t.Errorf("%q", got)
		}
	})
}

func TestADatabaseThatFailsLosesNothing(t *testing.T) {
	each(t, quick(), func(t *testing.T, s *server) {
		subscription := s.events(nil)
		s.take(did("before", "m1"))
		if got := names(t, subscription, 1); got[0] != "before" {
			t.Errorf("%q", got)
		}
		s.statement("ALTER TABLE events RENAME TO hidden")
		if err := s.tryToTake(did("lost", "m1")); err == nil {
			t.Fatal("stored without a table")
		}
		s.statement("ALTER TABLE event_names RENAME TO hidden_names", "ALTER TABLE hidden RENAME TO events")
		s.take(did("before", "m1"), did("before", "m2")) // a name this server knows
		s.statement("ALTER TABLE changes RENAME TO hidden")
		if _, err := s.hub.Events(t.Context(), nil); err == nil {
			t.Error("somebody joined a feed that cannot be read")
		}
		if !s.db.Dialect().OneWriter() {
			s.statement("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()")
		}
		time.Sleep(50 * time.Millisecond)
		s.statement("ALTER TABLE hidden RENAME TO changes", "ALTER TABLE hidden_names RENAME TO event_names")
		if got := names(t, subscription, 2); got[0] != "before" {
			t.Errorf("%q", got)
		}
		silent(t, subscription)
	})
}

func (s *server) statement(texts ...string) {
	s.t.Helper()
	for _, text := range texts {
		if err := s.db.WithTx(context.Background(), func(tx *store.Tx) error {
			_, err := tx.Exec(context.Background(), text)
			return err
		}); err != nil {
			s.t.Fatal(text, err)
		}
	}
}

func TestTheHubEndsWithTheServer(t *testing.T) {
	each(t, quick(), func(t *testing.T, s *server) {
		subscription := s.events(nil)
		ended := make(chan error)
		go func() {
			_, err := subscription.Next(context.Background())
			ended <- err
		}()
		s.hub.Close()
		var refusal *fault.Error
		if err := <-ended; !errors.As(err, &refusal) {
			t.Error(err)
		}
		if _, err := s.hub.Events(t.Context(), nil); !errors.As(err, &refusal) {
			t.Error(err)
		}
		s.hub.Close()
	})
}

func TestNobodyWaitsForADatabaseThatIsAway(t *testing.T) {
	each(t, live.Defaults(), func(t *testing.T, s *server) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := s.hub.Events(ctx, nil); err == nil {
			t.Error("joined when it was over")
		}
		eventually(t, func() bool { return !s.hub.Reading() })
	})
}

func eventually(t *testing.T, so func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !so(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("never so")
		}
	}
}
