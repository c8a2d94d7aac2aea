package evidence_test

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/onecdp/onecdp/internal/evidence"
	"github.com/onecdp/onecdp/internal/identity"
)

// naive is the rule a second time, sentence by sentence from the specification: sets of identities, every question asked
// anew each time. It shares nothing with the other implementation but the names of the reasons and the registry.
type naive struct {
	types  *identity.Registry
	most   int
	part   evidence.Part
	shared map[identity.Identity]bool
}

type ends struct{ a, b identity.Identity }

type naiveLink struct {
	ends
	class       int
	first, last time.Time
	count       int
	sets        map[int64]bool
	operation   int64
	derived     bool
	reason      evidence.Reason
}

type set map[identity.Identity]bool

func (n *naive) typeOf(id identity.Identity) identity.Type {
	t, _ := n.types.Type(id.Type)
	return t
}

func (n *naive) strong(id identity.Identity) bool { return n.typeOf(id).Strength == identity.Strong }

func (n *naive) at(places []int) []identity.Identity {
	var ids []identity.Identity
	for _, p := range places {
		ids = append(ids, n.part.Identities[p])
	}
	return ids
}

// star links the strongest with each other one.
func (n *naive) star(ids []identity.Identity) map[ends]bool {
	links := map[ends]bool{}
	center, ok := n.types.Strongest(ids)
	for _, id := range ids {
		if ok && id != center {
			links[ends{center, id}] = true
		}
	}
	return links
}

func (n *naive) without(ids []identity.Identity, left set) []identity.Identity {
	return slices.DeleteFunc(slices.Clone(ids), func(id identity.Identity) bool { return left[id] })
}

// findShared is S5.
func (n *naive) findShared() {
	n.shared = set{}
	type scope struct {
		typ   identity.TypeName
		scope string
	}
	owners := map[identity.Identity]map[scope]set{}
	tie := func(id, owner identity.Identity) {
		t := n.typeOf(owner)
		if t.MaxPerCustomer == nil || *t.MaxPerCustomer != 1 || t.LimitWindow != "" || t.Priority >= n.typeOf(id).Priority {
			return
		}
		if owners[id] == nil {
			owners[id] = map[scope]set{}
		}
		in := scope{owner.Type, owner.Scope}
		if owners[id][in] == nil {
			owners[id][in] = set{}
		}
		owners[id][in][owner] = true
	}
	for _, s := range n.part.Sightings {
		for link := range n.star(n.at(s.Members)) {
			tie(link.a, link.b)
			tie(link.b, link.a)
		}
	}
	for i, id := range n.part.Identities {
		if n.part.Shared != nil && n.part.Shared[i] {
			n.shared[id] = true
		}
		for _, of := range owners[id] {
			if most := n.typeOf(id).MaxOwners; most != nil && len(of) > *most {
				n.shared[id] = true
			}
		}
	}
}

// evidence is S3 and S4: links of records, then forced ones. Those of shared identities come with that reason.
func (n *naive) evidence() []*naiveLink {
	var links []*naiveLink
	byEnds := map[ends]*naiveLink{}
	for _, s := range n.part.Sightings {
		shown := n.star(n.without(n.at(s.Members), n.shared))
		for link := range n.star(n.at(s.Members)) {
			if n.shared[link.a] || n.shared[link.b] {
				shown[link] = true
			}
		}
		for e := range shown {
			l := byEnds[e]
			if l == nil {
				l = &naiveLink{ends: e, first: s.First, last: s.Last, sets: map[int64]bool{}}
				byEnds[e] = l
				links = append(links, l)
			}
			if s.First.Before(l.first) {
				l.first = s.First
			}
			if s.Last.After(l.last) {
				l.last = s.Last
			}
			l.count += s.Count
			l.sets[s.Set] = true
			switch {
			case n.strong(e.a) && n.strong(e.b):
				l.class = 1
			case n.strong(e.a) || n.strong(e.b):
				l.class = 2
			default:
				l.class = 3
			}
		}
	}
	forced := map[string]*naiveLink{}
	force := func(a, b identity.Identity, operation int64, derived bool) {
		if a == b {
			return
		}
		if n.types.Compare(a, b) > 0 {
			a, b = b, a
		}
		name := fmt.Sprint(a, b, operation, derived)
		if forced[name] == nil {
			forced[name] = &naiveLink{ends: ends{a, b}, operation: operation, derived: derived}
			links = append(links, forced[name])
		}
	}
	for _, f := range n.part.Forced {
		for _, a := range n.at(f.A) {
			for _, b := range n.at(f.B) {
				force(a, b, f.Operation, false)
			}
		}
	}
	for _, a := range n.part.Identities {
		for _, b := range n.part.Identities {
			if hash, ok := n.types.Derived(a); ok && hash == b {
				force(a, b, 0, true)
			}
		}
	}
	for _, l := range links {
		if n.shared[l.a] || n.shared[l.b] {
			l.reason = evidence.SharedValue
		}
	}
	slices.SortFunc(links, n.order)
	return links
}

