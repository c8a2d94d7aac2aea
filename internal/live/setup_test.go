package live_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/onecdp/onecdp/internal/dbtest"
	"github.com/onecdp/onecdp/internal/ingest"
	"github.com/onecdp/onecdp/internal/live"
	"github.com/onecdp/onecdp/internal/oneid"
	"github.com/onecdp/onecdp/internal/profile"
	"github.com/onecdp/onecdp/internal/store"
)

// patience is how long what must come may take on a busy machine.
const patience = 30 * time.Second

// server is one server over a database that others may use, too.
type server struct {
	t      *testing.T
	db     *store.DB
	ingest *ingest.Service
	reader *profile.Reader
	hub    *live.Hub
}

func newServer(t *testing.T, db *store.DB, limits live.Limits) *server {
	t.Helper()
	one, err := oneid.Open(t.Context(), db, oneid.Settings{Region: "CN", MaxIdentities: 500})
	if err != nil {
		t.Fatal(err)
	}
	reader := profile.New(db, one)
	s := &server{t: t, db: db, ingest: ingest.New(db, one), reader: reader, hub: live.New(db, reader, limits)}
	t.Cleanup(s.hub.Close)
	return s
}

// quick are limits that make much happen: small pages, frequent looks.
func quick() live.Limits {
	limits := live.Defaults()
	limits.Interval, limits.Page = 5*time.Millisecond, 7
	return limits
}

// each runs a test with one server.
func each(t *testing.T, limits live.Limits, run func(t *testing.T, s *server)) {
	t.Helper()
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) { run(t, newServer(t, db, limits)) })
}

// did is a record of an event of the person whose addresses are given.
func did(name string, addresses ...string) map[string]any {
	identities := make([]any, len(addresses))
	for i, address := range addresses {
		identities[i] = map[string]any{"type": "email", "value": address + "@example.com"}
	}
	return map[string]any{"identities": identities, "event": map[string]any{"name": name}}
}

// take takes records in, all of which must be new.
func (s *server) take(records ...map[string]any) {
	s.t.Helper()
	if err := s.tryToTake(records...); err != nil {
		s.t.Error(err)
	}
}

func (s *server) tryToTake(records ...map[string]any) error {
	results, err := s.ingest.Ingest(context.Background(), records, nil)
	for _, result := range results {
		if result.Status != ingest.Accepted {
			err = errors.Join(err, fmt.Errorf("%v: %w", result.Status, result.Fault))
		}
	}
	return err
}

func (s *server) events(names []string) *live.Subscription[*profile.Event] {
	s.t.Helper()
	subscription, err := s.hub.Events(s.t.Context(), names)
	if err != nil {
		s.t.Fatal(err)
	}
	return subscription
}

// names reads so many events and returns their names.
func names(t *testing.T, subscription *live.Subscription[*profile.Event], n int) []string {
	t.Helper()
	var all []string
	for _, event := range read(t, subscription, n) {
		all = append(all, event.Name)
	}
	return all
}

// read reads until so many have been told.
func read[T any](t *testing.T, subscription *live.Subscription[T], n int) []T {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	var all []T
	for len(all) < n {
		some, err := subscription.Next(ctx)
		if err != nil {
			t.Fatalf("after %d of %d: %v", len(all), n, err)
		}
		all = append(all, some...)
	}
	return all
}

// silent checks that nothing more is told.
func silent[T any](t *testing.T, subscription *live.Subscription[T]) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 150*time.Millisecond)
	defer cancel()
	if more, err := subscription.Next(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("told more: %d, %v", len(more), err)
	}
}
