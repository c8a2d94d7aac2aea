package evidence_test

import (
	"cmp"
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/onecdp/onecdp/internal/evidence"
	"github.com/onecdp/onecdp/internal/identity"
)

var people = []identity.Identity{
	{Type: "device_id", Value: "d"}, {Type: "user_id", Value: "a"}, {Type: "user_id", Value: "b"}, {Type: "phone", Value: "1"}, {Type: "mac", Value: "m"},
}

// runs writes runs as DAY:OWNER; the first, at the zero time, as -:OWNER, and one just after a day as DAY+.
func runs(list []evidence.Run) string {
	var text []string
	for i, r := range list {
		at := fmt.Sprint(int(r.Since.Sub(day(0)).Hours() / 24))
		switch {
		case i == 0 && r.Since.IsZero():
			at = "-"
		case !r.Since.Equal(r.Since.Truncate(24 * time.Hour)):
			at += "+"
		}
		text = append(text, fmt.Sprintf("%s:%d", at, r.Owner))
	}
	return fmt.Sprint(text)
}

func TestEventsOfADeviceFollowItsOwners(t *testing.T) {
	t.Parallel()
	tie := func(on, owner int) evidence.Tie { return evidence.Tie{At: day(on), Owner: owner} }
	for _, c := range []struct {
		name     string
		ties     []evidence.Tie
		unlinked []time.Time
		want     string
	}{
		{name: "never owned", want: "[-:-1]"},
		{name: "before the first link, the first owner", ties: []evidence.Tie{tie(5, 1)}, want: "[-:1]"},
		{name: "in any order", ties: []evidence.Tie{tie(9, 1), tie(5, 2), tie(7, 2)}, want: "[-:2 9:1]"},
		{name: "of one time the greatest by text, which is not the strongest", ties: []evidence.Tie{tie(5, 2), tie(5, 1), tie(5, 3)}, want: "[-:2]"},
		{name: "a weak one is no owner", ties: []evidence.Tie{tie(5, 4), tie(6, 1)}, want: "[-:1]"},
		{name: "unlinked and never linked again", ties: []evidence.Tie{tie(5, 1)}, unlinked: []time.Time{day(7)}, want: "[-:1 7+:-1]"},
		{name: "a link at the since itself does not count later", ties: []evidence.Tie{tie(7, 1)}, unlinked: []time.Time{day(7)}, want: "[-:1 7+:-1]"},
		{name: "after the since, the first owner of what follows", ties: []evidence.Tie{tie(5, 1), tie(9, 2)}, unlinked: []time.Time{day(7)}, want: "[-:1 7+:2]"},
		{name: "unlinked before the first link", ties: []evidence.Tie{tie(9, 2)}, unlinked: []time.Time{day(7)}, want: "[-:2]"},
		{name: "unlinked twice", ties: []evidence.Tie{tie(5, 1), tie(9, 2)}, unlinked: []time.Time{day(12), day(7)}, want: "[-:1 7+:2 12+:-1]"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got := runs(evidence.Owners(defaults(t), people, c.ties, c.unlinked)); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

// ownerOf is S10 for one event, word by word.
func ownerOf(ties []evidence.Tie, unlinked []time.Time, event time.Time) int {
	var counting []evidence.Tie
	for _, tie := range ties {
		after := func(since time.Time) bool { return event.After(since) && !tie.At.After(since) }
		if strong := tie.Owner >= 1 && tie.Owner <= 3; strong && !slices.ContainsFunc(unlinked, after) {
			counting = append(counting, tie)
		}
	}
	if len(counting) == 0 {
		return -1
	}
	until := slices.DeleteFunc(slices.Clone(counting), func(t evidence.Tie) bool { return t.At.After(event) })
	byText := func(a, b evidence.Tie) int { return cmp.Compare(text(people[a.Owner]), text(people[b.Owner])) }
	if len(until) > 0 {
		return slices.MaxFunc(until, func(a, b evidence.Tie) int { return cmp.Or(a.At.Compare(b.At), byText(a, b)) }).Owner
	}
	return slices.MaxFunc(counting, func(a, b evidence.Tie) int { return cmp.Or(b.At.Compare(a.At), byText(a, b)) }).Owner
}

func TestRunsAnswerForEveryEvent(t *testing.T) {
	t.Parallel()
	types := defaults(t)
	moment := func(n int) time.Time { return day(0).Add(time.Duration(n) * evidence.Instant) }
	at := rapid.IntRange(0, 12)
	rapid.Check(t, func(t *rapid.T) {
		var ties []evidence.Tie
		for range rapid.IntRange(0, 6).Draw(t, "ties") {
			ties = append(ties, evidence.Tie{At: moment(at.Draw(t, "at")), Owner: rapid.IntRange(1, 4).Draw(t, "owner")})
		}
		var unlinked []time.Time
		for range rapid.IntRange(0, 3).Draw(t, "unlinked") {
			unlinked = append(unlinked, moment(at.Draw(t, "since")))
		}
		list := evidence.Owners(types, people, ties, unlinked)
		for i := range list {
			if i == 0 && !list[i].Since.IsZero() || i > 0 && (!list[i].Since.After(list[i-1].Since) || list[i].Owner == list[i-1].Owner) {
				t.Fatalf("run %d of %v", i, list)
			}
		}
		for n := -1; n <= 14; n++ {
			got := -2
			for _, r := range list {
				if !r.Since.After(moment(n)) {
					got = r.Owner
				}
			}
			if want := ownerOf(ties, unlinked, moment(n)); got != want {
				t.Fatalf("at %d: got %d, want %d; %v", n, got, want, list)
			}
		}
	})
}

func TestTheCenterIsTheStrongestThatIsNotShared(t *testing.T) {
	t.Parallel()
	types := defaults(t)
	for _, c := range []struct {
		members []int
		shared  []bool
		want    int
	}{
		{nil, nil, -1},
		{[]int{0, 3, 4}, nil, 3},
		{[]int{0, 3, 2, 1}, []bool{false, false, false, false, false}, 1},
		{[]int{0, 3, 1}, []bool{false, true, false, false, false}, 3},
		{[]int{0, 4}, []bool{false, false, false, false, true}, 0},
		{[]int{0, 3}, []bool{true, true, true, true, true}, 3},
	} {
		if got := evidence.Center(types, people, c.shared, c.members); got != c.want {
			t.Errorf("%v of which %v are shared: got %d, want %d", c.members, c.shared, got, c.want)
		}
	}
}
