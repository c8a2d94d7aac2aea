package evidence_test

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/onecdp/onecdp/internal/evidence"
	"github.com/onecdp/onecdp/internal/identity"
)

func day(n int) time.Time { return time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, n) }

func registry(t interface{ Fatal(...any) }, types []identity.Type) *identity.Registry {
	r, err := identity.NewRegistry(types, "CN")
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// defaults are the types from the start.
func defaults(t testing.TB) *identity.Registry {
	t.Helper()
	return registry(t, identity.Defaults())
}

// world is a part with the settings it is solved under.
type world struct {
	types *identity.Registry
	most  int
	part  evidence.Part
}

func (w world) solve() evidence.Solution { return evidence.Solve(w.types, w.most, w.part) }

// naively solves with the second implementation.
func (w world) naively() []string {
	n := &naive{types: w.types, most: w.most, part: w.part}
	return n.solve()
}

// options narrow what drawWorld draws.
type options struct {
	operators   bool // links and keepApart groups
	knownShared bool
	weakIsWeak  bool // no weak type comes before a strong one
}

var everything = options{operators: true, knownShared: true}

func hashOf(email string) string {
	sum := sha256.Sum256([]byte(email))
	return hex.EncodeToString(sum[:])
}

// candidates are few values, so that they collide.
func candidates(types []identity.Type) []identity.Identity {
	var ids []identity.Identity
	for _, t := range types {
		switch t.Name {
		case identity.Email:
			ids = append(ids, identity.Identity{Type: t.Name, Value: "a@x.cn"}, identity.Identity{Type: t.Name, Value: "b@x.cn"})
		case identity.EmailSHA256:
			ids = append(ids, identity.Identity{Type: t.Name, Value: hashOf("a@x.cn")}, identity.Identity{Type: t.Name, Value: hashOf("c@x.cn")})
		case "openid":
			for _, scope := range []string{"p", "q"} {
				ids = append(ids, identity.Identity{Type: t.Name, Scope: scope, Value: "1"}, identity.Identity{Type: t.Name, Scope: scope, Value: "2"})
			}
		default:
			for _, value := range []string{"1", "2", "3"} {
				ids = append(ids, identity.Identity{Type: t.Name, Value: value})
			}
		}
	}
	return ids
}

// drawTypes draws settings of every sort. Two types share a priority; kiosk is weak and may come before strong ones.
func drawTypes(t *rapid.T, o options) []identity.Type {
	limit := rapid.SampledFrom([]int{0, 1, 1, 2, 3})
	owners := rapid.SampledFrom([]int{0, 0, 1, 2})
	window := rapid.SampledFrom([]string{"", "", "", "P3D"})
	policy := rapid.SampledFrom([]identity.ConflictPolicy{identity.Latest, identity.Earliest})
	var types []identity.Type
	add := func(name identity.TypeName, strength identity.Strength, priority float64) {
		typ := identity.NewType(name)
		typ.Strength, typ.Priority = strength, priority
		label := string(name)
		if n := limit.Draw(t, label+" limit"); n > 0 {
			typ.MaxPerCustomer = &n
			typ.LimitWindow = window.Draw(t, label+" window")
		}
		if n := owners.Draw(t, label+" owners"); n > 0 {
			typ.MaxOwners = &n
		}
		typ.OnConflict = policy.Draw(t, label+" policy")
		switch name {
		case identity.Email:
			typ.Normalizer = "email"
		case identity.EmailSHA256:
			typ.Normalizer = "hex64"
		}
		types = append(types, typ)
	}
	add("member", identity.Strong, 1)
	add("union", identity.Strong, 4)
	add("phone", identity.Strong, 5)
	add(identity.Email, identity.Strong, 6)
	add("openid", identity.Strong, 7)
	add("ouid", identity.Strong, 7)
	add(identity.EmailSHA256, identity.Strong, 9)
	kiosk := 25.
	if !o.weakIsWeak {
		kiosk = rapid.SampledFrom([]float64{2, 7, 25}).Draw(t, "kiosk priority")
	}
	add("kiosk", identity.Weak, kiosk)
	add("device", identity.Weak, 20)
	add("cookie", identity.Weak, 20)
	return types
}

func drawWorld(t *rapid.T, o options) world {
	types := drawTypes(t, o)
	w := world{types: registry(t, types), most: rapid.SampledFrom([]int{3, 4, 5, 6, 500}).Draw(t, "cap")}
	// Few types at a time, so that values of one type meet.
	few := rapid.Permutation(types).Draw(t, "types")[:rapid.IntRange(1, 6).Draw(t, "how many types")]
	all := rapid.Permutation(candidates(few)).Draw(t, "identities")
	w.part.Identities = all[:min(len(all), rapid.IntRange(1, 12).Draw(t, "how many identities"))]
	some := rapid.SliceOfN(rapid.IntRange(0, len(w.part.Identities)-1), 1, 4)

	for i := range rapid.IntRange(0, 14).Draw(t, "how many sightings") {
		first := rapid.IntRange(0, 8).Draw(t, "first")
		w.part.Sightings = append(w.part.Sightings, evidence.Sighting{
			Set: int64(rapid.IntRange(1, 12).Draw(t, "set")), Members: some.Draw(t, fmt.Sprintf("members %d", i)),
			First: day(first), Last: day(first + rapid.IntRange(0, 3).Draw(t, "stretch")),
			Count: rapid.IntRange(1, 3).Draw(t, "count"),
		})
	}
	if rapid.Bool().Draw(t, "last seen is told") {
		for range w.part.Identities {
			seen := time.Time{}
			if n := rapid.IntRange(0, 9).Draw(t, "last seen"); n > 0 {
				seen = day(n)
			}
			w.part.LastSeen = append(w.part.LastSeen, seen)
		}
	}
	if o.knownShared && rapid.IntRange(0, 3).Draw(t, "some are known to be shared") == 0 {
		for range w.part.Identities {
			w.part.Shared = append(w.part.Shared, rapid.IntRange(0, 3).Draw(t, "known") == 0)
		}
	}
	if o.operators {
		for i := range rapid.SampledFrom([]int{0, 0, 1, 2, 3, 4}).Draw(t, "forced links") {
			w.part.Forced = append(w.part.Forced, evidence.Forced{
				Operation: int64(i/2 + 1), A: some.Draw(t, "forced a"), B: some.Draw(t, "forced b"),
			})
		}
		for i := range rapid.SampledFrom([]int{0, 0, 1, 2}).Draw(t, "groups apart") {
			w.part.Apart = append(w.part.Apart, evidence.Apart{
				Operation: int64(i + 10), A: some.Draw(t, "apart a"), B: some.Draw(t, "apart b"),
			})
		}
	}
	return w
}

// describe writes a solution as the second implementation writes its own.
func describe(w world, s evidence.Solution) []string {
	var lines []string
	ids := w.part.Identities
	at := func(places []int) (list []identity.Identity) {
		for _, p := range places {
			list = append(list, ids[p])
		}
		return list
	}
	for _, l := range s.Links {
		lines = append(lines, linkLine(ids[l.A], ids[l.B], l))
	}
	// Customers are ordered by their strongest member, so walking identities by strength meets them in that order.
	order := make([]int, len(ids))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return w.types.Compare(ids[a], ids[b]) })
	next := 0
	for _, place := range order {
		if s.Customer[place] == next {
			lines = append(lines, "customer "+names(at(s.Customers[next])))
			next++
		}
		if s.Shared[place] {
			lines = append(lines, "shared "+name(ids[place]))
		}
	}
	for i, part := range s.Parts {
		var members []int
		for _, c := range part {
			members = append(members, s.Customers[c]...)
		}
		slices.SortFunc(members, func(a, b int) int { return w.types.Compare(ids[a], ids[b]) })
		lines = append(lines, fmt.Sprintf("part %s contested %v", names(at(members)), s.Contested[i]))
	}
	return lines
}
