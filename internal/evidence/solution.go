package evidence

// solution names what was found in the words of the part.
func (s *solver) solution(u *union, links, lost []Link) Solution {
	n := len(s.order)
	result := Solution{Links: append(links, lost...), Customer: make([]int, n), Shared: make([]bool, n)}
	// The first of a set in the order of ranks is its strongest.
	number := make([]int, n)
	for i := range number {
		number[i] = -1
	}
	roots := make([]int32, 0, n)
	for i := range int32(n) {
		root := u.find(i)
		if number[root] < 0 {
			number[root] = len(roots)
			roots = append(roots, root)
		}
		result.Customer[s.order[i]] = number[root]
		result.Shared[s.order[i]] = s.shared[i]
	}
	result.Customers = make([][]int, len(roots))
	members := make([]int, n)
	for c, root := range roots {
		size := int(u.size[root])
		result.Customers[c], members = members[:0:size], members[size:]
	}
	for i := range int32(n) {
		c := number[u.find(i)]
		result.Customers[c] = append(result.Customers[c], s.order[i])
	}
	contested := s.contested(u, roots, number)
	result.Parts, result.Contested = s.parts(u, links, number, contested)
	for i := range result.Links {
		l := &result.Links[i]
		l.A, l.B = s.order[l.A], s.order[l.B]
	}
	return result
}

// contested says of each customer whether it keeps its part from being plain.
func (s *solver) contested(u *union, roots []int32, number []int) []bool {
	contested := make([]bool, len(roots))
	for c, root := range roots {
		contested[c] = int(u.size[root]) > u.most
		for _, count := range u.counts[root] {
			if int(count.n) > s.kinds[count.kind].limit {
				contested[c] = true
			}
		}
	}
	for i := range int32(len(s.order)) {
		if s.shared[i] || s.named != nil && s.named[i] {
			contested[number[u.find(i)]] = true
		}
	}
	return contested
}

// parts joins the customers that rejected links tie.
func (s *solver) parts(u *union, links []Link, number []int, contested []bool) ([][]int, []bool) {
	first := make([]int, len(contested))
	for c := range first {
		first[c] = c
	}
	find := func(c int) int {
		for first[c] != c {
			first[c] = first[first[c]]
			c = first[c]
		}
		return c
	}
	for i := range links {
		if links[i].Accepted {
			continue
		}
		a, b := find(number[u.find(int32(links[i].A))]), find(number[u.find(int32(links[i].B))])
		first[max(a, b)] = min(a, b)
	}
	var parts [][]int
	var verdicts []bool
	place := make([]int, len(contested))
	for c := range contested {
		f := find(c)
		if f == c {
			place[c] = len(parts)
			parts = append(parts, []int{c})
			verdicts = append(verdicts, contested[c])
			continue
		}
		parts[place[f]] = append(parts[place[f]], c)
		verdicts[place[f]] = true
	}
	return parts, verdicts
}
