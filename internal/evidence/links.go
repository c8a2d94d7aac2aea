package evidence

import (
	"cmp"
	"slices"
	"time"

	"github.com/onecdp/onecdp/internal/identity"
)

// solver holds a part in terms of ranks. Inside it the ends of a link are ranks, not places.
type solver struct {
	*ranks
	part     Part
	members  [][]int32 // of each sighting, strongest first, each once
	shared   []bool    // by rank
	lastSeen []time.Time
	named    []bool  // by rank: an operator's link or keepApart names it; nil: none does
	alias    []int32 // by rank: the first of its aliases, -1: it has none; nil: nobody has
}

func newSolver(types *identity.Registry, part Part) *solver {
	s := &solver{ranks: newRanks(types, part.Identities), part: part}
	n := len(part.Identities)
	s.shared = make([]bool, n)
	for place, shared := range part.Shared {
		s.shared[s.rank[place]] = shared
	}
	s.members = make([][]int32, len(part.Sightings))
	total := 0
	for i := range part.Sightings {
		total += len(part.Sightings[i].Members)
	}
	backing := make([]int32, 0, total)
	s.lastSeen = make([]time.Time, n)
	for i := range part.Sightings {
		sighting := &part.Sightings[i]
		start := len(backing)
		for _, place := range sighting.Members {
			rank := s.rank[place]
			backing = append(backing, rank)
			if sighting.Last.After(s.lastSeen[rank]) {
				s.lastSeen[rank] = sighting.Last
			}
		}
		members := backing[start:len(backing):len(backing)]
		slices.Sort(members)
		s.members[i] = slices.Compact(members)
	}
	if part.LastSeen != nil {
		for place, seen := range part.LastSeen {
			s.lastSeen[s.rank[place]] = seen
		}
	}
	return s
}

// pair packs two ranks, the first to sort by.
func pair(a, b int32) uint64 { return uint64(a)<<32 | uint64(b) }

func unpack(p uint64) (a, b int32) { return int32(p >> 32), int32(p & (1<<32 - 1)) }

// findShared counts owners (S5): for each identity with maxOwners, the different centres that stars tie it to, within each
// single-valued kind of lower priority number. The stars are those with the shared identities still in them.
func (s *solver) findShared() {
	var ties []uint64
	for _, members := range s.members {
		if len(members) < 2 {
			continue
		}
		owner := s.of(members[0])
		if !owner.single {
			continue
		}
		for _, rank := range members[1:] {
			k := s.of(rank)
			if k.owners > 0 && owner.priority < k.priority && !s.shared[rank] {
				ties = append(ties, pair(rank, members[0]))
			}
		}
	}
	slices.Sort(ties)
	ties = slices.Compact(ties)
	for start := 0; start < len(ties); {
		rank, first := unpack(ties[start])
		end := start + 1
		for ; end < len(ties); end++ {
			if r, owner := unpack(ties[end]); r != rank || s.kind[owner] != s.kind[first] {
				break
			}
		}
		if end-start > s.of(rank).owners {
			s.shared[rank] = true
		}
		start = end
	}
}

// forcedLinks are the links of S4, those of shared identities apart. They also find who is named by operators, and aliases.
func (s *solver) forcedLinks(types *identity.Registry) (links, lost []Link) {
	s.nameApart()
	add := func(a, b int32, by Link) {
		if a == b {
			return
		}
		by.A, by.B, by.Class = int(min(a, b)), int(max(a, b)), ClassForced
		if s.shared[a] || s.shared[b] {
			by.Reason = SharedValue
			lost = append(lost, by)
			return
		}
		links = append(links, by)
		if s.kind[a] == s.kind[b] {
			s.addAlias(a, b)
		}
	}
	for _, f := range s.part.Forced {
		s.name(f.A)
		s.name(f.B)
		for _, a := range f.A {
			for _, b := range f.B {
				add(s.rank[a], s.rank[b], Link{Operation: f.Operation})
			}
		}
	}
	s.closeAliases()
	s.eachDerived(types, func(email, hash int32) { add(email, hash, Link{Derived: true}) })
	return s.onlyOnce(links), s.onlyOnce(lost)
}

// eachDerived finds the emails whose hashes are among the identities.
func (s *solver) eachDerived(types *identity.Registry, found func(email, hash int32)) {
	emails := slices.IndexFunc(s.kinds, func(k kind) bool { return k.name == identity.Email })
	hashes := slices.IndexFunc(s.kinds, func(k kind) bool { return k.name == identity.EmailSHA256 })
	if emails < 0 || hashes < 0 {
		return
	}
	for k := emails; k < len(s.kinds) && s.kinds[k].name == identity.Email; k++ {
		for email := s.kinds[k].first; email < s.kinds[k].end; email++ {
			hash, ok := types.Derived(s.part.Identities[s.order[email]])
			if !ok {
				continue
			}
			for h := hashes; h < len(s.kinds) && s.kinds[h].name == identity.EmailSHA256; h++ {
				ranks := s.order[s.kinds[h].first:s.kinds[h].end]
				at, ok := slices.BinarySearchFunc(ranks, hash, func(place int, want identity.Identity) int {
					return s.part.Identities[place].CompareText(want)
				})
				if ok {
					found(email, s.kinds[h].first+int32(at))
				}
			}
		}
	}
}

// onlyOnce sorts forced links and drops what is said twice.
func (s *solver) onlyOnce(links []Link) []Link {
	return slices.CompactFunc(s.sorted(links), func(x, y Link) bool {
		return x.A == y.A && x.B == y.B && x.Derived == y.Derived && x.Operation == y.Operation
	})
}

func (s *solver) name(places []int) {
	if s.named == nil {
		s.named = make([]bool, len(s.order))
	}
	for _, place := range places {
		s.named[s.rank[place]] = true
	}
}

