package oneid

// forest is a union-find: it says which nodes hang together.
type forest []int

// newForest has n nodes, each by itself.
func newForest(n int) forest {
	f := make(forest, 0, n)
	for range n {
		f.add()
	}
	return f
}

// add adds a node.
func (f *forest) add() int {
	*f = append(*f, len(*f))
	return len(*f) - 1
}

// find is the root of the tree that a node is in.
func (f forest) find(n int) int {
	for f[n] != n {
		f[n] = f[f[n]]
		n = f[n]
	}
	return n
}

// tie puts two nodes into one tree.
func (f forest) tie(a, b int) { f[f.find(a)] = f.find(b) }

// one says whether all of the nodes that count hang together.
func (f forest) one(counts func(n int) bool) bool {
	first := -1
	for n := range f {
		if !counts(n) {
			continue
		}
		if root := f.find(n); first < 0 {
			first = root
		} else if root != first {
			return false
		}
	}
	return true
}
