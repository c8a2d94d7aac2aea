package oneid

import (
	"cmp"
	"container/heap"
	"context"
	"fmt"
	"slices"

	"github.com/onecdp/onecdp/internal/evidence"
	"github.com/onecdp/onecdp/internal/identity"
	"github.com/onecdp/onecdp/internal/store"
)

// Path says why two identities are one person's, or why not.
type Path struct {
	Same bool
	// Edges are the accepted links from the one to the other, in order, the fewest that there are; none where both are one identity.
	Edges []Edge
	// Rejected is the link that would join them: the first rejected one on the way that has fewest of them. nil: there is no way, or they
	// are one person's.
	Rejected *Edge
	// Reason is "same", or that of the rejected link; "apart" also where operators keep them apart and nothing ties them; "" where nothing
	// is known that ties them.
	Reason string
}

// WhySame explains why one customer holds both identities, or why not. What cannot be an identity, or was never seen, is nobody's.
func (s *Service) WhySame(ctx context.Context, a, b identity.Claim) (Path, error) {
	registry := s.Registry()
	one, reason := registry.Normalise(a)
	other, otherReason := registry.Normalise(b)
	if reason != nil || otherReason != nil {
		return Path{}, nil
	}
	var path Path
	err := s.db.Snapshot(ctx, func(q store.Querier) error {
		ends, err := findEnds(ctx, q, one, other)
		if err != nil {
			return err
		}
		from, to := ends[0], ends[1]
		switch {
		case from.number == 0 || to.number == 0 || from.row == 0 && to.row == 0:
			return nil
		case from.number == to.number:
			path = Path{Same: true, Reason: string(evidence.Same)}
			return nil
		}
		var rows []Row
		for _, end := range ends {
			if end.row != 0 {
				rows = append(rows, end.row)
			}
		}
		path, err = s.why(ctx, q, slices.Compact(rows), from, to)
		return err
	})
	if err != nil {
		return Path{}, fmt.Errorf("explain two identities: %w", err)
	}
	return path, nil
}

// pathEnd is an identity and whose it is; zeros: it was never seen, nobody has it.
type pathEnd struct {
	number int64
	row    Row
}

func findEnds(ctx context.Context, q store.Querier, ids ...identity.Identity) ([]pathEnd, error) {
	keys, places := make([][]byte, len(ids)), make([]int64, len(ids))
	for i, id := range ids {
		key := id.Key()
		keys[i], places[i] = key[:], int64(i)
	}
	var args store.Args
	given := store.Relation(q.Dialect(), "given", &args, store.Int64s("n", places), store.Bytes("key", keys))
	found, err := q.Query(ctx, "SELECT given.n, i.id, coalesce(i.customer_id, 0) FROM "+given+" JOIN identities i ON i.key = given.key", args...)
	ends := make([]pathEnd, len(ids))
	_, err = store.Collect(found, err, func(row store.Row, _ *struct{}) error {
		var place int
		var end pathEnd
		err := row.Scan(&place, &end.number, &end.row)
		ends[place] = end
		return err
	})
	return ends, err
}

// why looks for the links between two identities in the evidence around their customers.
func (s *Service) why(ctx context.Context, q store.Querier, rows []Row, from, to pathEnd) (Path, error) {
	same := from.row == to.row
	d, err := s.draw(ctx, q, rows, []int64{from.number, to.number}, func(Row) bool { return true })
	if err != nil {
		return Path{}, err
	}
	way := d.way(from.number, to.number, same)
	path := Path{Same: same}
	shown := way
	if !same {
		at := slices.IndexFunc(way, func(edge *drawn) bool { return !edge.Accepted })
		if at < 0 { // no link at all
			if d.keptApart(from.row, to.row) {
				path.Reason = string(evidence.KeptApart)
			}
			return path, nil
		}
		shown = way[at : at+1]
	}
	if err := d.fill(ctx, q, shown); err != nil {
		return Path{}, err
	}
	if !same {
		path.Rejected, path.Reason = &shown[0].Edge, shown[0].Reason
		return path, nil
	}
	path.Reason = string(evidence.Same)
	for _, edge := range shown {
		path.Edges = append(path.Edges, edge.Edge)
	}
	return path, nil
}

// keptApart says that operators keep something of one customer from something of another.
func (d *drawing) keptApart(a, b Row) bool {
	v := d.solved
	holds := func(places []int, row Row) bool {
		return slices.ContainsFunc(places, func(place int) bool { return v.own[v.existing[place]] == row })
	}
	return slices.ContainsFunc(v.evidence.Apart, func(g evidence.Apart) bool {
		return holds(g.A, a) && holds(g.B, b) || holds(g.A, b) && holds(g.B, a)
	})
}

// way is the links from one identity to another: of all ways those with the fewest rejected links, of these the shortest. Where
// several are left, strong links decide, so that the answer is always the same. It is empty when there is none.
func (d *drawing) way(from, to int64, acceptedOnly bool) []*drawn {
	leaving := map[int64][]*drawn{}
	for _, edge := range d.sorted() {
		if edge.Accepted || !acceptedOnly {
			leaving[edge.A], leaving[edge.B] = append(leaving[edge.A], edge), append(leaving[edge.B], edge)
		}
	}
	done, came := map[int64]bool{}, map[int64]*drawn{}
	ahead := &steps{all: []step{{at: from}}}
	for ahead.Len() > 0 {
		next := heap.Pop(ahead).(step)
		if done[next.at] {
			continue
		}
		done[next.at], came[next.at] = true, next.by
		if next.at == to {
			return back(came, from, to)
		}
		for _, edge := range leaving[next.at] {
			beyond := step{at: edge.A + edge.B - next.at, by: edge, rejected: next.rejected, links: next.links + 1, order: ahead.made}
			if !edge.Accepted {
				beyond.rejected++
			}
			ahead.made++
			if !done[beyond.at] {
				heap.Push(ahead, beyond)
			}
		}
	}
	return nil
}

// back walks from the end of a way to its beginning.
func back(came map[int64]*drawn, from, to int64) []*drawn {
	var way []*drawn
	for at := to; at != from; {
		edge := came[at]
		way = append(way, edge)
		at = edge.A + edge.B - at
	}
	slices.Reverse(way)
	return way
}

// step is an identity that a way has come to.
type step struct {
	at              int64
	by              *drawn // nil: where it begins
	rejected, links int
	order           int // in which it was found
}

// steps is a heap: the way to go on with is on top.
type steps struct {
	all  []step
	made int
}

// Len implements heap.Interface.
func (s *steps) Len() int { return len(s.all) }

// Less implements heap.Interface.
func (s *steps) Less(i, j int) bool {
	a, b := s.all[i], s.all[j]
	return cmp.Or(cmp.Compare(a.rejected, b.rejected), cmp.Compare(a.links, b.links), cmp.Compare(a.order, b.order)) < 0
}

// Swap implements heap.Interface.
func (s *steps) Swap(i, j int) { s.all[i], s.all[j] = s.all[j], s.all[i] }

// Push implements heap.Interface.
func (s *steps) Push(one any) { s.all = append(s.all, one.(step)) }

// Pop implements heap.Interface.
func (s *steps) Pop() any {
	last := s.all[len(s.all)-1]
	s.all = s.all[:len(s.all)-1]
	return last
}
