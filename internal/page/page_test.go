package page_test

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/onecdp/onecdp/internal/fault"
	"github.com/onecdp/onecdp/internal/page"
)

var (
	byNumber = page.Connection{Name: "numbers", Keys: 1}
	byPair   = page.Connection{Name: "pairs", Keys: 2}
)

func own(n int64) []int64 { return []int64{n} }

func TestWalkingThePagesMeetsEveryItemOnce(t *testing.T) {
	t.Parallel()
	all := []int64{math.MinInt64, -1, 0, 1, 5, 1 << 40, math.MaxInt64}
	var met []int64
	var after *string
	for range len(all) {
		request, err := byNumber.Read(new(3), after, 20, nil)
		if err != nil {
			t.Fatal(err)
		}
		rows := all
		if request.After != nil {
			rows = all[slices.Index(all, request.After[0])+1:]
		}
		p := page.Cut(request, rows[:min(request.Limit(), len(rows))], own)
		if p.HasPrevious != (after != nil) {
			t.Errorf("after %v: hasPrevious %v", request.After, p.HasPrevious)
		}
		met = append(met, p.Items...)
		_, after = p.Ends()
		if !p.HasNext {
			break
		}
	}
	if !slices.Equal(met, all) {
		t.Errorf("met %v", met)
	}
}

func TestAnEmptyPageHasNoCursors(t *testing.T) {
	t.Parallel()
	p := page.Cut(byNumber.Start(5), nil, own)
	if start, end := p.Ends(); start != nil || end != nil || p.HasNext || p.HasPrevious {
		t.Errorf("got %v", p)
	}
}

func TestTheSizeOfAPage(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		first *int
		want  int // 0: refused
	}{
		{nil, 20}, {new(1), 1}, {new(100), 100}, {new(0), 0}, {new(101), 0}, {new(-1), 0}, {new(math.MaxInt32), 0},
	} {
		request, err := byNumber.Read(c.first, nil, 20, fault.Path{"customers"})
		faults := fault.All(err)
		if c.want == 0 {
			if len(faults) != 1 || faults[0].Code != fault.BadUserInput || faults[0].Path.String() != "customers.first" {
				t.Errorf("%d: %v", *c.first, err)
			}
			continue
		}
		if err != nil || request.First != c.want || request.Limit() != c.want+1 {
			t.Errorf("want %d, got %+v, %v", c.want, request, err)
		}
	}
}

func TestACursorFromElsewhereIsRefused(t *testing.T) {
	t.Parallel()
	good := page.Cut(byPair.Start(1), []int64{7}, func(n int64) []int64 { return []int64{n, 1_700_000_000_000_000} }).Cursor(0)
	if request, err := byPair.Read(nil, &good, 20, nil); err != nil || !slices.Equal(request.After, []int64{7, 1_700_000_000_000_000}) {
		t.Fatalf("the list's own: %v, %v", request, err)
	}
	cases := map[string]string{
		"empty": "", "a word": "next", "padded": good + "=", "cut": good[:len(good)-2], "long": strings.Repeat("A", 100_000),
		"another list":  page.Cut(byNumber.Start(1), []int64{7}, own).Cursor(0),
		"another order": page.Cut(page.Connection{Name: "pairs, by name", Keys: 2}.Start(1), []int64{7}, func(n int64) []int64 { return []int64{n, 1} }).Cursor(0),
	}
	for i := range good { // any one character changed
		other := byte('A')
		if good[i] == other {
			other = 'B'
		}
		cases["changed at "+good[:i]] = good[:i] + string(other) + good[i+1:]
	}
	for name, cursor := range cases {
		_, err := byPair.Read(nil, &cursor, 20, fault.Path{"events"})
		faults := fault.All(err)
		if len(faults) != 1 || faults[0].Code != fault.BadUserInput || faults[0].Path.String() != "events.after" || len(err.Error()) > 200 {
			t.Errorf("%s: %v", name, err)
		}
	}
}
