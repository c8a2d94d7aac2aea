package profile_test

import (
	"slices"
	"testing"
	"time"

	"github.com/onecdp/onecdp/internal/dbtest"
	"github.com/onecdp/onecdp/internal/profile"
	"github.com/onecdp/onecdp/internal/store"
)

func (w *world) merge(id, survivor, merged int64, at time.Time, undone bool) {
	w.Helper()
	columns := []store.Column{
		store.Int64s("id", []int64{id}), store.Int64s("survivor_id", []int64{survivor}), store.Int64s("merged_id", []int64{merged}),
		store.Texts("cause", []string{"record"}), store.Texts("reason", []string{"same phone"}), store.Texts("actor", []string{"api"}),
		store.NullInt64s("record_id", []*int64{present(id * 10)}), store.Times("merged_at", []time.Time{at}),
	}
	if undone {
		columns = append(columns, store.Times("undone_at", []time.Time{at.Add(time.Hour)}))
	}
	w.insert("merges", columns...)
}

func TestMergesOfACustomerAreThoseItsHandlesTookPartIn(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db)
		w.customer(1, `{}`, `{}`, 11, 12, 13)
		w.customer(2, `{}`, `{}`, 21)
		w.customer(3, `{}`, `{}`, 31)
		w.merge(1, 12, 13, minute(1), false) // both handles lead to row 1: listed once
		w.merge(2, 11, 12, minute(2), false)
		w.merge(3, 11, 21, minute(2), true) // undone: a part of both histories

		all, err := w.reader.Merges(t.Context(), []profile.Row{2, 1, 3})
		if err != nil {
			t.Fatal(err)
		}
		for i, want := range [][]int64{{3}, {3, 2, 1}, nil} {
			var got []int64
			for _, m := range all[i] {
				got = append(got, m.ID)
			}
			if !slices.Equal(got, want) {
				t.Errorf("%d: got %v, want %v", i, got, want)
			}
		}
		undone, stands := all[1][0], all[1][1]
		if undone.UndoneAt == nil || !undone.UndoneAt.Equal(minute(62)) || undone.Survivor != 11 || undone.Merged != 21 || undone.Record != 30 {
			t.Errorf("got %+v", undone)
		}
		if stands.UndoneAt != nil || stands.Cause != "record" || stands.Reason != "same phone" || stands.Actor != "api" || !stands.MergedAt.Equal(minute(2)) {
			t.Errorf("got %+v", stands)
		}
		found, err := w.reader.MergesByID(t.Context(), []int64{4, 1})
		if err != nil || found[0] != nil || found[1].Merged != 13 {
			t.Errorf("got %v, %v", found, err)
		}
	})
}
