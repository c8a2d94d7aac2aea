package graph

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/onecdp/onecdp/graph/model"
	"github.com/onecdp/onecdp/graph/together"
	"github.com/onecdp/onecdp/internal/fault"
	"github.com/onecdp/onecdp/internal/identity"
	"github.com/onecdp/onecdp/internal/oneid"
)

// identityGraph is a customer's identities and the links between them.
func (r *Resolver) identityGraph(ctx context.Context, customer *model.Customer) (*model.IdentityGraph, error) {
	all, err := together.Load(ctx, customer.Mates, "identityGraph", func(ctx context.Context, mates []*model.Customer) ([]*model.IdentityGraph, error) {
		found, err := r.OneID.Graph(ctx, rowsOf(mates))
		if err != nil {
			return nil, err
		}
		var (
			edges []oneid.Edge
			nodes []int64
		)
		for _, one := range found {
			edges, nodes = append(edges, one.Edges...), append(nodes, one.Nodes...)
		}
		shownNodes, err := r.identitiesByID(ctx, nodes)
		if err != nil {
			return nil, err
		}
		shownEdges, graphs := edgesShown(edges), make([]*model.IdentityGraph, len(found))
		for i, one := range found {
			graphs[i] = r.graphShown(ctx, mates[i], shownNodes[:len(one.Nodes)], shownEdges[:len(one.Edges)])
			shownEdges, shownNodes = shownEdges[len(one.Edges):], shownNodes[len(one.Nodes):]
		}
		return graphs, nil
	})
	if err != nil {
		return nil, err
	}
	return all[customer.Place], nil
}

// graphShown is the graph of a customer in an order that tells nothing of what is hidden: their own identities first, and links as their ends.
func (r *Resolver) graphShown(ctx context.Context, customer *model.Customer, nodes []*model.Identity, edges []*model.IdentityEdge) *model.IdentityGraph {
	order := r.shownOrder(ctx)
	far := func(one *model.Identity) int {
		if one.Customer == customer.Row {
			return 0
		}
		return 1
	}
	nodes = slices.DeleteFunc(slices.Clone(nodes), func(one *model.Identity) bool { return one == nil })
	slices.SortFunc(nodes, func(a, b *model.Identity) int {
		return cmp.Or(cmp.Compare(far(a), far(b)), order(a.Identity, b.Identity))
	})
	places := map[int64]int{}
	for place, node := range nodes {
		places[node.Identity.ID] = place
	}
	edges = slices.Clone(edges)
	slices.SortFunc(edges, func(a, b *model.IdentityEdge) int {
		return cmp.Or(cmp.Compare(places[a.Ends[0]], places[b.Ends[0]]), cmp.Compare(places[a.Ends[1]], places[b.Ends[1]]))
	})
	return &model.IdentityGraph{Edges: edges, Nodes: nodes}
}

// edgesShown makes one group of links.
func edgesShown(found []oneid.Edge) []*model.IdentityEdge {
	group := &together.Group[*model.IdentityEdge]{Members: make([]*model.IdentityEdge, len(found))}
	for i, one := range found {
		group.Members[i] = &model.IdentityEdge{
			Ends: [2]int64{one.A, one.B}, Accepted: one.Accepted, Reason: one.Reason, Source: textOrNone(one.Source),
			FirstSeenAt: one.First, LastSeenAt: one.Last, Observations: one.Observations, By: one.Operation, Mates: group, Place: i,
		}
	}
	return group.Members
}

// end is one end of a link.
func (r *Resolver) end(ctx context.Context, edge *model.IdentityEdge, which int) (*model.Identity, error) {
	all, err := together.Load(ctx, edge.Mates, "ends", func(ctx context.Context, mates []*model.IdentityEdge) ([]*model.Identity, error) {
		ids := make([]int64, 0, 2*len(mates))
		for _, mate := range mates {
			ids = append(ids, mate.Ends[0], mate.Ends[1])
		}
		return r.identitiesByID(ctx, ids)
	})
	if err != nil {
		return nil, err
	}
	found := all[2*edge.Place+which]
	if found == nil {
		return nil, fault.New(fault.NotFound, "the identity is gone")
	}
	return found, nil
}

// linkedBy is the operation that made a link; nil when records did.
func (r *Resolver) linkedBy(ctx context.Context, edge *model.IdentityEdge) (*model.Operation, error) {
	if edge.By == 0 {
		return nil, nil
	}
	all, err := together.Load(ctx, edge.Mates, "operation", func(ctx context.Context, mates []*model.IdentityEdge) ([]*model.Operation, error) {
		ids := make([]int64, len(mates))
		for i, mate := range mates {
			ids[i] = mate.By
		}
		return r.operationsByID(ctx, ids)
	})
	if err != nil {
		return nil, err
	}
	return all[edge.Place], nil
}

// whySame says why two identities are the same person's, or why not.
func (r *Resolver) whySame(ctx context.Context, a, b identity.Claim) (*model.IdentityPath, error) {
	owners, err := r.lookUp(ctx, &ahead{}, a, b)
	if err != nil {
		return nil, err
	}
	found, err := r.OneID.WhySame(ctx, a, b)
	if err != nil {
		return nil, err
	}
	edges := found.Edges
	if found.Rejected != nil {
		edges = append(edges[:len(edges):len(edges)], *found.Rejected)
	}
	shown := edgesShown(edges)
	path := &model.IdentityPath{Same: found.Same, Edges: shown[:len(found.Edges)], Reason: textOrNone(found.Reason)}
	if found.Rejected != nil {
		path.Rejected = shown[len(shown)-1]
	}
	path.Explanation = explained(found, [2]bool{owners[0] != nil, owners[1] != nil})
	return path, nil
}

// reasons are those of links that were rejected, in words.
var reasons = map[string]string{
	"apart":   "somebody said that they are different people",
	"limit":   "one customer would have more values of a type than the type allows",
	"weak":    "a device or cookie is attached to people and does not join them",
	"cap":     "one customer would hold more identities than a customer may",
	"shared":  "the value that would join them is many people's",
	"blocked": "the value that would join them is nobody's: somebody blocked it",
}

// linkedSo says in words why one link joins two identities.
func linkedSo(edge oneid.Edge) string {
	switch {
	case edge.Operation != 0:
		return "Somebody linked them by hand."
	case edge.Observations == 1:
		return "One record shows them together."
	case edge.Observations > 1:
		return fmt.Sprintf("%d records show them together.", edge.Observations)
	default:
		return "The one is derived from the other: the hash of an e-mail address."
	}
}

// explained says in words why two identities are one person's, or not. held says which of them somebody holds.
func explained(path oneid.Path, held [2]bool) string {
	switch {
	case path.Same && len(path.Edges) == 0:
		return "Both are one identity."
	case path.Same && len(path.Edges) == 1:
		return linkedSo(path.Edges[0])
	case path.Same:
		return fmt.Sprintf("A chain of %d links joins them.", len(path.Edges))
	case path.Rejected != nil || reasons[path.Reason] != "":
		return "They are not one person's: " + reasons[path.Reason] + "."
	case !held[0] && !held[1]:
		return "Nobody has either of them: no record that counts names them."
	case !held[0]:
		return "Nobody has the identity given as a: no record that counts names it."
	case !held[1]:
		return "Nobody has the identity given as b: no record that counts names it."
	default:
		return "Nothing ties them: no records, and nobody who said so."
	}
}