func text(id identity.Identity) string {
	return string(id.Type) + "\x00" + id.Scope + "\x00" + id.Value
}

// order is S6; the links of shared identities come after all others.
func (n *naive) order(x, y *naiveLink) int {
	late := func(l *naiveLink) int {
		if l.reason == evidence.SharedValue {
			return 1
		}
		return 0
	}
	if c := cmp.Or(late(x)-late(y), x.class-y.class); c != 0 {
		return c
	}
	if x.class == 0 {
		smaller := func(l *naiveLink) string { return min(text(l.a), text(l.b)) }
		greater := func(l *naiveLink) string { return max(text(l.a), text(l.b)) }
		return cmp.Or(strings.Compare(smaller(x), smaller(y)), strings.Compare(greater(x), greater(y)),
			cmp.Compare(x.operation, y.operation)) // the derived one has operation 0
	}
	weaker := cmp.Compare(n.typeOf(x.b).Priority, n.typeOf(y.b).Priority)
	stronger := cmp.Compare(n.typeOf(x.a).Priority, n.typeOf(y.a).Priority)
	var when int
	switch xp, yp := n.typeOf(x.b).OnConflict, n.typeOf(y.b).OnConflict; {
	case xp == identity.Latest && yp == identity.Latest:
		when = y.last.Compare(x.last)
	case xp == identity.Earliest && yp == identity.Earliest:
		when = x.first.Compare(y.first)
	case xp == identity.Latest:
		when = -1
	default:
		when = 1
	}
	last := cmp.Or(strings.Compare(text(x.a), text(y.a)), strings.Compare(text(x.b), text(y.b)))
	if x.class == 1 {
		return cmp.Or(weaker, stronger, when, last)
	}
	return cmp.Or(weaker, when, stronger, last)
}

// lastSeen is the newest record that names an identity.
func (n *naive) lastSeen(id identity.Identity) (last time.Time) {
	i := slices.Index(n.part.Identities, id)
	if n.part.LastSeen != nil {
		return n.part.LastSeen[i]
	}
	for _, s := range n.part.Sightings {
		if slices.Contains(s.Members, i) && s.Last.After(last) {
			last = s.Last
		}
	}
	return last
}

// reach are the identities that links lead to from one.
func reach(from identity.Identity, links []*naiveLink, follow func(*naiveLink) bool) set {
	reached := set{from: true}
	for grown := true; grown; {
		grown = false
		for _, l := range links {
			if follow(l) && reached[l.a] != reached[l.b] {
				reached[l.a], reached[l.b], grown = true, true, true
			}
		}
	}
	return reached
}

// breaks is S7: the first constraint that a union would break.
func (n *naive) breaks(union set, class int, links []*naiveLink) evidence.Reason {
	for _, group := range n.part.Apart {
		for _, a := range n.at(group.A) {
			for _, b := range n.at(group.B) {
				if a != b && union[a] && union[b] {
					return evidence.KeptApart
				}
			}
		}
	}
	if class == 0 {
		return evidence.Same
	}
	if n.overLimit(union, links, false) {
		return evidence.OverLimit
	}
	if class >= 2 && !n.strongJoined(union, links) {
		return evidence.TooWeak
	}
	if len(union) > n.most {
		return evidence.OverCap
	}
	return evidence.Same
}

func (n *naive) strongJoined(union set, links []*naiveLink) bool {
	for a := range union {
		if !n.strong(a) {
			continue
		}
		joined := reach(a, links, func(l *naiveLink) bool { return l.class <= 1 && l.reason == evidence.Same })
		for b := range union {
			if n.strong(b) && !joined[b] {
				return false
			}
		}
	}
	return true
}

func (n *naive) overLimit(union set, links []*naiveLink, ignoreWindows bool) bool {
	for one := range union {
		t := n.typeOf(one)
		if t.MaxPerCustomer == nil {
			continue
		}
		alike := func(id identity.Identity) bool { return id.Type == one.Type && id.Scope == one.Scope }
		// values counts the values that some time holds, aliases once.
		values := func(holds func(identity.Identity) bool) int {
			count, counted := 0, set{}
			for id := range union {
				if !alike(id) || !holds(id) || counted[id] {
					continue
				}
				count++
				for alias := range reach(id, links, func(l *naiveLink) bool {
					return l.class == 0 && l.reason != evidence.SharedValue && alike(l.a) && alike(l.b)
				}) {
					counted[alias] = true
				}
			}
			return count
		}
		window := t.Window()
		if window == 0 || ignoreWindows {
			if values(func(identity.Identity) bool { return true }) > *t.MaxPerCustomer {
				return true
			}
			continue
		}
		x := n.lastSeen(one)
		if !x.IsZero() && values(func(id identity.Identity) bool {
			seen := n.lastSeen(id)
			return !seen.IsZero() && !seen.Before(x) && seen.Before(x.Add(window))
		}) > *t.MaxPerCustomer {
			return true
		}
	}
	return false
}
