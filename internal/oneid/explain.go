package oneid

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/onecdp/onecdp/internal/identity"
	"github.com/onecdp/onecdp/internal/store"
)

// Edge is a link between two identities: all that records say of the two, and what operators said.
type Edge struct {
	A, B         int64     // numbers of the identities; A is the stronger
	Accepted     bool      // it counts
	Reason       string    // same, apart, limit, weak, cap, shared, blocked
	Source       string    // the system whose record showed it first; "": no record does
	First, Last  time.Time // times of the oldest and the newest record that shows it, or of the operation
	Observations int       // how many records show it, counted up to MostObservations
	Operation    int64     // the operation that says so; 0: none
}

// Graph is the identities of a customer, strongest first, those at the far ends of their links after them, and the links.
type Graph struct {
	Nodes []int64 // numbers of the identities
	Edges []Edge
}

// MostObservations is how far the records that show a link are counted.
const MostObservations = 10_000

// mostOfShared is how many sets of a shared identity its own graph is drawn from, the newest first: it may be in very many.
const mostOfShared = 1000

// Graph explains customers by the links that touch their identities, accepted and rejected. The result is in order; a row that is gone
// has an empty graph. It decides the evidence around them again, in a few statements for all of them together.
func (s *Service) Graph(ctx context.Context, rows []Row) ([]Graph, error) {
	graphs := make([]Graph, len(rows))
	if len(rows) == 0 {
		return graphs, nil
	}
	err := s.db.Snapshot(ctx, func(q store.Querier) error {
		asked := map[Row]bool{}
		for _, row := range rows {
			asked[row] = true
		}
		d, err := s.draw(ctx, q, rows, nil, func(own Row) bool { return asked[own] })
		if err != nil {
			return err
		}
		if err := d.fill(ctx, q, d.sorted()); err != nil {
			return err
		}
		for i, row := range rows {
			graphs[i] = d.around(row)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("explain customers: %w", err)
	}
	return graphs, nil
}

// drawing is the links of a part of the evidence, to be shown.
type drawing struct {
	*Rules

	db     *store.DB
	solved *solved
	what   map[int64]identity.Identity
	own    map[int64]Row
	edges  map[[2]int64]*drawn
}

// drawn is a link with the records that show it.
type drawn struct {
	Edge

	sights []sight
}

// sight is the records of a set from one time to another, both inclusive.
type sight struct {
	set         int64
	first, last time.Time
}

// draw decides the evidence around customers and further identities. wanted says, by the customers of its ends, which links are drawn:
// those with an end at one.
func (s *Service) draw(ctx context.Context, q store.Querier, rows []Row, ids []int64, wanted func(own Row) bool) (*drawing, error) {
	rules := s.Rules()
	p, err := s.loadPart(ctx, q, rules, Seeds{Rows: rows, Identities: ids})
	if err != nil {
		return nil, err
	}
	v := p.solve(s.settings.MaxIdentities)
	d := &drawing{Rules: rules, db: s.db, solved: v, what: map[int64]identity.Identity{}, own: map[int64]Row{}, edges: map[[2]int64]*drawn{}}
	d.take(v, func(a, b int) bool { return wanted(v.own[a]) || wanted(v.own[b]) })
	if err := d.takeBlocked(ctx, q, wanted); err != nil {
		return nil, err
	}
	var shared []int64
	for i, number := range v.ids {
		if v.shared[i] && wanted(v.own[i]) && slices.Contains(rows, v.own[i]) {
			shared = append(shared, number)
		}
	}
	return d, d.takeShared(ctx, q, s.settings.MaxIdentities, shared)
}

// take draws the links of a verdict. wanted is asked by places in the part.
func (d *drawing) take(v *solved, wanted func(a, b int) bool) {
	for i, number := range v.ids {
		d.what[number], d.own[number] = v.what[i], v.own[i]
	}
	fresh := map[[2]int64]*drawn{}
	for _, link := range v.solution.Links {
		a, b := v.existing[link.A], v.existing[link.B]
		pair := [2]int64{v.ids[a], v.ids[b]}
		if d.edges[pair] != nil || !wanted(a, b) {
			continue
		}
		edge := fresh[pair]
		if edge == nil {
			edge = &drawn{Edge: Edge{A: pair[0], B: pair[1], Reason: string(link.Reason)}}
			fresh[pair] = edge
		}
		if link.Accepted { // an operator's link and a record's may tie the same two
			edge.Accepted, edge.Reason = true, string(link.Reason)
		}
		if link.Operation != 0 {
			edge.Operation = link.Operation
		}
		if link.Derived {
			edge.see(v.bothExist(link.A, link.B))
		}
	}
	for _, one := range v.evidence.Sightings {
		v.eachRay(one.Members, func(a, b int) {
			if edge := fresh[[2]int64{v.ids[v.existing[a]], v.ids[v.existing[b]]}]; edge != nil {
				edge.sights = append(edge.sights, sight{one.Set, one.First, one.Last})
				edge.see(one.First, one.Last)
			}
		})
	}
	for pair, edge := range fresh {
		d.edges[pair] = edge
	}
}

// eachRay tells the links that a record with these members shows: those of its star, and those that the star would have if shared
// identities were not left out. a is the stronger end.
func (v *solved) eachRay(members []int, show func(a, b int)) {
	members = slices.Clone(members)
	slices.SortFunc(members, func(a, b int) int {
		return v.rules.Registry.Compare(v.evidence.Identities[a], v.evidence.Identities[b])
	})
	center := -1
	for i, member := range members {
		if i > 0 && (v.solution.Shared[member] || v.solution.Shared[members[0]]) {
			show(members[0], member)
		}
		switch {
		case v.solution.Shared[member]:
		case center < 0:
			center = member
		default:
			show(center, member)
		}
	}
}

// bothExist is since when two identities have both been seen, and when the later of them was seen last.
func (v *solved) bothExist(a, b int) (since, last time.Time) {
	for _, end := range []int{a, b} {
		if seen := v.evidence.LastSeen[end]; seen.After(last) {
			last = seen
		}
		var first time.Time
		for _, set := range v.living {
			if !slices.Contains(set.members, v.existing[end]) {
				continue
			}
			for _, one := range set.stretches {
				if one.first != nil && (first.IsZero() || one.first.Before(first)) {
					first = *one.first
				}
			}
		}
		if first.After(since) {
			since = first
		}
	}
	return since, last
}

func (e *drawn) see(first, last time.Time) {
	if e.First.IsZero() || first.Before(e.First) {
		e.First = first
	}
	if last.After(e.Last) {
		e.Last = last
	}
}

// sorted are the links, by their stronger and then their weaker ends, strongest first.
func (d *drawing) sorted() []*drawn {
	all := make([]*drawn, 0, len(d.edges))
	for _, edge := range d.edges {
		all = append(all, edge)
	}
	slices.SortFunc(all, func(x, y *drawn) int {
		if x.A != y.A {
			return d.Registry.Compare(d.what[x.A], d.what[y.A])
		}
		return d.Registry.Compare(d.what[x.B], d.what[y.B])
	})
	return all
}

// around is the graph of one customer.
func (d *drawing) around(row Row) Graph {
	var graph Graph
	var own, far []int64
	met := map[int64]bool{}
	for number, owner := range d.own {
		if owner == row {
			own, met[number] = append(own, number), true
		}
	}
	for _, edge := range d.sorted() {
		if d.own[edge.A] != row && d.own[edge.B] != row {
			continue
		}
		graph.Edges = append(graph.Edges, edge.Edge)
		for _, end := range [2]int64{edge.A, edge.B} {
			if !met[end] {
				far, met[end] = append(far, end), true
			}
		}
	}
	for _, numbers := range [][]int64{own, far} {
		slices.SortFunc(numbers, func(a, b int64) int { return d.Registry.Compare(d.what[a], d.what[b]) })
	}
	graph.Nodes = slices.Concat(own, far)
	return graph
}
