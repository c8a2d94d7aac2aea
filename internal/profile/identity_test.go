package profile_test

import (
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/onecdp/onecdp/internal/dbtest"
	"github.com/onecdp/onecdp/internal/identity"
	"github.com/onecdp/onecdp/internal/profile"
	"github.com/onecdp/onecdp/internal/store"
)

func ids(identities []profile.Identity) []int64 {
	var all []int64
	for _, id := range identities {
		all = append(all, id.ID)
	}
	return all
}

func TestIdentitiesComeStrongestFirst(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db)
		w.identity(1, 1, "device_id", "", "d-1")
		w.identity(2, 1, "phone", "", "+8613912345679")
		w.identity(3, 1, "phone", "", "+8613912345678")
		w.identity(4, 1, "member_no", "tmall", "A1")
		w.identity(5, 1, "member_no", "", "B1")
		w.identity(6, 2, "member_no", "", "C1")
		w.identity(7, 0, "member_no", "", "D1")

		all, err := w.reader.Identities(t.Context(), []profile.Row{1, 3, 2}, profile.IdentityQuery{})
		if err != nil || !slices.Equal(ids(all[0]), []int64{5, 4, 3, 2, 1}) || len(all[1]) != 0 || !slices.Equal(ids(all[2]), []int64{6}) {
			t.Fatalf("got %v, %v", all, err)
		}
		if first := all[0][1]; first.Type != "member_no" || first.Scope != "tmall" || first.Value != "A1" || first.Customer != 1 ||
			first.Source != "shop" || first.Shared || first.FirstSeen != nil {
			t.Errorf("got %+v", first)
		}

		var statements atomic.Int64
		some, err := w.reader.Identities(store.CountStatements(t.Context(), &statements), []profile.Row{1},
			profile.IdentityQuery{Types: []identity.TypeName{"phone", "no_such_type"}, Seen: true})
		if err != nil || !slices.Equal(ids(some[0]), []int64{3, 2}) || statements.Load() != 1 {
			t.Errorf("got %v, %v, %d statements", some, err, statements.Load())
		}
		none, err := w.reader.Identities(t.Context(), []profile.Row{1}, profile.IdentityQuery{Types: []identity.TypeName{"no_such_type"}})
		if err != nil || len(none[0]) != 0 {
			t.Errorf("got %v, %v", none, err)
		}

		found, err := w.reader.IdentitiesByID(t.Context(), []int64{7, 9, 1}, false)
		if err != nil || found[0].Customer != 0 || found[0].Value != "D1" || found[1] != nil || found[2].Customer != 1 {
			t.Errorf("got %v, %v", found, err)
		}
	})
}

func TestAnIdentityIsSeenFromItsFirstRecordToItsLast(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db)
		w.identity(1, 1, "phone", "", "+8613912345678")
		w.identity(2, 1, "email", "", "li@shop.cn")
		w.identity(3, 1, "device_id", "", "d-1")
		w.member(10, 1)
		w.member(11, 1)
		w.member(11, 2)
		w.record(10, 1, minute(3), false)
		w.record(10, 2, minute(1), true) // withdrawn: does not count
		w.record(11, 3, minute(2), false)
		w.record(11, 4, minute(8), false)
		w.record(11, 5, minute(9), true)
		w.identity(4, 2, "phone", "", "+8613912345679")
		w.member(12, 4)
		w.record(12, 6, minute(5), false)
		w.event(12, 7, "view", minute(4)) // an event's record is not told of a second time
		w.event(12, 8, "view", minute(7))
		w.identity(5, 2, "email", "", "old@shop.cn")
		w.member(13, 5)
		w.record(13, 9, time.Time{}, false) // the year 1 is a time as good as any

		all, err := w.reader.Identities(t.Context(), []profile.Row{1}, profile.IdentityQuery{Seen: true})
		if err != nil || len(all[0]) != 3 {
			t.Fatalf("got %v, %v", all, err)
		}
		phone, email, device := all[0][0], all[0][1], all[0][2]
		if !phone.FirstSeen.Equal(minute(2)) || !phone.LastSeen.Equal(minute(8)) {
			t.Errorf("phone: %v to %v", phone.FirstSeen, phone.LastSeen)
		}
		if !email.FirstSeen.Equal(minute(2)) || !email.LastSeen.Equal(minute(8)) {
			t.Errorf("email: %v to %v", email.FirstSeen, email.LastSeen)
		}
		if device.FirstSeen != nil || device.LastSeen != nil {
			t.Errorf("device: %v to %v", device.FirstSeen, device.LastSeen)
		}
		found, err := w.reader.IdentitiesByID(t.Context(), []int64{1}, true)
		if err != nil || !found[0].LastSeen.Equal(minute(8)) {
			t.Errorf("got %v, %v", found, err)
		}
		found, err = w.reader.IdentitiesByID(t.Context(), []int64{4}, true)
		if err != nil || !found[0].FirstSeen.Equal(minute(4)) || !found[0].LastSeen.Equal(minute(7)) {
			t.Errorf("with events: got %v, %v", found[0], err)
		}
		found, err = w.reader.IdentitiesByID(t.Context(), []int64{5}, true)
		if err != nil || found[0].FirstSeen == nil || !found[0].FirstSeen.IsZero() || !found[0].LastSeen.IsZero() {
			t.Errorf("in the year 1: got %v, %v", found[0], err)
		}
	})
}
