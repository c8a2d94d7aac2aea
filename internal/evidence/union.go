package evidence

import (
	"slices"
	"time"
)

// union is the sets while links are taken (S7). A set is known by the rank of its root.
type union struct {
	*solver
	most   int
	parent []int32
	size   []int32
	next   []int32 // the members of a set form a list that starts at its root; -1 ends it
	tail   []int32 // by root: the last of the list
	strong []bool  // by root: it holds a strong identity
	broken []bool  // by root: forced links have brought it over a limit
	counts [][]count
	merged [][]int32 // by root: the aliases that it holds, as the first of them, ascending
	sides  [][]int32 // by root: the sides of keepApart groups it holds one of, ascending; the other side is ^1
	seen   []int32   // scratch for windows: by rank, how often an alias is in the window
	window []seen    // scratch for windows
}

// count is how many values of a kind with a limit a set holds, aliases once.
type count struct{ kind, n int32 }

// seen is a value and when it was seen last.
type seen struct {
	at    time.Time
	value int32
}

func (s *solver) newUnion(most int) *union {
	n := len(s.order)
	numbers := make([]int32, 4*n)
	u := &union{
		solver: s, most: most, parent: numbers[:n:n], size: numbers[n : 2*n : 2*n], next: numbers[2*n : 3*n : 3*n],
		tail: numbers[3*n:], strong: make([]bool, n), broken: make([]bool, n), counts: make([][]count, n),
	}
	each := make([]count, n)
	for i := range int32(n) {
		k := s.of(i)
		u.parent[i], u.size[i], u.next[i], u.tail[i], u.strong[i] = i, 1, -1, i, k.strong
		if k.limit > 0 {
			each[i] = count{s.kind[i], 1}
			u.counts[i] = each[i : i+1 : i+1]
		}
	}
	if s.alias != nil {
		u.merged = make([][]int32, n)
		for i, first := range s.alias {
			if first >= 0 && s.of(first).limit > 0 {
				u.merged[i] = []int32{first}
			}
		}
	}
	if len(s.part.Apart) > 0 {
		u.sides = make([][]int32, n)
		for g, group := range s.part.Apart {
			u.addSide(group.A, int32(2*g))
			u.addSide(group.B, int32(2*g+1))
		}
	}
	return u
}

func (u *union) addSide(places []int, side int32) {
	for _, place := range places {
		rank := u.rank[place]
		u.sides[rank] = insert(u.sides[rank], side)
	}
}

// insert adds a number to an ascending slice that holds each once.
func insert(to []int32, number int32) []int32 {
	at, found := slices.BinarySearch(to, number)
	if found {
		return to
	}
	return slices.Insert(to, at, number)
}

// find is the root of the set that holds an identity.
func (u *union) find(a int32) int32 {
	for u.parent[a] != a {
		u.parent[a] = u.parent[u.parent[a]]
		a = u.parent[a]
	}
	return a
}

// take joins the sets of two identities unless the union would break a constraint, and says which.
func (u *union) take(a, b int32, class int) Reason {
	a, b = u.find(a), u.find(b)
	if a == b {
		return Same
	}
	if u.size[a] < u.size[b] {
		a, b = b, a
	}
	if u.keptApart(a, b) {
		return KeptApart
	}
	over := u.overLimit(a, b)
	switch {
	case class == ClassForced:
	case over:
		return OverLimit
	case class > ClassStrong && u.strong[a] && u.strong[b]:
		// Links of the first classes have all been taken: two sets with strong identities are two that these do not join.
		return TooWeak
	case int(u.size[a])+int(u.size[b]) > u.most:
		return OverCap
	}
	u.join(a, b, over)
	return Same
}

// join adds the smaller set b to a.
func (u *union) join(a, b int32, broken bool) {
	u.joinCounts(a, b)
	if u.merged != nil {
		u.merged[a] = join(u.merged[a], u.merged[b])
	}
	if u.sides != nil {
		u.sides[a] = join(u.sides[a], u.sides[b])
	}
	u.parent[b] = a
	u.size[a] += u.size[b]
	u.next[u.tail[a]], u.tail[a] = b, u.tail[b]
	u.strong[a] = u.strong[a] || u.strong[b]
	u.broken[a] = broken
}

