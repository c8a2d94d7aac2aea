package oneid

import (
	"cmp"
	"slices"
	"time"

	"github.com/onecdp/onecdp/internal/customer"
	"github.com/onecdp/onecdp/internal/identity"
)

// Row numbers a living customer's row.
type Row = customer.Row

// Handle numbers a customer for the outside.
type Handle = customer.Handle

// Star is the evidence of one record: identities said to belong to one person, strongest first, seen at a
// time. The strongest is linked with each other one.
type Star struct {
	Identities []identity.Identity
	Time       time.Time
}

// Standing is what is known of a customer's row before the stars are added.
type Standing struct {
	Handle    Handle
	CreatedAt time.Time // of the handle
	Size      int       // identities it holds
	Strong    bool      // one of them says who the person is
}

// Facts are all that a plan rests on.
type Facts struct {
	Owner     map[identity.Identity]Row // identities that exist; 0 for one that nobody holds
	Standings map[Row]Standing
	Derived   []Derived
}

// Derived says that an email and a hash are one person's, because the hash is the email's. Both exist, or
// are shown by the stars.
type Derived struct{ Email, Hash identity.Identity }

// Group is one customer as it will be: rows that become one, and identities that join it.
type Group struct {
	Rows   []Row               // living rows that it unites, the one to stay first; empty: a new customer
	Joins  []identity.Identity // identities that it takes in, strongest first
	Causes map[Row]Cause       // why a row that goes became part of it
}

// Cause is the link that joined two customers: two ends of one star.
type Cause struct {
	Star int // index of the star
	A, B identity.TypeName
}

// Plan says what a batch of stars does to the customers. Groups that nothing happens to are left out.
type Plan struct {
	Groups []Group
	// Home leads from each star's strongest identity to its place: a group's index, or a row as it is.
	Home map[identity.Identity]Home
}

// Home is where an identity ends up: in a group of the plan, or with a customer the plan does not touch.
type Home struct {
	Group int // -1: in Row
	Row   Row
}

// planner joins sets of identities and rows: a union-find over small integers.
type planner struct {
	registry *identity.Registry
	cap      int
	parent   []int
	strong   []bool
	size     []int
	rows     [][]Row
	causes   map[Row]Cause
	node     map[identity.Identity]int
	rowNode  map[Row]int
	added    []identity.Identity // identities that are new or nobody's, in order of appearance
}

// MakePlan computes which customers the stars make, extend and merge. It depends on its arguments alone.
//
// Links are taken in classes: an email with its hash, whatever else holds; strong with strong, strong with weak (the newest first: the
// last login wins a device), weak with weak. A weak identity never joins two people, and nobody holds more identities than most.
func MakePlan(registry *identity.Registry, most int, facts Facts, stars []Star) Plan {
	p := &planner{registry: registry, cap: most, causes: map[Row]Cause{}, node: map[identity.Identity]int{}, rowNode: map[Row]int{}}
	type link struct {
		star    int
		a, b    identity.Identity
		class   int
		seen    time.Time
		ordinal int
	}
	var links []link
	for i, star := range stars {
		for j, id := range star.Identities {
			p.place(id, facts)
			if j > 0 {
				center := star.Identities[0]
				links = append(links, link{i, center, id, p.class(center, id), star.Time, len(links)})
			}
		}
	}
	for _, d := range facts.Derived {
		p.place(d.Email, facts)
		p.place(d.Hash, facts)
		p.join(p.node[d.Email], p.node[d.Hash], 0, Cause{starWith(stars, d), d.Email.Type, d.Hash.Type})
	}
	slices.SortFunc(links, func(x, y link) int {
		if c := cmp.Compare(x.class, y.class); c != 0 {
			return c
		}
		if x.class > 1 {
			if c := y.seen.Compare(x.seen); c != 0 {
				return c
			}
		}
		return cmp.Compare(x.ordinal, y.ordinal)
	})
	for _, l := range links {
		p.join(p.node[l.a], p.node[l.b], l.class, Cause{l.star, l.a.Type, l.b.Type})
	}
	return p.read(facts, stars)
}

