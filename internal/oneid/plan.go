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

// Star is the evidence of one record: identities said to belong to one person, strongest first. The strongest
// is linked with each other one.
type Star struct {
	Identities []identity.Identity
	Known      bool // its set is stored already, and was nobody's until now
}

// Kind is what limits count within: a type and a scope.
type Kind struct {
	Type  identity.TypeName
	Scope string
}

// Standing is what is known of a customer's row before the stars are added.
type Standing struct {
	Handle    Handle
	CreatedAt time.Time    // of the handle
	Size      int          // identities it holds
	Counts    map[Kind]int // and how many of each kind
	Part      int64        // the disputed evidence it belongs to; 0: all about it is simply followed
}

// Facts are all that a plan rests on.
type Facts struct {
	Owner     map[identity.Identity]Row  // identities that exist; 0 for one that nobody holds
	Shared    map[identity.Identity]bool // those tied to too many people
	Ruled     map[identity.Identity]bool // those that operations name
	Standings map[Row]Standing
	Derived   []Derived
}

// Derived says that an email and a hash are one person's, because the hash is the email's. Both have an owner, or
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
	A, B identity.Identity
}

// Dispute is evidence that cannot simply be followed: together it breaks a constraint, or did before, or somebody
// decided about it by hand.
type Dispute struct {
	Rows       []Row
	Identities []identity.Identity // all that its stars show
}

// Plan says what a batch of stars does to the customers. Groups that nothing happens to are left out.
type Plan struct {
	Groups   []Group
	Disputes []Dispute
	Homes    []Home // by star
}

// Home is where a star's strongest identity ends up: in a group of the plan, in a dispute, or with a customer the plan does not touch.
type Home struct {
	Group   int // -1: in Row, or in a dispute
	Dispute int // -1: in none
	Row     Row
}

// planner joins identities and rows into one set for each connected piece of evidence.
type planner struct {
	rules    *Rules
	most     int
	facts    Facts
	all      forest // everything that evidence ties
	strong   forest // strong identities, and rows that hold one, tied by links of strong ones and derived links
	isStrong []bool
	disputed []bool
	rows     [][]Row
	node     map[identity.Identity]int
	rowNode  map[Row]int
	partNode map[int64]int
	identity []identity.Identity // by node; zero for rows
	causes   map[Row]Cause
}

// MakePlan computes which customers the stars make, extend and merge, and what must be decided with all its evidence. It depends on its
// arguments alone.
//
// A connected piece of evidence that breaks no constraint as a whole is one customer, in whatever order its links are
// taken: that is all that groups rest on. Everything else is a dispute.
func MakePlan(rules *Rules, most int, facts Facts, stars []Star) Plan {
	p := &planner{rules: rules, most: most, facts: facts, causes: map[Row]Cause{}, node: map[identity.Identity]int{}, rowNode: map[Row]int{}, partNode: map[int64]int{}}
	for i, star := range stars {
		p.show(i, star)
		if star.Known {
			p.disputed[p.all.find(p.place(star.Identities[0]))] = true
		}
	}
	for _, d := range facts.Derived {
		if facts.Shared[d.Email] || facts.Shared[d.Hash] {
			continue // what is shared links nothing
		}
		p.join(p.place(d.Email), p.place(d.Hash), true, Cause{max(0, starWith(stars, d)), d.Email, d.Hash})
	}
	return p.read(stars)
}

// show adds a star. Shared identities are no evidence; but one that may itself make others shared, or that stood alone in
// its star, is looked at closely.
func (p *planner) show(number int, star Star) {
	center := -1
	for _, id := range star.Identities {
		if p.facts.Shared[id] && !p.rules.singleValued(id.Type) {
			continue
		}
		node := p.place(id)
		if p.facts.Shared[id] {
			p.disputed[p.all.find(node)] = true
		}
		if center < 0 {
			center = node
			continue
		}
		p.join(center, node, p.isStrong[center] && p.isStrong[node] && p.rules.strong(id.Type), Cause{number, p.identity[center], id})
	}
}

// place gives an identity its node, joined with its customer's.
func (p *planner) place(id identity.Identity) int {
	if node, placed := p.node[id]; placed {
		return node
	}
	node := p.add(p.rules.strong(id.Type))
	p.node[id], p.identity[node] = node, id
	row, exists := p.facts.Owner[id]
	p.disputed[node] = p.facts.Ruled[id] || exists && row == 0 // somebody had it once: his id comes back with it
	if row != 0 {
		p.join(node, p.placeRow(row), p.rules.strong(id.Type), Cause{})
	}
	return node
}

func (p *planner) placeRow(row Row) int {
	if node, placed := p.rowNode[row]; placed {
		return node
	}
	standing := p.facts.Standings[row]
	strong := false
	for kind := range standing.Counts {
		strong = strong || p.rules.strong(kind.Type)
	}
	node := p.add(strong)
	p.rowNode[row], p.rows[node] = node, []Row{row}
	if standing.Part != 0 {
		p.disputed[node] = true
		if first, known := p.partNode[standing.Part]; known {
			p.join(first, node, false, Cause{})
		} else {
			p.partNode[standing.Part] = node
		}
	}
	return node
}

func (p *planner) add(strong bool) int {
	p.strong.add()
	p.isStrong = append(p.isStrong, strong)
	p.disputed = append(p.disputed, false)
	p.rows = append(p.rows, nil)
	p.identity = append(p.identity, identity.Identity{})
	return p.all.add()
}

