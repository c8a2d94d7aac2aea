package picture

import (
	"cmp"
	"context"
	"math"
	"math/rand/v2"
	"slices"

	"gonum.org/v1/gonum/graph"
	"gonum.org/v1/gonum/graph/iterator"
	"gonum.org/v1/gonum/graph/layout"
	"gonum.org/v1/gonum/graph/simple"
)

// The size of a node's box, and what is left free around it.
const (
	boxWidth, boxHeight = 190.0, 44.0
	gapX, gapY          = 46.0, 40.0
)

const (
	// rounds bounds how long a layout is worked at: it is the same however fast the machine is.
	rounds = 150
	// roomy is how much room there is to begin with, in boxes for each node.
	roomy = 2.5
)

// point is the middle of a node's box.
type point struct{ x, y float64 }

// place finds where the nodes stand, from the top left corner on. The same graph is laid out the same way.
func place(ctx context.Context, g Graph) ([]point, error) {
	springs := newSprings(g)
	eades := layout.EadesR2{Updates: rounds, Repulsion: 1, Rate: 0.3, Theta: 0.5, Src: rand.NewPCG(1, 2)}
	optimizer := layout.NewOptimizerR2(springs, eades.Update)
	for optimizer.Update() {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
	}
	points := make([]point, len(g.Nodes))
	for i := range points {
		if at := optimizer.Coord2(int64(i)); !math.IsNaN(at.X + at.Y) {
			points[i] = point{at.X, at.Y}
		}
	}
	spread(points)
	if !separate(points) {
		align(points)
	}
	shift(points)
	return points, nil
}

// spread gives the nodes as much room as they need. Of where the springs have left them only the order counts, from left to right and from top
// to bottom: one that was flung far away leaves the others no less room.
func spread(points []point) {
	n := float64(len(points))
	side := math.Sqrt(roomy / n)
	for place, i := range sortedBy(points, func(p point) float64 { return p.x }) {
		points[i].x = float64(place) * side * (boxWidth + gapX)
	}
	for place, i := range sortedBy(points, func(p point) float64 { return p.y }) {
		points[i].y = float64(place) * side * (boxHeight + gapY)
	}
}

// sortedBy are the places of points in the order of a number.
func sortedBy(points []point, number func(point) float64) []int {
	order := make([]int, len(points))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(number(points[a]), number(points[b])) })
	return order
}

// separate pushes boxes that overlap apart, along the shorter way. It is false when some still do.
func separate(points []point) bool {
	for range rounds {
		moved := false
		for i := range points {
			for j := range i {
				dx, dy := points[i].x-points[j].x, points[i].y-points[j].y
				overX, overY := boxWidth+gapX-math.Abs(dx), boxHeight+gapY-math.Abs(dy)
				if overX <= 1 || overY <= 1 {
					continue
				}
				moved = true
				if overX/boxWidth < overY/boxHeight {
					push(&points[i].x, &points[j].x, overX/2, dx)
				} else {
					push(&points[i].y, &points[j].y, overY/2, dy)
				}
			}
		}
		if !moved {
			return true
		}
	}
	return false
}

// align puts the nodes in rows, in the order in which they stand.
func align(points []point) {
	columns := int(math.Ceil(math.Sqrt(float64(len(points)) / 2)))
	order := sortedBy(points, func(p point) float64 { return p.y })
	for row := 0; row*columns < len(order); row++ {
		line := order[row*columns : min((row+1)*columns, len(order))]
		slices.SortStableFunc(line, func(a, b int) int { return cmp.Compare(points[a].x, points[b].x) })
		for column, i := range line {
			points[i] = point{(float64(column) + float64(row%2)/2) * (boxWidth + gapX), float64(row) * (boxHeight + gapY)}
		}
	}
}

// push moves two numbers away from each other; difference is the first without the second.
func push(a, b *float64, by, difference float64) {
	if difference < 0 {
		by = -by
	}
	*a, *b = *a+by, *b-by
}

// shift moves everything so that it begins at the margin.
func shift(points []point) {
	low, _ := corners(points)
	for i := range points {
		points[i].x += margin + boxWidth/2 - low.x
		points[i].y += margin + boxHeight/2 - low.y
	}
}

// corners are the smallest and the largest of the numbers.
func corners(points []point) (low, high point) {
	if len(points) == 0 {
		return low, high
	}
	low, high = points[0], points[0]
	for _, p := range points {
		low = point{min(low.x, p.x), min(low.y, p.y)}
		high = point{max(high.x, p.x), max(high.y, p.y)}
	}
	return low, high
}

// springs is a graph as gonum lays it out. Its nodes come in their order each time, unlike those of gonum's own graphs, and what
// pulls at a node with many neighbours is no stronger than what pulls at one with few: the layout comes to rest.
type springs struct {
	nodes     []graph.Node
	neighbour [][]graph.Node
	tied      map[[2]int64]bool
}

func newSprings(g Graph) *springs {
	s := &springs{nodes: make([]graph.Node, len(g.Nodes)), neighbour: make([][]graph.Node, len(g.Nodes)), tied: map[[2]int64]bool{}}
	for i := range g.Nodes {
		s.nodes[i] = simple.Node(i)
	}
	group := make([]int, len(g.Nodes)) // joined nodes lead to one
	for i := range group {
		group[i] = i
	}
	find := func(i int) int {
		for group[i] != i {
			i = group[i]
		}
		return i
	}
	for _, edge := range g.Edges {
		s.tie(edge.A, edge.B)
		if a, b := find(edge.A), find(edge.B); a != b {
			group[max(a, b)] = min(a, b)
		}
	}
	for i := range g.Nodes { // what no link holds together would drift apart
		if find(i) == i {
			s.tie(0, i)
		}
	}
	return s
}

func (s *springs) tie(a, b int) {
	if a == b || s.tied[[2]int64{int64(a), int64(b)}] {
		return
	}
	s.tied[[2]int64{int64(a), int64(b)}], s.tied[[2]int64{int64(b), int64(a)}] = true, true
	s.neighbour[a], s.neighbour[b] = append(s.neighbour[a], s.nodes[b]), append(s.neighbour[b], s.nodes[a])
}

// Node implements graph.Graph.
func (s *springs) Node(id int64) graph.Node { return s.nodes[id] }

// Nodes implements graph.Graph.
func (s *springs) Nodes() graph.Nodes { return iterator.NewOrderedNodes(s.nodes) }

// From implements graph.Graph.
func (s *springs) From(id int64) graph.Nodes { return iterator.NewOrderedNodes(s.neighbour[id]) }

// HasEdgeBetween implements graph.Graph.
func (s *springs) HasEdgeBetween(a, b int64) bool { return s.tied[[2]int64{a, b}] }

// Edge implements graph.Graph.
func (s *springs) Edge(a, b int64) graph.Edge {
	if !s.tied[[2]int64{a, b}] {
		return nil
	}
	return simple.Edge{F: s.nodes[a], T: s.nodes[b]}
}

// WeightedEdge implements graph.Weighted.
func (s *springs) WeightedEdge(a, b int64) graph.WeightedEdge {
	weight, tied := s.Weight(a, b)
	if !tied {
		return nil
	}
	return simple.WeightedEdge{F: s.nodes[a], T: s.nodes[b], W: weight}
}

// Weight implements graph.Weighted.
func (s *springs) Weight(a, b int64) (float64, bool) {
	if !s.tied[[2]int64{a, b}] {
		return 0, false
	}
	return 1 / float64(max(len(s.neighbour[a]), len(s.neighbour[b]))), true
}
