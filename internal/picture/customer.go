package picture

import (
	"cmp"
	"context"
	"slices"

	"github.com/onecdp/onecdp/internal/access"
	"github.com/onecdp/onecdp/internal/customer"
	"github.com/onecdp/onecdp/internal/fault"
	"github.com/onecdp/onecdp/internal/gid"
	"github.com/onecdp/onecdp/internal/identity"
	"github.com/onecdp/onecdp/internal/oneid"
	"github.com/onecdp/onecdp/internal/personal"
	"github.com/onecdp/onecdp/internal/profile"
)

// atOnce is how many pictures are drawn at a time; who comes then waits. It leaves the processors to those who ask for less.
const atOnce = 2

// Painter draws customers. It is safe for concurrent use.
type Painter struct {
	one    *oneid.Service
	reader *profile.Reader
	turns  chan struct{}
}

// New returns a painter.
func New(one *oneid.Service, reader *profile.Reader) *Painter {
	return &Painter{one, reader, make(chan struct{}, atOnce)}
}

// Customer draws the customer that a global id leads to, as the caller in the context may see them: without the scope personal the values of
// sensitive types are masked. Without the scope read it is FORBIDDEN; an id that is none is BAD_USER_INPUT, one that leads to nobody
// NOT_FOUND.
func (p *Painter) Customer(ctx context.Context, id string) ([]byte, error) {
	if err := access.Require(ctx, access.Read); err != nil {
		return nil, err
	}
	handle, err := gid.DecodeOne(gid.Customer, id, fault.Path{"id"})
	if err != nil {
		return nil, err
	}
	select {
	case p.turns <- struct{}{}:
		defer func() { <-p.turns }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	found, err := p.reader.ByHandles(ctx, []customer.Handle{customer.Handle(handle)})
	if err != nil {
		return nil, err
	}
	if found[0] == nil {
		return nil, fault.New(fault.NotFound, "there is no customer with this id")
	}
	graphs, err := p.one.Graph(ctx, []customer.Row{found[0].Row})
	if err != nil {
		return nil, err
	}
	identities, err := p.reader.IdentitiesByID(ctx, graphs[0].Nodes, false)
	if err != nil {
		return nil, err
	}
	caller, _ := access.FromContext(ctx)
	return SVG(ctx, "customer "+gid.Encode(gid.Customer, int64(found[0].Handle)), p.sketch(found[0].Row, graphs[0], identities, caller.Has(access.Personal)))
}

// sketch turns a customer's graph into one to be drawn: their own identities first, then the far ends, the strongest of each first. Where
// values are masked their order is not told either: identities of a type then come as they were first seen.
func (p *Painter) sketch(row customer.Row, found oneid.Graph, identities []*profile.Identity, whole bool) Graph {
	registry := p.one.Registry()
	identities = slices.DeleteFunc(identities, func(id *profile.Identity) bool { return id == nil })
	slices.SortFunc(identities, func(a, b *profile.Identity) int {
		switch {
		case (a.Customer == row) != (b.Customer == row):
			if a.Customer == row {
				return -1
			}
			return 1
		case !whole && a.Type == b.Type && a.Scope == b.Scope && registry.Masked(a.Type):
			return cmp.Compare(a.ID, b.ID)
		}
		return registry.Compare(a.Identity, b.Identity)
	})
	var g Graph
	places := map[int64]int{}
	for _, id := range identities {
		declared, _ := registry.Type(id.Type)
		node := Node{
			Type: string(id.Type), Scope: id.Scope, Value: id.Value, Far: id.Customer != row && id.Customer != 0, Nobody: id.Customer == 0,
			Weak: declared.Strength != identity.Strong, Shared: id.Shared,
		}
		if !whole && registry.Masked(id.Type) {
			node.Value = personal.Mask(id.Value)
		}
		places[id.ID] = len(g.Nodes)
		g.Nodes = append(g.Nodes, node)
	}
	for _, edge := range found.Edges {
		a, known := places[edge.A]
		b, both := places[edge.B]
		if known && both {
			g.Edges = append(g.Edges, Edge{A: min(a, b), B: max(a, b), Accepted: edge.Accepted, Reason: edge.Reason, Observations: edge.Observations, Operator: edge.Operation != 0})
		}
	}
	slices.SortFunc(g.Edges, compareEdges)
	return g
}