func (s *solver) nameApart() {
	for _, group := range s.part.Apart {
		s.name(group.A)
		s.name(group.B)
	}
}

// addAlias joins two values of one kind. alias points towards the first of them until closeAliases.
func (s *solver) addAlias(a, b int32) {
	if s.alias == nil {
		s.alias = make([]int32, len(s.order))
		for i := range s.alias {
			s.alias[i] = -1
		}
	}
	a, b = s.firstAlias(a), s.firstAlias(b)
	s.alias[max(a, b)] = min(a, b)
	s.alias[min(a, b)] = min(a, b)
}

func (s *solver) firstAlias(a int32) int32 {
	for s.alias[a] >= 0 && s.alias[a] != a {
		s.alias[a] = s.alias[s.alias[a]]
		a = s.alias[a]
	}
	return a
}

func (s *solver) closeAliases() {
	for i := range s.alias {
		if s.alias[i] >= 0 {
			s.alias[i] = s.firstAlias(int32(i))
		}
	}
}

// starLinks are the links that records show (S3). lost are the rays of shared identities, in the stars as they would be
// if these were not left out.
func (s *solver) starLinks() (links, lost []Link) {
	type ray struct {
		ends     uint64
		sighting int32
	}
	var rays, dark []ray
	for i, members := range s.members {
		center, shared := int32(-1), false
		for _, rank := range members {
			switch {
			case s.shared[rank]:
				shared = true
			case center < 0:
				center = rank
			default:
				rays = append(rays, ray{pair(center, rank), int32(i)})
			}
		}
		if !shared {
			continue
		}
		for _, rank := range members[1:] {
			if s.shared[rank] || s.shared[members[0]] {
				dark = append(dark, ray{pair(members[0], rank), int32(i)})
			}
		}
	}
	gather := func(rays []ray, reason Reason) []Link {
		slices.SortFunc(rays, func(x, y ray) int {
			if x.ends != y.ends {
				return cmp.Compare(x.ends, y.ends)
			}
			return cmp.Compare(s.part.Sightings[x.sighting].Set, s.part.Sightings[y.sighting].Set)
		})
		pairs := 0
		for i := range rays {
			if i == 0 || rays[i].ends != rays[i-1].ends {
				pairs++
			}
		}
		sets, links := make([]int64, 0, len(rays)), make([]Link, 0, pairs)
		for start := 0; start < len(rays); {
			a, b := unpack(rays[start].ends)
			first := &s.part.Sightings[rays[start].sighting]
			l := Link{A: int(a), B: int(b), Class: s.classOf(a, b), First: first.First, Last: first.Last, Reason: reason}
			from, end := len(sets), start
			for ; end < len(rays) && rays[end].ends == rays[start].ends; end++ {
				sighting := &s.part.Sightings[rays[end].sighting]
				if sighting.First.Before(l.First) {
					l.First = sighting.First
				}
				if sighting.Last.After(l.Last) {
					l.Last = sighting.Last
				}
				l.Count += sighting.Count
				if len(sets) == from || sets[len(sets)-1] != sighting.Set {
					sets = append(sets, sighting.Set)
				}
			}
			l.Sets = sets[from:len(sets):len(sets)]
			links = append(links, l)
			start = end
		}
		return links
	}
	return gather(rays, ""), gather(dark, SharedValue)
}

// sorted is the links in the order in which they are taken (S6). What is moved about are their numbers: links are large.
func (s *solver) sorted(lists ...[]Link) []Link {
	links := slices.Concat(lists...)
	order := make([]int32, len(links))
	for i := range order {
		order[i] = int32(i)
	}
	slices.SortFunc(order, func(x, y int32) int { return s.compare(&links[x], &links[y]) })
	result := make([]Link, len(links))
	for i, at := range order {
		result[i] = links[at]
	}
	return result
}

func (s *solver) compare(x, y *Link) int {
	switch {
	case x.Class != y.Class:
		return x.Class - y.Class
	case x.Class == ClassForced:
		return s.compareForced(x, y)
	}
	xa, xb := s.of(int32(x.A)), s.of(int32(x.B))
	ya, yb := s.of(int32(y.A)), s.of(int32(y.B))
	if c := xb.priority - yb.priority; c != 0 {
		return int(c)
	}
	stronger := int(xa.priority - ya.priority)
	if x.Class == ClassStrong && stronger != 0 {
		return stronger
	}
	if c := compareTimes(x, y, xb.latest, yb.latest); c != 0 {
		return c
	}
	if stronger != 0 {
		return stronger
	}
	// Among identities of one priority the order of ranks is that of (type, scope, value).
	if x.A != y.A {
		return x.A - y.A
	}
	return x.B - y.B
}

// compareTimes is the order by the onConflict of the weaker ends.
func compareTimes(x, y *Link, xLatest, yLatest bool) int {
	switch {
	case xLatest && yLatest:
		return y.Last.Compare(x.Last)
	case xLatest:
		return -1
	case yLatest:
		return 1
	}
	return x.First.Compare(y.First)
}

// compareForced orders by the smaller end, then the greater; links of one pair by who made them, which decides nothing.
func (s *solver) compareForced(x, y *Link) int {
	xa, xb := s.text[x.A], s.text[x.B]
	ya, yb := s.text[y.A], s.text[y.B]
	if c := min(xa, xb) - min(ya, yb); c != 0 {
		return int(c)
	}
	if c := max(xa, xb) - max(ya, yb); c != 0 {
		return int(c)
	}
	if x.Derived != y.Derived {
		if x.Derived {
			return -1
		}
		return 1
	}
	return cmp.Compare(x.Operation, y.Operation)
}