func (u *union) joinCounts(a, b int32) {
	to, from := u.counts[a], u.counts[b]
	if len(to) < len(from) {
		to, from = from, to
	}
	for _, c := range from {
		if at, found := findCount(to, c.kind); found {
			to[at].n += c.n - u.aliasesInBoth(a, b, c.kind)
		} else {
			to = slices.Insert(to, at, c)
		}
	}
	u.counts[a] = to
}

// join merges the shorter of two ascending slices into the longer.
func join(a, b []int32) []int32 {
	if len(a) < len(b) {
		a, b = b, a
	}
	for _, number := range b {
		a = insert(a, number)
	}
	return a
}

func findCount(counts []count, kind int32) (int, bool) {
	return slices.BinarySearchFunc(counts, kind, func(c count, k int32) int { return int(c.kind - k) })
}

// keptApart is C1. Neither set holds both sides of a group yet, unless one identity is on both.
func (u *union) keptApart(a, b int32) bool {
	if u.sides == nil {
		return false
	}
	x, y := u.sides[a], u.sides[b]
	if len(x) < len(y) {
		x, y = y, x
	}
	for _, side := range y {
		if _, found := slices.BinarySearch(x, side^1); found {
			return true
		}
	}
	return false
}

// overLimit is C2. Only kinds that both sets hold can have become too many.
func (u *union) overLimit(a, b int32) bool {
	if u.broken[a] || u.broken[b] {
		return true
	}
	x, y := u.counts[a], u.counts[b]
	if len(x) < len(y) {
		x, y = y, x
	}
	for _, c := range y {
		at, found := findCount(x, c.kind)
		if !found {
			continue
		}
		k := &u.kinds[c.kind]
		limit := int32(min(k.limit, len(u.order)))
		if c.n+x[at].n <= limit || c.n+x[at].n-u.aliasesInBoth(a, b, c.kind) <= limit {
			continue
		}
		if k.window == 0 || u.overWindow(a, b, k) {
			return true
		}
	}
	return false
}

// aliasesInBoth counts the values of a kind that both sets hold under different names.
func (u *union) aliasesInBoth(a, b, kind int32) int32 {
	if u.merged == nil {
		return 0
	}
	x, y := u.merged[a], u.merged[b]
	if len(x) < len(y) {
		x, y = y, x
	}
	n := int32(0)
	for _, first := range y {
		if u.kind[first] != kind {
			continue
		}
		if _, found := slices.BinarySearch(x, first); found {
			n++
		}
	}
	return n
}

// overWindow says that some half-open window holds the last sightings of more values of a kind than its limit.
func (u *union) overWindow(a, b int32, k *kind) bool {
	u.window = u.window[:0]
	for _, root := range [2]int32{a, b} {
		for i := root; i >= 0; i = u.next[i] {
			if i < k.first || i >= k.end || u.lastSeen[i].IsZero() {
				continue
			}
			value := i
			if u.alias != nil && u.alias[i] >= 0 {
				value = u.alias[i]
			}
			u.window = append(u.window, seen{u.lastSeen[i], value})
		}
	}
	slices.SortFunc(u.window, func(x, y seen) int { return x.at.Compare(y.at) })
	if u.seen == nil {
		u.seen = make([]int32, len(u.order))
	}
	start, values, over := 0, 0, false
	for _, last := range u.window {
		for !last.at.Before(u.window[start].at.Add(k.window)) {
			if u.seen[u.window[start].value]--; u.seen[u.window[start].value] == 0 {
				values--
			}
			start++
		}
		if u.seen[last.value]++; u.seen[last.value] == 1 {
			values++
		}
		if values > k.limit {
			over = true
			break
		}
	}
	for _, s := range u.window {
		u.seen[s.value] = 0
	}
	return over
}
