package evidence_test

import (
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/onecdp/onecdp/internal/evidence"
	"github.com/onecdp/onecdp/internal/identity"
)

func TestAnIdMovesToASteadierSeat(t *testing.T) {
	t.Parallel()
	type arrival struct {
		on      int
		members string
	}
	for _, c := range []struct {
		name     string
		birth    string
		arrivals []arrival
		apart    [2]string
		want     string
	}{
		{name: "nothing came", birth: "anonymous_id:a", want: "anonymous_id:a"},
		{name: "a visitor becomes a member", birth: "anonymous_id:a", arrivals: []arrival{{2, "anonymous_id:a member_no:m"}}, want: "member_no:m"},
		{name: "over a phone", birth: "anonymous_id:a", arrivals: []arrival{{2, "anonymous_id:a phone:1"}, {3, "phone:1 user_id:u"}, {4, "anonymous_id:a user_id:v"}}, want: "user_id:u"},
		{name: "the way may go back in time", birth: "anonymous_id:a", arrivals: []arrival{{2, "phone:1 user_id:u"}, {3, "anonymous_id:a phone:1"}}, want: "user_id:u"},
		{name: "a member stays", birth: "user_id:u", arrivals: []arrival{{2, "user_id:u member_no:m"}}, want: "user_id:u"},
		{name: "a stronger one that is not steadier is no seat", birth: "wechat_openid/a:x", arrivals: []arrival{{2, "wechat_openid/a:x phone:1"}}, want: "wechat_openid/a:x"},
		{name: "only the strongest of a record is a seat", birth: "wechat_openid/a:x", arrivals: []arrival{{2, "wechat_openid/a:x phone:1"}, {3, "wechat_openid/a:x user_id:u"}}, want: "user_id:u"},
		{name: "what came with the id or before does not count", birth: "phone:1", arrivals: []arrival{{0, "phone:1 user_id:u"}, {1, "phone:1 user_id:v"}}, want: "phone:1"},
		{name: "arrivals of one instant count by their sets", birth: "phone:1", arrivals: []arrival{{2, "phone:1 user_id:u"}, {2, "phone:1 user_id:v"}}, want: "user_id:u"},
		{name: "not to one that is kept apart", birth: "phone:1", arrivals: []arrival{{2, "phone:1 user_id:u"}, {3, "phone:1 user_id:v"}}, apart: [2]string{"user_id:u", "phone:1 phone:2"}, want: "user_id:v"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := tell(t)
			birth := s.ids(c.birth)[0]
			var arrivals []evidence.Arrival
			for i, a := range c.arrivals {
				arrivals = append(arrivals, evidence.Arrival{Set: int64(i), Members: s.ids(a.members), At: day(a.on)})
			}
			slices.Reverse(arrivals)
			s.apart(c.apart[0], c.apart[1])
			want := s.ids(c.want)[0]
			if got := evidence.Seat(s.types, s.part, arrivals, birth, day(1), math.MaxInt64); got != want {
				t.Errorf("got %s, want %s", name(s.part.Identities[got]), c.want)
			}
		})
	}
}

func TestAnIdDoesNotMoveToASharedIdentity(t *testing.T) {
	t.Parallel()
	s := tell(t)
	arrivals := []evidence.Arrival{
		{Set: 1, Members: s.ids("anonymous_id:a phone:1"), At: day(2)},
		{Set: 2, Members: s.ids("anonymous_id:a phone:1 email:e"), At: day(3)},
	}
	s.part.Shared = []bool{false, true, false}
	if got := evidence.Seat(s.types, s.part, arrivals, 0, day(1), math.MaxInt64); got != 2 {
		t.Errorf("got %s, want the email", name(s.part.Identities[got]))
	}
	s.part.Shared = []bool{true, true, true}
	if got := evidence.Seat(s.types, s.part, arrivals, 0, day(1), math.MaxInt64); got != 0 {
		t.Errorf("got %s, want the birth identity", name(s.part.Identities[got]))
	}
}

func TestASeatIsReachedInSteadierSteps(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		w := drawWorld(t, everything)
		var arrivals []evidence.Arrival
		for i, s := range w.part.Sightings {
			arrivals = append(arrivals, evidence.Arrival{Set: int64(i), Members: s.Members, At: s.First})
		}
		birth := rapid.IntRange(0, len(w.part.Identities)-1).Draw(t, "birth")
		made := day(rapid.IntRange(0, 4).Draw(t, "made"))
		if got, want := evidence.Seat(w.types, w.part, arrivals, birth, made, math.MaxInt64), seatOf(w, arrivals, birth, made.Unix()); got != want {
			t.Fatalf("got %s, want %s", name(w.part.Identities[got]), name(w.part.Identities[want]))
		}
	})
}

// seatOf is S9, word by word.
func seatOf(w world, arrivals []evidence.Arrival, birth int, made int64) int {
	steadiness := func(place int) int {
		typ, _ := w.types.Type(w.part.Identities[place].Type)
		switch {
		case typ.Strength == identity.Weak:
			return 0
		case typ.OnConflict == identity.Latest:
			return 1
		}
		return 2
	}
	found := -1
	var first evidence.Arrival
	for _, a := range arrivals {
		var ids []identity.Identity
		for _, m := range a.Members {
			if w.part.Shared != nil && w.part.Shared[m] {
				continue
			}
			ids = append(ids, w.part.Identities[m])
		}
		strongest, ok := w.types.Strongest(ids)
		if !ok {
			continue
		}
		to := slices.Index(w.part.Identities, strongest)
		if a.At.Unix() <= made || !slices.Contains(a.Members, birth) || steadiness(to) <= steadiness(birth) {
			continue
		}
		kept := false
		for _, g := range w.part.Apart {
			for _, x := range g.A {
				for _, y := range g.B {
					kept = kept || x == birth && y == to || x == to && y == birth
				}
			}
		}
		if kept {
			continue
		}
		if found < 0 || a.At.Before(first.At) || a.At.Equal(first.At) && a.Set < first.Set {
			found, first = to, a
		}
	}
	if found < 0 {
		return birth
	}
	return seatOf(w, arrivals, found, made)
}
