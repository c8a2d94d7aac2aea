package profile_test

import (
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/onecdp/onecdp/internal/dbtest"
	"github.com/onecdp/onecdp/internal/page"
	"github.com/onecdp/onecdp/internal/profile"
	"github.com/onecdp/onecdp/internal/store"
)

func start(first int) page.Request { return profile.EventPages.Start(first) }

func wantEvents(t *testing.T, got []profile.Event, want ...int64) {
	t.Helper()
	if !slices.Equal(numbers(got), want) {
		t.Errorf("got %v, want %v", numbers(got), want)
	}
}

// eventful is a customer (row 1) with events in two sets and a neighbour (row 2) with one event.
func eventful(t *testing.T, db *store.DB) *world {
	t.Helper()
	w := newWorld(t, db)
	w.owner(10, 1)
	w.owner(11, 1)
	w.owner(20, 2)
	w.event(10, 1, "view", minute(1))
	w.event(10, 2, "purchase", minute(2))
	w.event(11, 3, "view", minute(2)) // at the same instant as 2
	w.event(10, 5, "login", minute(2))
	w.event(11, 6, "purchase", minute(3).Add(time.Microsecond))
	w.event(20, 7, "view", minute(2))
	return w
}

func TestEventsComeNewestFirstOverAllSets(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w := eventful(t, db)
		all := w.newest(1, profile.EventFilter{}, start(100))
		wantEvents(t, all.Items, 6, 5, 3, 2, 1)
		if all.HasNext || all.HasPrevious {
			t.Error("there is one page")
		}
		bought := all.Items[3]
		if bought.Name != "purchase" || bought.Source != "api" || bought.Channel == nil || *bought.Channel != "tmall" || *bought.Amount != 1_500_000 ||
			!bought.OccurredAt.Equal(minute(2)) || !bought.ReceivedAt.Equal(minute(2).Add(time.Second)) || bought.Customer != 1 || bought.Set != 10 {
			t.Errorf("got %+v", bought)
		}
		sameJSON(t, bought.Properties, `{"sku":"A"}`)
		if seen := all.Items[4]; seen.Channel != nil || seen.Amount != nil || seen.Name != "view" {
			t.Errorf("got %+v", seen)
		}
	})
}

func TestPagesOfEventsMeetEachOnce(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w := eventful(t, db)
		for size := 1; size <= 5; size++ {
			var met []int64
			request := start(size)
			for {
				got := w.newest(1, profile.EventFilter{}, request)
				met = append(met, numbers(got.Items)...)
				if len(got.Items) == 0 || len(got.Items) > size || got.HasNext != (len(met) < 5) {
					t.Fatalf("by %d: %v after %v, next %v", size, numbers(got.Items), met, got.HasNext)
				}
				if !got.HasNext {
					break
				}
				_, end := got.Ends()
				var err error
				if request, err = profile.EventPages.Read(&size, end, 20, nil); err != nil {
					t.Fatal(err)
				}
			}
			if !slices.Equal(met, []int64{6, 5, 3, 2, 1}) {
				t.Errorf("by %d: met %v", size, met)
			}
		}
	})
}

func TestEventsAreFiltered(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w := eventful(t, db)
		for name, c := range map[string]struct {
			filter profile.EventFilter
			want   []int64
		}{
			"by name":                {profile.EventFilter{Names: []string{"view"}}, []int64{3, 1}},
			"by two names":           {profile.EventFilter{Names: []string{"login", "purchase", "purchase"}}, []int64{6, 5, 2}},
			"by no name":             {profile.EventFilter{Names: []string{}}, nil},
			"by a name nobody uses":  {profile.EventFilter{Names: []string{"x' OR 1=1 --"}}, nil},
			"by no text at all":      {profile.EventFilter{Names: []string{"view\x00", "\xff", "login"}}, []int64{5}},
			"since, inclusive":       {profile.EventFilter{Since: new(minute(2))}, []int64{6, 5, 3, 2}},
			"since, just after":      {profile.EventFilter{Since: new(minute(2).Add(time.Nanosecond))}, []int64{6}},
			"until, exclusive":       {profile.EventFilter{Until: new(minute(2))}, []int64{1}},
			"until, just after":      {profile.EventFilter{Until: new(minute(2).Add(time.Nanosecond))}, []int64{5, 3, 2, 1}},
			"as of, inclusive":       {profile.EventFilter{AsOf: minute(2)}, []int64{5, 3, 2, 1}},
			"as of, a microsecond":   {profile.EventFilter{AsOf: minute(3)}, []int64{5, 3, 2, 1}},
			"as of before until":     {profile.EventFilter{AsOf: minute(2), Until: new(minute(9))}, []int64{5, 3, 2, 1}},
			"the wrong way round":    {profile.EventFilter{Since: new(minute(3)), Until: new(minute(2))}, nil},
			"a window and a name":    {profile.EventFilter{Names: []string{"view"}, Since: new(minute(2)), Until: new(minute(3))}, []int64{3}},
			"windows without an end": {profile.EventFilter{Since: new(time.Time{}), Until: new(time.Date(290_000, 1, 1, 0, 0, 0, 0, time.UTC))}, []int64{6, 5, 3, 2, 1}},
		} {
			wantEventsOf(t, name, w.newest(1, c.filter, start(100)).Items, c.want)
			if c.filter.AsOf.IsZero() {
				c.filter.AsOf = minute(1_000_000)
			}
			counts, err := w.reader.CountEvents(t.Context(), []profile.Row{1}, c.filter)
			if err != nil || counts[0] != len(c.want) {
				t.Errorf("%s: counted %v, %v", name, counts, err)
			}
		}
	})
}

