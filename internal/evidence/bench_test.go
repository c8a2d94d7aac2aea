package evidence_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/onecdp/onecdp/internal/evidence"
	"github.com/onecdp/onecdp/internal/identity"
)

// crowd is n identities that records tie into one part: people with phones, openids and emails, some of which two of them have shown, and
// devices that go from hand to hand.
func crowd(b *testing.B, n int) world {
	b.Helper()
	random := rand.New(rand.NewPCG(1, uint64(n)))
	w := world{types: defaults(b), most: 500}
	shares := []struct {
		typ   identity.TypeName
		scope string
		of    int // in twenty
	}{{"user_id", "", 4}, {"phone", "", 4}, {"wechat_openid", "wx1", 3}, {"email", "", 2}, {"device_id", "", 3}, {"anonymous_id", "", 4}}
	var places [6][]int
	for i, share := range shares {
		for j := range max(1, n*share.of/20) {
			places[i] = append(places[i], len(w.part.Identities))
			w.part.Identities = append(w.part.Identities, identity.Identity{Type: share.typ, Scope: share.scope, Value: fmt.Sprintf("%s-value-%06d", share.typ, j)})
		}
	}
	for i := range 2 * n {
		person := random.IntN(len(places[0]))
		members := []int{places[0][person]}
		for kind := 1; kind < len(places); kind++ {
			if random.IntN(3) > 0 {
				continue
			}
			of := person
			if random.IntN(10) == 0 {
				of = person + 1
			}
			members = append(members, places[kind][of%len(places[kind])])
		}
		w.part.Sightings = append(w.part.Sightings, evidence.Sighting{
			Set: int64(i), Members: members, First: day(random.IntN(100)), Last: day(100 + random.IntN(100)), Count: 1 + random.IntN(5),
		})
	}
	return w
}

func BenchmarkSolve(b *testing.B) {
	for _, n := range []int{20, 500, 5000} {
		b.Run(fmt.Sprintf("identities=%d", n), func(b *testing.B) {
			w := crowd(b, n)
			b.ReportAllocs()
			for b.Loop() {
				w.solve()
			}
		})
	}
}

// Groups of 500 identities a side are what a merge of two full customers leaves behind when it is undone.
func BenchmarkSolveKeptApart(b *testing.B) {
	w := crowd(b, 1000)
	var sides [2][]int
	for place := range w.part.Identities {
		sides[place%2] = append(sides[place%2], place)
	}
	w.part.Apart = []evidence.Apart{{Operation: 1, A: sides[0], B: sides[1]}}
	b.ReportAllocs()
	for b.Loop() {
		w.solve()
	}
}

// One person with many cookies under a limit with a window: every link is held against all that the person has.
func BenchmarkSolveWindows(b *testing.B) {
	for _, n := range []int{500, 5000} {
		b.Run(fmt.Sprintf("identities=%d", n), func(b *testing.B) {
			types := identity.Defaults()
			for i := range types {
				if types[i].Name == "anonymous_id" {
					types[i].MaxPerCustomer, types[i].LimitWindow, types[i].MaxOwners = new(10), "P30D", nil
				}
			}
			w := world{types: registry(b, types), most: 500}
			w.part.Identities = []identity.Identity{{Type: "user_id", Value: "u"}}
			for i := 1; i < n; i++ {
				w.part.Identities = append(w.part.Identities, identity.Identity{Type: "anonymous_id", Value: fmt.Sprintf("cookie-%06d", i)})
				w.part.Sightings = append(w.part.Sightings, evidence.Sighting{Set: int64(i), Members: []int{0, i}, First: day(4 * i), Last: day(4 * i), Count: 1})
			}
			b.ReportAllocs()
			for b.Loop() {
				w.solve()
			}
		})
	}
}

// An operator's merge of two full customers whose values are all over a limit.
func BenchmarkSolveForced(b *testing.B) {
	w := crowd(b, 1000)
	f := evidence.Forced{Operation: 1}
	for place := range w.part.Identities {
		if place%2 == 0 {
			f.A = append(f.A, place)
		} else {
			f.B = append(f.B, place)
		}
	}
	w.part.Forced = []evidence.Forced{f}
	b.ReportAllocs()
	for b.Loop() {
		w.solve()
	}
}
