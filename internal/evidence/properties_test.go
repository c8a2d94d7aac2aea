package evidence_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/onecdp/onecdp/internal/evidence"
	"github.com/onecdp/onecdp/internal/identity"
)

func TestBothImplementationsAgree(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		w := drawWorld(t, everything)
		compareLines(t, describe(w, w.solve()), w.naively())
	})
}

func compareLines(t interface {
	Helper()
	Fatalf(string, ...any)
}, got, want []string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Fatalf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestTheOrderOfTheEvidenceNeverMatters(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		w := drawWorld(t, everything)
		compareLines(t, describeShuffled(t, w), describe(w, w.solve()))
	})
}

// describeShuffled solves the part with everything in another order.
func describeShuffled(t *rapid.T, w world) []string {
	old := make([]int, len(w.part.Identities))
	for i := range old {
		old[i] = i
	}
	old = rapid.Permutation(old).Draw(t, "order of identities")
	moved := make([]int, len(old))
	other := w
	other.part = evidence.Part{}
	for i, from := range old {
		moved[from] = i
		other.part.Identities = append(other.part.Identities, w.part.Identities[from])
		if w.part.Shared != nil {
			other.part.Shared = append(other.part.Shared, w.part.Shared[from])
		}
		if w.part.LastSeen != nil {
			other.part.LastSeen = append(other.part.LastSeen, w.part.LastSeen[from])
		}
	}
	move := func(places []int) []int {
		var list []int
		for _, p := range places {
			list = append(list, moved[p])
		}
		return rapid.Permutation(list).Draw(t, "order of members")
	}
	for _, s := range w.part.Sightings {
		s.Members = move(s.Members)
		other.part.Sightings = append(other.part.Sightings, s)
	}
	for _, f := range w.part.Forced {
		other.part.Forced = append(other.part.Forced, evidence.Forced{Operation: f.Operation, A: move(f.B), B: move(f.A)})
	}
	for _, g := range w.part.Apart {
		other.part.Apart = append(other.part.Apart, evidence.Apart{Operation: g.Operation, A: move(g.B), B: move(g.A)})
	}
	if len(w.part.Sightings) > 0 {
		other.part.Sightings = rapid.Permutation(other.part.Sightings).Draw(t, "order of sightings")
	}
	if len(w.part.Forced) > 0 {
		other.part.Forced = rapid.Permutation(other.part.Forced).Draw(t, "order of forced links")
	}
	if len(w.part.Apart) > 0 {
		other.part.Apart = rapid.Permutation(other.part.Apart).Draw(t, "order of groups")
	}
	return describe(other, other.solve())
}

func TestSayingItTwiceChangesNothing(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		w := drawWorld(t, everything)
		twice := w
		twice.part.Sightings = nil
		for _, s := range w.part.Sightings {
			// The records of a stretch, told as two, with a member named twice.
			first, last := s, s
			first.Members = append(slices.Clone(s.Members), s.Members[0])
			first.Last, last.Count = s.First, 0
			twice.part.Sightings = append(twice.part.Sightings, first, last)
		}
		twice.part.Forced = append(slices.Clone(w.part.Forced), w.part.Forced...)
		twice.part.Apart = append(slices.Clone(w.part.Apart), w.part.Apart...)
		compareLines(t, describe(twice, twice.solve()), describe(w, w.solve()))
	})
}

// strongPartition is who of the strong identities is with whom.
func strongPartition(w world, s evidence.Solution) []string {
	sets := map[int][]string{}
	for place, id := range w.part.Identities {
		if typ, _ := w.types.Type(id.Type); typ.Strength == identity.Strong {
			sets[s.Customer[place]] = append(sets[s.Customer[place]], name(id))
		}
	}
	var lines []string
	for set := range maps.Values(sets) {
		slices.Sort(set)
		lines = append(lines, strings.Join(set, " "))
	}
	slices.Sort(lines)
	return lines
}

func TestStrongIdentitiesNeverDependOnWeakOnes(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		// A weak identity can be the center of a star if its type comes before strong ones; then it is the evidence.
		w := drawWorld(t, options{weakIsWeak: true})
		without := w
		without.part.Sightings = nil
		for _, s := range w.part.Sightings {
			s.Members = slices.DeleteFunc(slices.Clone(s.Members), func(place int) bool {
				typ, _ := w.types.Type(w.part.Identities[place].Type)
				return typ.Strength == identity.Weak
			})
			without.part.Sightings = append(without.part.Sightings, s)
		}
		compareLines(t, strongPartition(w, w.solve()), strongPartition(without, without.solve()))
	})
}

func TestWeakLinksNeverJoinStrongIdentities(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		w := drawWorld(t, everything)
		s := w.solve()
		joined := map[int]int{}
		for place := range w.part.Identities {
			joined[place] = place
		}
		for _, l := range s.Links {
			if !l.Accepted || l.Class > evidence.ClassStrong {
				continue
			}
			from, to := joined[l.A], joined[l.B]
			for place, set := range joined {
				if set == from {
					joined[place] = to
				}
			}
		}
		for a, x := range w.part.Identities {
			for b, y := range w.part.Identities {
				ta, _ := w.types.Type(x.Type)
				tb, _ := w.types.Type(y.Type)
				if ta.Strength == identity.Strong && tb.Strength == identity.Strong && s.Customer[a] == s.Customer[b] && joined[a] != joined[b] {
					t.Fatalf("only weak links join %s and %s", name(x), name(y))
				}
			}
		}
	})
}