func wantEventsOf(t *testing.T, name string, got []profile.Event, want []int64) {
	t.Helper()
	if !slices.Equal(numbers(got), want) {
		t.Errorf("%s: got %v, want %v", name, numbers(got), want)
	}
}

func TestEventsOfManyCustomersAreOneStatement(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w := eventful(t, db)
		w.newest(1, profile.EventFilter{}, start(1)) // the words are known from here on
		var statements atomic.Int64
		ctx := store.CountStatements(t.Context(), &statements)
		filter := profile.EventFilter{Names: []string{"view"}, AsOf: minute(99)}
		pages, err := w.reader.Events(ctx, []profile.Row{2, 3, 1, 2}, profile.EventQuery{EventFilter: filter, Request: start(1)})
		if err != nil || len(pages) != 4 {
			t.Fatalf("got %v, %v", pages, err)
		}
		wantEvents(t, pages[0].Items, 7)
		wantEvents(t, pages[1].Items)
		wantEvents(t, pages[2].Items, 3)
		wantEvents(t, pages[3].Items, 7)
		if !pages[2].HasNext || pages[0].HasNext {
			t.Error("only customer 1 has more")
		}
		if statements.Load() != 1 {
			t.Errorf("%d statements", statements.Load())
		}
		counts, err := w.reader.CountEvents(ctx, []profile.Row{2, 3, 1, 2}, filter)
		if err != nil || !slices.Equal(counts, []int{1, 0, 2, 1}) || statements.Load() != 2 {
			t.Errorf("counted %v, %v, %d statements", counts, err, statements.Load())
		}
	})
}

// A device changes hands: its set is one person's up to an instant and another's from then on.
func TestADeviceTakesOnlyItsOwnersEventsAlong(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db)
		w.ownership(30, 1, true, dawnTime, minute(5))
		w.ownership(30, 2, true, minute(5), minute(8))
		w.ownership(30, 1, true, minute(8), endless)
		w.owner(31, 2)
		for i := range 10 {
			w.event(30, int64(100+i), "view", minute(i))
		}
		w.event(31, 200, "view", minute(6))
		wantEvents(t, w.newest(1, profile.EventFilter{}, start(100)).Items, 109, 108, 104, 103, 102, 101, 100)
		wantEvents(t, w.newest(1, profile.EventFilter{}, start(3)).Items, 109, 108, 104)
		wantEvents(t, w.newest(2, profile.EventFilter{}, start(100)).Items, 107, 200, 106, 105)
		wantEvents(t, w.newest(2, profile.EventFilter{Since: new(minute(6))}, start(100)).Items, 107, 200, 106)
		counts, err := w.reader.CountEvents(t.Context(), []profile.Row{1, 2}, profile.EventFilter{AsOf: minute(99)})
		if err != nil || !slices.Equal(counts, []int{7, 4}) {
			t.Errorf("counted %v, %v", counts, err)
		}

		var keys []profile.EventKey
		for i := range 10 {
			keys = append(keys, profile.EventKey{Set: 30, OccurredAt: minute(i), ID: int64(100 + i)})
		}
		found, err := w.reader.EventsByKey(t.Context(), keys, minute(99))
		if err != nil {
			t.Fatal(err)
		}
		for i, want := range []profile.Row{1, 1, 1, 1, 1, 2, 2, 2, 1, 1} {
			if found[i] == nil || found[i].Customer != want || found[i].ID != keys[i].ID {
				t.Errorf("event %d: got %+v, want owner %d", i, found[i], want)
			}
		}
	})
}

func TestEventsAreFoundByTheirPlace(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w := eventful(t, db)
		w.event(40, 300, "view", minute(1)) // a set of dropped identities: nobody's
		found, err := w.reader.EventsByKey(t.Context(), []profile.EventKey{
			{Set: 20, OccurredAt: minute(2), ID: 7}, {Set: 20, OccurredAt: minute(3), ID: 7}, {Set: 10, OccurredAt: minute(2), ID: 7},
			{Set: 40, OccurredAt: minute(1), ID: 300}, {Set: 11, OccurredAt: minute(3).Add(time.Microsecond), ID: 6},
			{Set: 20, OccurredAt: time.UnixMicro(-1 << 62), ID: 7},
		}, minute(3))
		if err != nil {
			t.Fatal(err)
		}
		if found[0] == nil || found[0].Name != "view" || found[0].Customer != 2 {
			t.Errorf("got %+v", found[0])
		}
		if found[3] == nil || found[3].Customer != 0 {
			t.Errorf("nobody's: %+v", found[3])
		}
		for _, i := range []int{1, 2, 4, 5} {
			if found[i] != nil {
				t.Errorf("%d: found %+v", i, found[i])
			}
		}
	})
}
