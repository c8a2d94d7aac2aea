package onetest

import (
	"fmt"
	"slices"

	"github.com/onecdp/onecdp/internal/identity"
)

// ID is an id that was given out (S9).
type ID struct {
	Number int
	Birth  identity.Identity
	seat   identity.Identity // where the birth identity has moved on to
	made   int               // the step that made it
	own    bool              // a record of that step made it; else a part split off
}

// Model is a log with the ids that were given out while it was written.
type Model struct {
	Log

	IDs    []*ID
	Now    *Answer
	Before *Answer // as it was before the last request
	Shown  []*ID   // by customer: the id it has
	Past   []*ID   // the same, before the last request
	Leads  map[*ID]int

	step    int
	journal []string
}

// NewModel returns a model of an empty database.
func NewModel(types []identity.Type, most int) (*Model, error) {
	registry, err := identity.NewRegistry(types, "CN")
	m := &Model{Log: Log{Types: registry, Most: most}}
	if err == nil {
		m.Now = m.Solve()
	}
	return m, err
}

// Ingest adds the records of one request, which is one step: ids between its records are not told apart. Those whose message is known do nothing.
func (m *Model) Ingest(records ...*Record) {
	m.begin()
	for _, r := range records {
		known := func(o *Record) bool { return o.Source == r.Source && o.MessageID == r.MessageID }
		if r.MessageID == "" || !slices.ContainsFunc(m.Records, known) {
			r.step = m.step
			m.Records = append(m.Records, r)
		}
	}
	m.tell("ingest", records)
	m.settle()
}

// Operate adds an operation.
func (m *Model) Operate(o *Operation) {
	m.begin()
	m.counting = nil
	m.Operations = append(m.Operations, o)
	m.journal = append(m.journal, fmt.Sprintf("%d: %s", m.step, o.describe()))
	m.settle()
}

// Define changes a type or adds one.
func (m *Model) Define(t identity.Type) error {
	m.begin()
	m.counting = nil
	types := slices.DeleteFunc(m.Types.Types(), func(old identity.Type) bool { return old.Name == t.Name })
	registry, err := identity.NewRegistry(append(types, t), "CN")
	if err != nil {
		return err
	}
	m.Types = registry
	m.journal = append(m.journal, fmt.Sprintf("%d: define %s %v %s max %s %s %q owners %s verified %v blocked %q", m.step, t.Name, t.Priority, t.Strength,
		number(t.MaxPerCustomer), t.OnConflict, t.LimitWindow, number(t.MaxOwners), t.RequiresVerified, t.Blocked))
	m.settle()
	return nil
}

func (m *Model) begin() {
	m.Before, m.Past = m.Now, m.Shown
	m.step++
}

// settle finds who is who now, and gives ids.
func (m *Model) settle() {
	m.Now = m.Solve()
	m.Shown, m.Leads = make([]*ID, len(m.Now.Customers)), map[*ID]int{}
	for _, id := range m.IDs { // in the order in which they were made
		id.seat = m.seat(id, func(seat identity.Identity) bool { return m.Before.Shared[seat] && m.Now.Shared[seat] })
		customer, held := m.Now.Of[id.seat]
		if !held {
			customer = -1
		}
		m.Leads[id] = customer
		if held && m.Shown[customer] == nil {
			m.Shown[customer] = id
		}
	}
	for customer := range m.Now.Customers {
		if m.Shown[customer] == nil {
			birth, own := m.birth(customer)
			id := m.make(birth, own)
			if own {
				id.seat = m.seat(id, func(seat identity.Identity) bool { return m.Before.Shared[seat] && m.Now.Shared[seat] })
			}
			if home := m.Now.Of[id.seat]; home != customer { // the records that came with the first have moved it on already
				m.Leads[id] = home
				id = m.make(m.Now.Customers[customer][0], false)
			}
			m.Shown[customer], m.Leads[id] = id, customer
		}
	}
}

func (m *Model) make(birth identity.Identity, own bool) *ID {
	id := &ID{Number: len(m.IDs) + 1, Birth: birth, seat: birth, made: m.step, own: own}
	m.IDs = append(m.IDs, id)
	return id
}

// birth is the identity that a new id is born with: of a stranger the strongest of the first record that shows him, of a part that split off the
// strongest. It tells which of the two it is.
func (m *Model) birth(customer int) (identity.Identity, bool) {
	members := m.Now.Customers[customer]
	held := func(id identity.Identity) bool { _, before := m.Before.Of[id]; return before }
	if slices.ContainsFunc(members, held) {
		return members[0], false
	}
	for _, r := range m.Records {
		if r.step != m.step || !slices.ContainsFunc(m.members(r), func(id identity.Identity) bool { return slices.Contains(members, id) }) {
			continue
		}
		center, _ := m.Center(m.Now, r)
		if slices.Contains(members, center) {
			return center, true
		}
		break
	}
	return members[0], false
}

// seat is the identity that the birth identity of an id has moved on to. From one that is shared, and was before, it does not move: the text does
// not say so, but otherwise everybody who shows a shared number would take its id.
func (m *Model) seat(id *ID, frozen func(identity.Identity) bool) identity.Identity {
	seat := id.Birth
	if frozen(seat) {
		seat = id.seat
	}
	for !frozen(seat) {
		next := m.steadier(id, seat)
		if next == seat {
			break
		}
		seat = next
	}
	return seat
}

// steadier is the strongest identity of the first record, of those that made an id and those after it, that shows its seat together with a steadier one. One that is
// shared now is passed over: it is nobody's.
func (m *Model) steadier(id *ID, seat identity.Identity) identity.Identity {
	for _, r := range m.Records {
		if at := m.arrived(r); at < id.made || at == id.made && !id.own || !slices.Contains(m.members(r), seat) {
			continue
		}
		to, _ := m.Center(m.Now, r)
		if m.steadiness(to) > m.steadiness(seat) && !m.keptApart(seat, to) {
			return to
		}
	}
	return seat
}

// arrived is when the first of the living records arrived that show just what one shows: one that is sent again says nothing new.
func (m *Model) arrived(r *Record) int {
	step := r.step
	for _, other := range m.Records {
		if other.step < step && m.Living(other) && other.showsLike(r) {
			step = other.step
		}
	}
	return step
}

func (m *Model) steadiness(id identity.Identity) int {
	switch t := m.typeOf(id); {
	case t.Strength != identity.Strong:
		return 0
	case t.OnConflict == identity.Latest:
		return 1
	}
	return 2
}

func (m *Model) keptApart(a, b identity.Identity) bool {
	return slices.ContainsFunc(m.apart(), func(p Pair) bool { return p == Pair{a, b} || p == Pair{b, a} })
}
