package evidence_test

import (
	"fmt"
	"slices"
	"strings"

	"github.com/onecdp/onecdp/internal/evidence"
	"github.com/onecdp/onecdp/internal/identity"
)

// solve is the whole of S3 to S8, as text that can be compared.
func (n *naive) solve() []string {
	n.findShared()
	links := n.evidence()
	sets := map[identity.Identity]set{}
	for _, id := range n.part.Identities {
		sets[id] = set{id: true}
	}
	for _, l := range links {
		if l.reason != "" {
			continue
		}
		if sets[l.a][l.b] {
			l.reason = evidence.Same
			continue
		}
		union := set{}
		for _, side := range []set{sets[l.a], sets[l.b]} {
			for id := range side {
				union[id] = true
			}
		}
		// A link of class 0 or 1 is not asked for C3, so its own verdict is not needed yet.
		l.reason = n.breaks(union, l.class, links)
		if l.reason == evidence.Same {
			for id := range union {
				sets[id] = union
			}
		}
	}
	return n.describe(links, sets)
}

func (n *naive) describe(links []*naiveLink, sets map[identity.Identity]set) []string {
	var lines []string
	for _, l := range links {
		var ids []int64
		for id := range l.sets {
			ids = append(ids, id)
		}
		slices.Sort(ids)
		lines = append(lines, linkLine(l.a, l.b, evidence.Link{
			Class: l.class, First: l.first, Last: l.last, Count: l.count, Sets: ids,
			Operation: l.operation, Derived: l.derived, Accepted: l.reason == evidence.Same, Reason: l.reason,
		}))
	}
	sorted := slices.SortedFunc(slices.Values(n.part.Identities), n.types.Compare)
	done := set{}
	for _, id := range sorted {
		if !done[id] {
			lines = append(lines, "customer "+names(n.sorted(sets[id])))
		}
		for member := range sets[id] {
			done[member] = true
		}
		if n.shared[id] {
			lines = append(lines, "shared "+name(id))
		}
	}
	named := set{}
	for _, f := range n.part.Forced {
		for _, id := range append(n.at(f.A), n.at(f.B)...) {
			named[id] = true
		}
	}
	for _, g := range n.part.Apart {
		for _, id := range append(n.at(g.A), n.at(g.B)...) {
			named[id] = true
		}
	}
	done = set{}
	for _, id := range sorted {
		if done[id] {
			continue
		}
		part := reach(id, links, func(l *naiveLink) bool { return l.reason != evidence.SharedValue })
		plain := len(part) == len(sets[id]) && len(part) <= n.most && !n.overLimit(part, links, true) && n.strongJoined(part, links)
		for member := range part {
			done[member] = true
			plain = plain && !named[member] && !n.shared[member]
		}
		lines = append(lines, fmt.Sprintf("part %s contested %v", names(n.sorted(part)), !plain))
	}
	return lines
}

func (n *naive) sorted(ids set) []identity.Identity {
	var list []identity.Identity
	for id := range ids {
		list = append(list, id)
	}
	slices.SortFunc(list, n.types.Compare)
	return list
}

func name(id identity.Identity) string {
	value := id.Value
	if len(value) > 8 {
		value = value[:8]
	}
	if id.Scope != "" {
		return fmt.Sprintf("%s/%s:%s", id.Type, id.Scope, value)
	}
	return fmt.Sprintf("%s:%s", id.Type, value)
}

func names(ids []identity.Identity) string {
	var list []string
	for _, id := range ids {
		list = append(list, name(id))
	}
	return strings.Join(list, " ")
}

func linkLine(a, b identity.Identity, l evidence.Link) string {
	return fmt.Sprintf("link %s - %s class %d %d..%d count %d sets %v operation %d derived %v accepted %v %s",
		name(a), name(b), l.Class, l.First.Unix(), l.Last.Unix(), l.Count, l.Sets, l.Operation, l.Derived, l.Accepted, l.Reason)
}
