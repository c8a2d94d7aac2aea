// Package picture draws a customer: their identities and the links between these, accepted and rejected, as SVG.
package picture

import "cmp"

// Node is an identity to be drawn.
type Node struct {
	Type, Scope string
	Value       string // as the viewer may see it
	Far         bool   // held by somebody else: the end of a rejected link
	Nobody      bool   // held by nobody, because it is blocked
	Weak        bool   // a device or a cookie
	Shared      bool   // many people's
}

// Edge is a link between two nodes, by their places.
type Edge struct {
	A, B         int
	Accepted     bool
	Reason       string // of a rejected one: apart, limit, weak, cap, shared, blocked
	Observations int    // how many records show it
	Operator     bool   // an operation says so
}

// Graph is what is drawn: nodes, the most important first, and their links.
type Graph struct {
	Nodes []Node
	Edges []Edge
}

// Bounds of a picture: what is more is not drawn, and the picture says how much it is.
const (
	MostNodes = 200
	MostEdges = 1000
	mostFar   = 40 // of the nodes, where there are enough others
)

// bounded is the part of a graph that is drawn.
func (g Graph) bounded() Graph {
	if len(g.Nodes) <= MostNodes && len(g.Edges) <= MostEdges {
		return g
	}
	own := 0
	for _, node := range g.Nodes {
		if !node.Far && !node.Nobody {
			own++
		}
	}
	far := min(len(g.Nodes)-own, max(mostFar, MostNodes-own))
	own = min(own, MostNodes-far)
	part, place := Graph{}, make([]int, len(g.Nodes))
	for i, node := range g.Nodes {
		left := &own
		if node.Far || node.Nobody {
			left = &far
		}
		place[i] = -1
		if *left > 0 {
			*left--
			place[i] = len(part.Nodes)
			part.Nodes = append(part.Nodes, node)
		}
	}
	for _, edge := range g.Edges {
		edge.A, edge.B = place[edge.A], place[edge.B]
		if edge.A >= 0 && edge.B >= 0 && len(part.Edges) < MostEdges {
			part.Edges = append(part.Edges, edge)
		}
	}
	return part
}

// rejected counts the links that were rejected.
func (g Graph) rejected() (n int) {
	for _, edge := range g.Edges {
		if !edge.Accepted {
			n++
		}
	}
	return n
}

// compareEdges orders links by the places of their ends.
func compareEdges(a, b Edge) int { return cmp.Or(cmp.Compare(a.A, b.A), cmp.Compare(a.B, b.B)) }
