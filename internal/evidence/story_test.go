package evidence_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/onecdp/onecdp/internal/evidence"
	"github.com/onecdp/onecdp/internal/identity"
)

// story is evidence told in words: identities are written type:value or type/scope:value, several with blanks between them.
type story struct {
	world
	places map[string]int
}

func tell(t testing.TB) *story {
	t.Helper()
	return &story{world: world{types: defaults(t), most: 500}, places: map[string]int{}}
}

func (s *story) ids(words string) []int {
	var places []int
	for word := range strings.FieldsSeq(words) {
		place, known := s.places[word]
		if !known {
			kind, value, _ := strings.Cut(word, ":")
			typ, scope, _ := strings.Cut(kind, "/")
			place = len(s.part.Identities)
			s.places[word] = place
			s.part.Identities = append(s.part.Identities, identity.Identity{Type: identity.TypeName(typ), Scope: scope, Value: value})
		}
		places = append(places, place)
	}
	return places
}

// record is one record on a day.
func (s *story) record(on int, members string) *story {
	s.part.Sightings = append(s.part.Sightings, evidence.Sighting{
		Set: int64(len(s.part.Sightings) + 1), Members: s.ids(members), First: day(on), Last: day(on), Count: 1,
	})
	return s
}

func (s *story) force(a, b string) *story {
	s.part.Forced = append(s.part.Forced, evidence.Forced{Operation: int64(len(s.part.Forced) + 1), A: s.ids(a), B: s.ids(b)})
	return s
}

func (s *story) apart(a, b string) *story {
	s.part.Apart = append(s.part.Apart, evidence.Apart{Operation: int64(len(s.part.Apart) + 100), A: s.ids(a), B: s.ids(b)})
	return s
}

// with changes the types.
func (s *story) with(t testing.TB, change func(*identity.Type)) *story {
	t.Helper()
	types := s.types.Types()
	for i := range types {
		change(&types[i])
	}
	s.types = registry(t, types)
	return s
}

// expect compares the customers, strongest first, and the links that were rejected, in the order in which they were taken. Each is
// asked of the second implementation too.
func (s *story) expect(t *testing.T, customers []string, rejected ...string) evidence.Solution {
	t.Helper()
	solution := s.solve()
	compareLines(t, describe(s.world, solution), s.naively())
	words := make([]string, len(s.part.Identities))
	for word, place := range s.places {
		words[place] = word
	}
	var got []string
	for _, c := range solution.Customers {
		var members []string
		for _, place := range c {
			members = append(members, words[place])
		}
		got = append(got, strings.Join(members, " "))
	}
	if !slices.Equal(got, customers) {
		t.Errorf("customers are %q, want %q", got, customers)
	}
	got = nil
	for _, l := range solution.Links {
		if !l.Accepted {
			got = append(got, words[l.A]+" "+words[l.B]+" "+string(l.Reason))
		}
	}
	if !slices.Equal(got, rejected) {
		t.Errorf("rejected are %q, want %q", got, rejected)
	}
	return solution
}