func TestPartsCanBeSolvedApart(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		w := drawWorld(t, everything)
		whole := w.solve()
		for i, part := range whole.Parts {
			alone := w
			alone.part, alone.most = partOf(w, whole, part), w.most
			s := alone.solve()
			customers := map[string]bool{}
			for _, c := range s.Customers {
				customers[placesLine(alone, c)] = true
			}
			for _, c := range part {
				if !customers[placesLine(w, whole.Customers[c])] {
					t.Fatalf("alone, %s is no customer", placesLine(w, whole.Customers[c]))
				}
			}
			for p := range s.Parts {
				if s.Shared[s.Customers[s.Parts[p][0]][0]] {
					continue
				}
				if s.Contested[p] != whole.Contested[i] {
					t.Fatalf("part %d is contested in one of the two only", i)
				}
			}
			verdicts := map[string]bool{}
			for _, l := range whole.Links {
				verdicts[linkLine(w.part.Identities[l.A], w.part.Identities[l.B], l)] = true
			}
			for _, l := range s.Links {
				line := linkLine(alone.part.Identities[l.A], alone.part.Identities[l.B], l)
				if l.Reason != evidence.SharedValue && !verdicts[line] {
					t.Fatalf("together, there is no %s", line)
				}
			}
		}
	})
}

func placesLine(w world, places []int) string {
	var ids []identity.Identity
	for _, p := range places {
		ids = append(ids, w.part.Identities[p])
	}
	return names(ids)
}

// partOf is what has to be loaded to solve one part: its identities and their evidence, with the shared identities in it.
func partOf(w world, whole evidence.Solution, customers []int) evidence.Part {
	keep := map[int]bool{}
	for _, c := range customers {
		for _, place := range whole.Customers[c] {
			keep[place] = true
		}
	}
	touches := func(places ...int) bool {
		return slices.ContainsFunc(places, func(place int) bool { return keep[place] })
	}
	var sightings []evidence.Sighting
	wanted := maps.Clone(keep)
	for _, s := range w.part.Sightings {
		if touches(s.Members...) {
			sightings = append(sightings, s)
			for _, place := range s.Members {
				wanted[place] = true
			}
		}
	}
	for place, shared := range whole.Shared {
		if shared {
			wanted[place] = true
		}
	}
	var part evidence.Part
	moved := map[int]int{}
	for place, id := range w.part.Identities {
		if !wanted[place] || !keep[place] && !whole.Shared[place] {
			continue
		}
		moved[place] = len(part.Identities)
		part.Identities = append(part.Identities, id)
		part.Shared = append(part.Shared, whole.Shared[place])
		if w.part.LastSeen != nil {
			part.LastSeen = append(part.LastSeen, w.part.LastSeen[place])
		}
	}
	move := func(places []int) (list []int) {
		for _, place := range places {
			if to, ok := moved[place]; ok {
				list = append(list, to)
			}
		}
		return list
	}
	for _, s := range sightings {
		s.Members = move(s.Members)
		part.Sightings = append(part.Sightings, s)
	}
	for _, f := range w.part.Forced {
		part.Forced = append(part.Forced, evidence.Forced{Operation: f.Operation, A: move(f.A), B: move(f.B)})
	}
	for _, g := range w.part.Apart {
		part.Apart = append(part.Apart, evidence.Apart{Operation: g.Operation, A: move(g.A), B: move(g.B)})
	}
	return part
}

func TestAPartThatBreaksNoConstraintAsAWholeIsOneCustomer(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		w := drawWorld(t, options{})
		n := &naive{types: w.types, most: w.most, part: w.part}
		n.findShared()
		links := n.evidence()
		for _, l := range links {
			if l.reason == "" {
				l.reason = evidence.Same
			}
		}
		s := w.solve()
		for place, id := range w.part.Identities {
			if n.shared[id] {
				continue
			}
			part := reach(id, links, func(l *naiveLink) bool { return l.reason != evidence.SharedValue })
			if n.overLimit(part, links, false) || len(part) > w.most || !n.strongJoined(part, links) {
				continue
			}
			if got := placesLine(w, s.Customers[s.Customer[place]]); got != names(n.sorted(part)) {
				t.Fatalf("got %s, want %s", got, names(n.sorted(part)))
			}
		}
	})
}

func TestAPlainPartIsOneCustomer(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		w := drawWorld(t, everything)
		s := w.solve()
		for i, part := range s.Parts {
			if !s.Contested[i] && len(part) != 1 {
				t.Fatalf("part %d is plain and has %d customers", i, len(part))
			}
		}
		for _, l := range s.Links {
			if l.Accepted != (s.Customer[l.A] == s.Customer[l.B]) {
				t.Fatalf("accepted is %v, but together is %v", l.Accepted, s.Customer[l.A] == s.Customer[l.B])
			}
		}
	})
}
