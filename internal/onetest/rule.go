package onetest

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/onecdp/onecdp/internal/identity"
)

// Link ties two identities: all that records say of the pair, or what an operation says.
type Link struct {
	A, B        identity.Identity // A is the stronger
	Class       int
	First, Last time.Time
	Reason      string // same: accepted
}

// Answer is who is who.
type Answer struct {
	Customers [][]identity.Identity // each strongest first
	Of        map[identity.Identity]int
	Shared    map[identity.Identity]bool
	Links     []*Link
}

type set map[identity.Identity]bool

// Solve is S3 to S8.
func (l *Log) Solve() *Answer {
	s := &solving{Log: l, members: map[*Record][]identity.Identity{}, exists: set{}, lastSeen: map[identity.Identity]time.Time{}}
	for _, r := range l.Records {
		s.members[r] = l.members(r)
		for _, id := range s.members[r] {
			s.exists[id] = true
			if r.At.After(s.lastSeen[id]) {
				s.lastSeen[id] = r.At
			}
		}
	}
	s.findShared()
	s.gather()
	s.take()
	return s.answer()
}

type solving struct {
	*Log

	members  map[*Record][]identity.Identity
	exists   set
	lastSeen map[identity.Identity]time.Time // the newest record that names it
	shared   set
	links    []*Link
	aliases  [][2]identity.Identity
	sets     map[identity.Identity]set
	firm     map[identity.Identity]set // joined by links of class 0 and 1
}

// star is a record's identities without those that operators unlinked.
func (s *solving) star(r *Record) []identity.Identity {
	return slices.DeleteFunc(slices.Clone(s.members[r]), func(id identity.Identity) bool { return s.unlinked(id, r.At) })
}

// findShared is S5.
func (s *solving) findShared() {
	s.shared = set{}
	type kind struct {
		name  identity.TypeName
		scope string
	}
	owners := map[identity.Identity]map[kind]set{}
	for _, r := range s.Records {
		star := s.star(r)
		for i := 1; i < len(star); i++ {
			center, id := star[0], star[i]
			t := s.typeOf(center)
			if t.MaxPerCustomer == nil || *t.MaxPerCustomer != 1 || t.LimitWindow != "" || t.Priority >= s.typeOf(id).Priority {
				continue
			}
			if owners[id] == nil {
				owners[id] = map[kind]set{}
			}
			in := kind{center.Type, center.Scope}
			if owners[id][in] == nil {
				owners[id][in] = set{}
			}
			owners[id][in][center] = true
			if most := s.typeOf(id).MaxOwners; most != nil && len(owners[id][in]) > *most {
				s.shared[id] = true
			}
		}
	}
}

// gather makes the links of S3 and S4.
func (s *solving) gather() {
	byEnds := map[Pair]*Link{}
	for _, r := range s.Records {
		star := slices.DeleteFunc(s.star(r), func(id identity.Identity) bool { return s.shared[id] })
		for i := 1; i < len(star); i++ {
			ends := Pair{star[0], star[i]}
			one := byEnds[ends]
			if one == nil {
				one = &Link{A: ends[0], B: ends[1], Class: 1, First: r.At, Last: r.At}
				if !s.strong(ends[0]) {
					one.Class++
				}
				if !s.strong(ends[1]) {
					one.Class++
				}
				byEnds[ends] = one
				s.links = append(s.links, one)
			}
			if r.At.Before(one.First) {
				one.First = r.At
			}
			if r.At.After(one.Last) {
				one.Last = r.At
			}
		}
	}
	for _, pair := range s.Log.links() {
		if pair[0] != pair[1] && s.exists[pair[0]] && s.exists[pair[1]] && !s.shared[pair[0]] && !s.shared[pair[1]] {
			s.force(pair)
			if pair[0].Type == pair[1].Type && pair[0].Scope == pair[1].Scope {
				s.aliases = append(s.aliases, pair)
			}
		}
	}
	for id := range s.exists {
		hash, ok := s.Types.Derived(id)
		if ok && s.exists[hash] && !s.shared[id] && !s.shared[hash] {
			s.force(Pair{id, hash})
		}
	}
}

func (s *solving) force(pair Pair) {
	if s.compare(pair[0], pair[1]) > 0 {
		pair[0], pair[1] = pair[1], pair[0]
	}
	s.links = append(s.links, &Link{A: pair[0], B: pair[1]})
}