// starWith is the first star that shows either end of a derived link.
func starWith(stars []Star, d Derived) int {
	return max(0, slices.IndexFunc(stars, func(star Star) bool {
		return slices.Contains(star.Identities, d.Email) || slices.Contains(star.Identities, d.Hash)
	}))
}

// class is 1 for strong with strong, 2 for strong with weak, 3 for weak with weak.
func (p *planner) class(a, b identity.Identity) int {
	class := 1
	for _, id := range []identity.Identity{a, b} {
		if !p.isStrong(id) {
			class++
		}
	}
	return class
}

func (p *planner) isStrong(id identity.Identity) bool {
	t, _ := p.registry.Type(id.Type)
	return t.Strength == identity.Strong
}

// place gives an identity its node: its customer's, or one of its own.
func (p *planner) place(id identity.Identity, facts Facts) {
	if _, placed := p.node[id]; placed {
		return
	}
	if row := facts.Owner[id]; row != 0 {
		node, known := p.rowNode[row]
		if !known {
			standing := facts.Standings[row]
			node = p.add(standing.Strong, standing.Size)
			p.rows[node] = []Row{row}
			p.rowNode[row] = node
		}
		p.node[id] = node
		return
	}
	p.node[id] = p.add(p.isStrong(id), 1)
	p.added = append(p.added, id)
}

func (p *planner) add(strong bool, size int) int {
	p.parent = append(p.parent, len(p.parent))
	p.strong = append(p.strong, strong)
	p.size = append(p.size, size)
	p.rows = append(p.rows, nil)
	return len(p.parent) - 1
}

func (p *planner) find(node int) int {
	for p.parent[node] != node {
		p.parent[node] = p.parent[p.parent[node]]
		node = p.parent[node]
	}
	return node
}

func (p *planner) join(a, b, class int, cause Cause) {
	a, b = p.find(a), p.find(b)
	if a == b || (class > 0 && p.size[a]+p.size[b] > p.cap) || (class > 1 && p.strong[a] && p.strong[b]) {
		return
	}
	if len(p.rows[a]) > 0 && len(p.rows[b]) > 0 {
		for _, row := range append(slices.Clone(p.rows[a]), p.rows[b]...) {
			if _, told := p.causes[row]; !told {
				p.causes[row] = cause
			}
		}
	}
	p.parent[b] = a
	p.strong[a] = p.strong[a] || p.strong[b]
	p.size[a] += p.size[b]
	p.rows[a] = append(p.rows[a], p.rows[b]...)
}

// read turns the sets into groups and homes.
func (p *planner) read(facts Facts, stars []Star) Plan {
	joins := map[int][]identity.Identity{}
	for _, id := range p.added {
		root := p.find(p.node[id])
		joins[root] = append(joins[root], id)
	}
	plan := Plan{Home: map[identity.Identity]Home{}}
	group := map[int]int{}
	for node := range p.parent {
		if p.find(node) != node || (len(joins[node]) == 0 && len(p.rows[node]) < 2) {
			continue
		}
		slices.SortFunc(joins[node], p.registry.Compare)
		// The row with the most identities stays: a merge costs the smaller side.
		slices.SortFunc(p.rows[node], func(x, y Row) int {
			if c := cmp.Compare(facts.Standings[y].Size, facts.Standings[x].Size); c != 0 {
				return c
			}
			return cmp.Compare(x, y)
		})
		group[node] = len(plan.Groups)
		plan.Groups = append(plan.Groups, Group{Rows: p.rows[node], Joins: joins[node], Causes: p.causes})
	}
	for _, star := range stars {
		center := star.Identities[0]
		root := p.find(p.node[center])
		if i, touched := group[root]; touched {
			plan.Home[center] = Home{Group: i}
		} else {
			plan.Home[center] = Home{Group: -1, Row: p.rows[root][0]}
		}
	}
	return plan
}

// Oldest is the row whose handle was made first: the id that survives.
func (g Group) Oldest(standings map[Row]Standing) Row {
	return slices.MinFunc(g.Rows, func(x, y Row) int {
		a, b := standings[x], standings[y]
		if c := a.CreatedAt.Compare(b.CreatedAt); c != 0 {
			return c
		}
		return cmp.Compare(a.Handle, b.Handle)
	})
}