// join ties two nodes; firmly where strong identities are tied as such.
func (p *planner) join(a, b int, firmly bool, cause Cause) {
	if firmly {
		p.strong[p.strong.find(b)] = p.strong.find(a)
	}
	a, b = p.all.find(a), p.all.find(b)
	if a == b {
		return
	}
	if len(p.rows[a]) > 0 && len(p.rows[b]) > 0 && cause.A.Type != "" {
		for _, row := range append(slices.Clone(p.rows[a]), p.rows[b]...) {
			if _, told := p.causes[row]; !told {
				p.causes[row] = cause
			}
		}
	}
	p.all[b] = a
	p.disputed[a] = p.disputed[a] || p.disputed[b]
	p.rows[a] = append(p.rows[a], p.rows[b]...)
}

// starWith is the first star that shows either end of a derived link.
func starWith(stars []Star, d Derived) int {
	return slices.IndexFunc(stars, func(star Star) bool {
		return slices.Contains(star.Identities, d.Email) || slices.Contains(star.Identities, d.Hash)
	})
}

// piece is what is connected.
type piece struct {
	shown, joins []identity.Identity
	counts       map[Kind]int
	size         int
	people       map[int]bool // strong identities that are not tied as such are several
}

// read turns the connected pieces into groups, disputes and homes.
func (p *planner) read(stars []Star) Plan {
	pieces := map[int]*piece{}
	var roots []int
	for node := range p.all {
		root := p.all.find(node)
		one := pieces[root]
		if one == nil {
			one = &piece{counts: map[Kind]int{}, people: map[int]bool{}}
			pieces[root] = one
			roots = append(roots, root)
		}
		p.count(node, one)
	}
	plan := Plan{Homes: make([]Home, len(stars))}
	group, dispute := map[int]int{}, map[int]int{}
	for _, root := range roots {
		one, rows := pieces[root], p.rows[root]
		slices.SortFunc(one.shown, p.rules.Registry.Compare)
		slices.SortFunc(one.joins, p.rules.Registry.Compare)
		switch {
		case p.disputed[root] || p.breaks(one):
			dispute[root] = len(plan.Disputes)
			plan.Disputes = append(plan.Disputes, Dispute{Rows: rows, Identities: one.shown})
		case len(one.joins) > 0 || len(rows) > 1:
			// The row with the most identities stays: a merge costs the smaller side.
			slices.SortFunc(rows, func(x, y Row) int {
				return cmp.Or(cmp.Compare(p.facts.Standings[y].Size, p.facts.Standings[x].Size), cmp.Compare(x, y))
			})
			group[root] = len(plan.Groups)
			plan.Groups = append(plan.Groups, Group{Rows: rows, Joins: one.joins, Causes: p.causes})
		}
	}
	for i, star := range stars {
		plan.Homes[i] = p.home(star, group, dispute)
	}
	return plan
}

func (p *planner) count(node int, into *piece) {
	if p.isStrong[node] {
		into.people[p.strong.find(node)] = true
	}
	id := p.identity[node]
	if id.Type == "" {
		for _, row := range p.rows[node] {
			if p.rowNode[row] == node {
				p.countRow(row, into)
			}
		}
		return
	}
	into.shown = append(into.shown, id)
	if p.facts.Owner[id] == 0 {
		into.joins = append(into.joins, id)
		into.counts[Kind{id.Type, id.Scope}]++
		into.size++
	}
}

func (p *planner) countRow(row Row, into *piece) {
	standing := p.facts.Standings[row]
	into.size += standing.Size
	for kind, n := range standing.Counts {
		into.counts[kind] += n
	}
}

// breaks tells that a piece as a whole breaks a constraint: a limit (windows left aside), the cap, or weak identities
// that are all there is between two people.
func (p *planner) breaks(one *piece) bool {
	if one.size > p.most || len(one.people) > 1 {
		return true
	}
	for kind, n := range one.counts {
		if t, _ := p.rules.Registry.Type(kind.Type); t.MaxPerCustomer != nil && n > *t.MaxPerCustomer {
			return true
		}
	}
	return false
}

func (p *planner) home(star Star, group, dispute map[int]int) Home {
	for _, id := range star.Identities {
		node, placed := p.node[id]
		if !placed {
			continue
		}
		root := p.all.find(node)
		if i, disputed := dispute[root]; disputed {
			return Home{Group: -1, Dispute: i}
		}
		if i, touched := group[root]; touched {
			return Home{Group: i, Dispute: -1}
		}
		return Home{Group: -1, Dispute: -1, Row: p.rows[root][0]}
	}
	return Home{Group: -1, Dispute: -1, Row: p.facts.Owner[star.Identities[0]]} // all shared: the strongest one's own customer
}

// Oldest is the row whose handle was made first: the id that survives.
func (g Group) Oldest(standings map[Row]Standing) Row {
	return slices.MinFunc(g.Rows, func(x, y Row) int {
		a, b := standings[x], standings[y]
		return cmp.Or(a.CreatedAt.Compare(b.CreatedAt), cmp.Compare(a.Handle, b.Handle))
	})
}

func (r *Rules) strong(name identity.TypeName) bool {
	t, _ := r.Registry.Type(name)
	return t.Strength == identity.Strong
}

func (r *Rules) singleValued(name identity.TypeName) bool {
	t, _ := r.Registry.Type(name)
	return t.SingleValued()
}
