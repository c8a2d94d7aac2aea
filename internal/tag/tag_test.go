package tag_test

import (
	"encoding/json"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/onecdp/onecdp/internal/dbtest"
	"github.com/onecdp/onecdp/internal/fault"
	"github.com/onecdp/onecdp/internal/feed"
	"github.com/onecdp/onecdp/internal/profile"
	"github.com/onecdp/onecdp/internal/store"
	"github.com/onecdp/onecdp/internal/tag"
)

func want(t *testing.T, got []string, wanted ...string) {
	t.Helper()
	if !slices.Equal(got, wanted) {
		t.Errorf("got %q, want %q", got, wanted)
	}
}

func TestATagIsSetReplacedAndTakenAway(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db)
		w.customer(1)
		w.customer(2)
		until := time.Date(2031, 1, 1, 0, 0, 0, 1999, time.UTC)
		after, err := w.tags.Set(t.Context(), 1, "level", []any{json.Number("12.50")}, &until, "crm")
		if err != nil || after.Handle != 1 || !after.UpdatedAt.After(longAgo) {
			t.Fatalf("got %+v, %v", after, err)
		}
		all, err := w.tags.OfCustomers(t.Context(), []profile.Row{2, 1}, nil, longAgo)
		if err != nil || len(all[0]) != 0 || len(all[1]) != 1 {
			t.Fatalf("got %v, %v", all, err)
		}
		level := all[1][0]
		if level.Tag.Key != "level" || level.Tag.Name != "level" || level.Tag.Kind != tag.Attribute || level.Tag.Version != 1 || string(level.Tag.Definition) != "{}" ||
			string(level.Value) != "[12.50]" || level.Source != "crm" || level.Score != nil || !level.ValidUntil.Equal(until.Truncate(time.Microsecond)) ||
			!level.ComputedAt.Equal(after.UpdatedAt) {
			t.Errorf("got %+v", level)
		}

		w.set(1, "level", "gold")
		w.set(1, "Cafe\u0301", map[string]any{"k": "e\u0301"})
		w.set(2, "level", false)
		got := w.of(1)
		if len(got) != 2 || !strings.HasPrefix(got[0], "Caf\u00e9=") || !strings.Contains(got[0], "\u00e9\"") || got[1] != `level="gold"` {
			t.Errorf("got %q", got)
		}
		want(t, w.of(1, "level", "none", "level", "\x00"), `level="gold"`)
		want(t, w.of(1, []string{"none"}...))
		want(t, w.of(2), "level=false")

		for range 2 { // the second finds nothing to do
			if after, err = w.tags.Unset(t.Context(), 1, "level"); err != nil || after.Handle != 1 {
				t.Fatalf("got %v, %v", after, err)
			}
		}
		if _, err := w.tags.Unset(t.Context(), 1, "never heard of"); err != nil {
			t.Error(err)
		}
		want(t, w.of(1, "level"))
		want(t, w.of(2), "level=false")
		if got := changes(t, db); !slices.Equal(got, []int64{1, 1, 1, 2, 1}) {
			t.Errorf("the feed has %v", got)
		}
	})
}

// changes lists the customers of the tag changes in the feed, in order.
func changes(t *testing.T, db *store.DB) []int64 {
	t.Helper()
	rows, err := db.Query(t.Context(), "SELECT customer_id FROM changes WHERE kind = $1 AND subject_id IS NOT NULL ORDER BY id", string(feed.Tagged))
	got, err := store.Collect(rows, err, func(row store.Row, into *int64) error { return row.Scan(into) })
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func TestATagCountsUntilItsEnd(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db)
		w.customer(1)
		end := longAgo.Add(time.Hour)
		if _, err := w.tags.Set(t.Context(), 1, "coupon", "A", &end, "api"); err != nil {
			t.Fatal(err)
		}
		want(t, w.at(1, end.Add(-time.Microsecond)), `coupon="A"`)
		want(t, w.at(1, end))
		w.set(1, "coupon", "B") // for good
		want(t, w.at(1, end), `coupon="B"`)
	})
}

func TestWhatCannotBeATagIsRefused(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db)
		w.customer(1)
		for _, c := range []struct {
			handle profile.Handle
			key    string
			value  any
			code   fault.Code
			path   string
		}{
			{1, "", 1, fault.BadUserInput, "key"},
			{1, " \u3000", 1, fault.BadUserInput, "key"},
			{1, "a\x00b", 1, fault.BadUserInput, "key"},
			{1, "\xff", 1, fault.BadUserInput, "key"},
			{1, strings.Repeat("\u6807", 256), 1, fault.BadUserInput, "key"},
			{1, strings.Repeat("x", 1_000_000), 1, fault.BadUserInput, "key"},
			{1, "k", nil, fault.BadUserInput, "value"},
			{1, "k", map[string]any{"a": []any{"\x00"}}, fault.BadUserInput, "value.a[0]"},
			{1, "k", json.Number("1e999"), fault.BadUserInput, "value"},
			{9, "k", 1, fault.NotFound, "customer"},
		} {
			_, err := w.tags.Set(t.Context(), c.handle, c.key, c.value, nil, "api")
			wantFault(t, err, c.code, c.path)
			if len(err.Error()) > 300 {
				t.Errorf("echoed: %.50q", c.key)
			}
		}
		_, err := w.tags.Unset(t.Context(), 9, "k")
		wantFault(t, err, fault.NotFound, "customer")
		_, err = w.tags.Unset(t.Context(), 1, "")
		wantFault(t, err, fault.BadUserInput, "key")
		found, err := w.tags.ByKeys(t.Context(), []string{"k", "x' OR 1=1 --"})
		if err != nil || found[0] != nil || found[1] != nil {
			t.Errorf("something stayed: %v, %v", found, err)
		}
		w.set(1, strings.Repeat("\u6807", 255), 1)
	})
}

func TestTagsAreFoundByKeyAndByID(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db)
		w.customer(1)
		w.set(1, "b", 1)
		w.set(1, "a", 1)
		byKey, err := w.tags.ByKeys(t.Context(), []string{"a", "c", "b", "a", ""})
		if err != nil || byKey[0].Key != "a" || byKey[1] != nil || byKey[2].Key != "b" || byKey[3] == nil || byKey[4] != nil {
			t.Fatalf("got %v, %v", byKey, err)
		}
		byID, err := w.tags.ByIDs(t.Context(), []int64{byKey[2].ID, 99, byKey[0].ID})
		if err != nil || byID[0].Key != "b" || byID[1] != nil || byID[2].Key != "a" {
			t.Fatalf("got %v, %v", byID, err)
		}
	})
}

func TestTagsOfAPageOfCustomersAreOneStatement(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db)
		var rows []profile.Row
		for i := range 5 {
			w.customer(int64(i + 1))
			w.set(profile.Handle(i+1), "n", i)
			rows = append(rows, profile.Row(5-i))
		}
		var statements atomic.Int64
		all, err := w.tags.OfCustomers(store.CountStatements(t.Context(), &statements), append(rows, 1, 77), []string{"n"}, longAgo)
		if err != nil || statements.Load() != 1 {
			t.Fatalf("%d statements, %v", statements.Load(), err)
		}
		for i, n := range []string{"4", "3", "2", "1", "0", "0"} {
			if len(all[i]) != 1 || string(all[i][0].Value) != n {
				t.Errorf("%d: got %v", i, all[i])
			}
		}
		if len(all[6]) != 0 {
			t.Errorf("got %v", all[6])
		}
	})
}
