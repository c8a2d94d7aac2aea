package onetest

import (
	"fmt"
	"slices"
	"strings"

	"github.com/onecdp/onecdp/internal/customer"
)

// Names tells which id of a database is which of a model. The zero value knows none.
type Names struct {
	real  map[*ID]customer.Handle
	model map[customer.Handle]*ID
}

func (n *Names) bind(id *ID, handle customer.Handle) {
	if n.real == nil {
		n.real, n.model = map[*ID]customer.Handle{}, map[customer.Handle]*ID{}
	}
	n.real[id], n.model[handle] = handle, id
}

// Real is the id that a database has for one of the model; 0: none yet.
func (n *Names) Real(id *ID) customer.Handle { return n.real[id] }

// Compare lists what a database says otherwise than the model. With names nil ids are left aside.
func (m *Model) Compare(s *State, names *Names) (faults []string) {
	fail := func(format string, args ...any) { faults = append(faults, fmt.Sprintf(format, args...)) }
	handles := make([]customer.Handle, len(m.Now.Customers))
	holders := map[customer.Handle]int{}
	for i, members := range m.Now.Customers {
		handles[i] = s.Of[members[0]]
		for _, id := range members {
			if s.Of[id] != handles[i] || s.Of[id] == 0 {
				fail("%s and %s are one customer, not %d and %d", Name(members[0]), Name(id), handles[i], s.Of[id])
			}
		}
		if other, taken := holders[handles[i]]; taken {
			fail("%s and %s are two customers, not one", Name(m.Now.Customers[other][0]), Name(members[0]))
		}
		holders[handles[i]] = i
	}
	for id, handle := range s.Of {
		if _, exists := m.Now.Of[id]; !exists {
			fail("nobody holds %s, not %d", Name(id), handle)
		}
		if s.Shared[id] != m.Now.Shared[id] {
			fail("%s is shared: %v, not %v", Name(id), m.Now.Shared[id], s.Shared[id])
		}
	}
	for _, r := range m.Records {
		message := Message{r.Source, r.MessageID}
		if !m.Living(r) {
			continue
		}
		want := customer.Handle(0)
		owner := m.Owner(m.Now, r)
		if owner >= 0 {
			want = handles[owner]
		}
		got, stored := s.Owner[message]
		if !stored || got != want {
			fail("record %s belongs to %s (%d), not %d", r.MessageID, m.nameOf(owner), want, got)
		}
		if got, stored := s.Events[message]; r.Event != "" && (!stored || got != want) {
			fail("event of %s belongs to %s (%d), not %d", r.MessageID, m.nameOf(owner), want, got)
		}
	}
	for i := range m.Now.Customers {
		if want, got := m.Attributes(m.Now, i), s.Attributes[handles[i]]; want != got {
			fail("%s has attributes %s, not %s", m.nameOf(i), want, got)
		}
	}
	if len(faults) == 0 && names != nil {
		faults = m.compareIDs(s, names, handles)
	}
	slices.Sort(faults)
	return faults
}

// compareIDs compares which ids customers have, and where all others lead.
func (m *Model) compareIDs(s *State, names *Names, handles []customer.Handle) (faults []string) {
	fail := func(format string, args ...any) { faults = append(faults, fmt.Sprintf(format, args...)) }
	for i, handle := range handles {
		want := m.Shown[i]
		// Ids that one request made are of one age: which of them is shown is not said, but it stays the one that was.
		for _, id := range m.IDs {
			if m.Leads[id] == i && id.made == want.made && names.real[id] == handle && id != want {
				m.prefer(id, want)
				want = id
			}
		}
		if names.real[want] == 0 && names.model[handle] == nil {
			names.bind(want, handle)
		}
		if names.real[want] != handle {
			known := "new"
			if id := names.model[handle]; id != nil {
				known = fmt.Sprintf("id %d, born with %s", id.Number, Name(id.Birth))
			}
			fail("%s has id %d, born with %s, which is %d, not %d (%s)", m.nameOf(i), want.Number, Name(want.Birth), names.real[want], handle, known)
		}
	}
	for id, handle := range names.real {
		want := customer.Handle(0)
		if m.Leads[id] >= 0 {
			want = handles[m.Leads[id]]
		}
		if got := s.Leads[handle]; got != want {
			fail("id %d, born with %s, leads to %d, not %d", id.Number, Name(id.Birth), want, got)
		}
	}
	return faults
}

// prefer makes one id the older of two.
func (m *Model) prefer(id, other *ID) {
	m.IDs = slices.DeleteFunc(m.IDs, func(one *ID) bool { return one == id })
	m.IDs = slices.Insert(m.IDs, slices.Index(m.IDs, other), id)
	m.Shown[m.Leads[id]] = id
}

func (m *Model) nameOf(customer int) string {
	if customer < 0 {
		return "nobody"
	}
	names := make([]string, len(m.Now.Customers[customer]))
	for i, id := range m.Now.Customers[customer] {
		names[i] = Name(id)
		if m.Now.Shared[id] {
			names[i] += " (shared)"
		}
	}
	return "{" + strings.Join(names, " ") + "}"
}