// order is S6.
func (s *solving) order(x, y *Link) int {
	if x.Class != y.Class {
		return x.Class - y.Class
	}
	if x.Class == 0 {
		ends := func(l *Link) (smaller, greater identity.Identity) {
			if compareText(l.A, l.B) < 0 {
				return l.A, l.B
			}
			return l.B, l.A
		}
		xs, xg := ends(x)
		ys, yg := ends(y)
		return cmp.Or(compareText(xs, ys), compareText(xg, yg))
	}
	weaker := cmp.Compare(s.typeOf(x.B).Priority, s.typeOf(y.B).Priority)
	stronger := cmp.Compare(s.typeOf(x.A).Priority, s.typeOf(y.A).Priority)
	when := 0
	xLatest, yLatest := s.typeOf(x.B).OnConflict == identity.Latest, s.typeOf(y.B).OnConflict == identity.Latest
	switch {
	case xLatest && yLatest:
		when = y.Last.Compare(x.Last)
	case !xLatest && !yLatest:
		when = x.First.Compare(y.First)
	case xLatest: // not said by the text
		when = -1
	default:
		when = 1
	}
	text := cmp.Or(compareText(x.A, y.A), compareText(x.B, y.B))
	if x.Class == 1 {
		return cmp.Or(weaker, stronger, when, text)
	}
	return cmp.Or(weaker, when, stronger, text)
}

// take is S7.
func (s *solving) take() {
	slices.SortStableFunc(s.links, s.order)
	s.sets, s.firm = map[identity.Identity]set{}, map[identity.Identity]set{}
	for id := range s.exists {
		s.sets[id], s.firm[id] = set{id: true}, set{id: true}
	}
	for _, one := range s.links {
		union := unite(s.sets[one.A], s.sets[one.B])
		one.Reason = "same"
		if !s.sets[one.A][one.B] {
			one.Reason = s.breaks(union, one.Class)
		}
		if one.Reason != "same" {
			continue
		}
		for id := range union {
			s.sets[id] = union
		}
		if one.Class <= 1 {
			joined := unite(s.firm[one.A], s.firm[one.B])
			for id := range joined {
				s.firm[id] = joined
			}
		}
	}
}

func unite(a, b set) set {
	union := set{}
	for id := range a {
		union[id] = true
	}
	for id := range b {
		union[id] = true
	}
	return union
}

func (s *solving) breaks(union set, class int) string {
	for _, pair := range s.apart() {
		if pair[0] != pair[1] && union[pair[0]] && union[pair[1]] {
			return "apart"
		}
	}
	if class == 0 {
		return "same"
	}
	for id := range union {
		if s.overLimit(union, id) {
			return "limit"
		}
	}
	if class >= 2 {
		for a := range union {
			for b := range union {
				if s.strong(a) && s.strong(b) && !s.firm[a][b] {
					return "weak"
				}
			}
		}
	}
	if len(union) > s.Most {
		return "cap"
	}
	return "same"
}

// overLimit is C2 for the type and scope of one of a union.
func (s *solving) overLimit(union set, one identity.Identity) bool {
	t := s.typeOf(one)
	if t.MaxPerCustomer == nil {
		return false
	}
	values := func(counts func(identity.Identity) bool) int {
		n, counted := 0, set{}
		for id := range union {
			if id.Type != one.Type || id.Scope != one.Scope || !counts(id) || counted[id] {
				continue
			}
			n++
			counted = unite(counted, s.aliasesOf(id))
		}
		return n
	}
	if t.Window() == 0 {
		return values(func(identity.Identity) bool { return true }) > *t.MaxPerCustomer
	}
	from := s.lastSeen[one]
	return values(func(id identity.Identity) bool {
		seen := s.lastSeen[id]
		return !seen.Before(from) && seen.Before(from.Add(t.Window()))
	}) > *t.MaxPerCustomer
}

func (s *solving) aliasesOf(id identity.Identity) set {
	all := set{id: true}
	for grown := true; grown; {
		grown = false
		for _, pair := range s.aliases {
			if all[pair[0]] != all[pair[1]] {
				all[pair[0]], all[pair[1]], grown = true, true, true
			}
		}
	}
	return all
}

func (s *solving) answer() *Answer {
	a := &Answer{Of: map[identity.Identity]int{}, Shared: s.shared, Links: s.links}
	all := make([]identity.Identity, 0, len(s.exists))
	for id := range s.exists {
		all = append(all, id)
	}
	slices.SortFunc(all, s.compare)
	for _, id := range all {
		if _, done := a.Of[id]; done {
			continue
		}
		var members []identity.Identity
		for _, other := range all {
			if s.sets[id][other] {
				members = append(members, other)
				a.Of[other] = len(a.Customers)
			}
		}
		a.Customers = append(a.Customers, members)
	}
	return a
}

// compareText is the order of (type, scope, value).
func compareText(a, b identity.Identity) int {
	return cmp.Or(strings.Compare(string(a.Type), string(b.Type)), strings.Compare(a.Scope, b.Scope), strings.Compare(a.Value, b.Value))
}
