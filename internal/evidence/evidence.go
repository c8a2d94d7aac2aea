// Package evidence is the One ID rule as a function: which identities are one customer, given what records and
// operators said about them.
//
// It is pure, and it knows no order of arrival: the same evidence has the same solution, however it was put together.
// The sections S3 to S10 that the comments name are those of the rule's specification. What that leaves open is
// decided here:
//
//   - Owners (S5) are counted in stars. A forced link is no star and makes nobody an owner.
//   - A shared identity links nothing, so it also stops forced links, and two values are no aliases through it.
//   - Values are aliases when an operator's link joins two of one type and scope, directly or over further values of the
//     same type and scope, whether or not the link could be taken.
//   - Constraints look at the whole union. Where forced links alone have made a set that breaks C2 or C4, no other
//     link can make it grow.
//   - In a window (C2) aliases count once if any of them was last seen in it. An identity that no record names
//     was never seen and is in no window.
//   - A link that would break several constraints is rejected for the first of apart, limit, weak, cap.
//   - Time cannot order the link of a LATEST type against that of an EARLIEST one; where their weaker ends have one
//     priority, LATEST goes first.
package evidence

import (
	"time"

	"github.com/onecdp/onecdp/internal/identity"
)

// Part is some identities and all the evidence that ties them. Identities are spoken of by their places in it.
type Part struct {
	// Identities differ from each other. Their order means nothing.
	Identities []identity.Identity
	// Shared says, by identity, which are known to be shared already; nil: none. Their own evidence need not be here: they are
	// left out, and their owners are not counted again. They still count as owners of others.
	Shared []bool
	// LastSeen is, by identity, the time of the newest record that names it, for limits with a window; a zero time: no record
	// does. nil: the newest of the sightings.
	LastSeen []time.Time
	// Sightings are what records say.
	Sightings []Sighting
	// Forced are the operators' links in force. The links between emails and their hashes are not among them: Solve finds these itself.
	Forced []Forced
	// Apart are the groups that operators keep apart.
	Apart []Apart
}

// Sighting is the records of one identity set over a stretch of time.
type Sighting struct {
	Set         int64
	Members     []int     // the identities that count; those that an unlink leaves out for this stretch are left out already
	First, Last time.Time // times of the oldest and the newest of the records
	Count       int       // how many records
}

// Forced is an operator's link of every one of A with every one of B.
type Forced struct {
	Operation int64
	A, B      []int
}

// Apart is an operator's order that no one of A may be together with anyone of B.
type Apart struct {
	Operation int64
	A, B      []int
}

// Reason says why a link has the verdict it has, as answers spell it.
type Reason string

// The reasons. Solve never finds Blocked: what is blocked is no evidence.
const (
	Same        Reason = "same"    // accepted
	KeptApart   Reason = "apart"   // C1: the union would hold both sides of a keepApart
	OverLimit   Reason = "limit"   // C2: more values of a type and scope than maxPerCustomer
	TooWeak     Reason = "weak"    // C3: a weak link would join strong identities
	OverCap     Reason = "cap"     // C4: more identities than a customer may hold
	SharedValue Reason = "shared"  // an end is shared and links nothing
	Blocked     Reason = "blocked" // an end is blocked
)

// The classes of links, in the order in which they are taken.
const (
	ClassForced = iota
	ClassStrong // both ends are strong
	ClassMixed  // one end is strong
	ClassWeak   // neither is
)

// Link is what ties two identities: all that records say of the pair, or one forced link.
type Link struct {
	A, B        int       // places of the identities; A is the stronger
	Class       int       // ClassForced to ClassWeak
	First, Last time.Time // times of the oldest and the newest record that shows it; zero for forced links
	Count       int       // how many records show it
	Sets        []int64   // the identity sets that show it, ascending
	Operation   int64     // the operation that forces it; 0: none
	Derived     bool      // forced: an email and its hash
	Accepted    bool
	Reason      Reason
}

// Solution is the verdict on a part.
type Solution struct {
	// Links are in the order in which they were taken. The links of shared identities follow, in the same order, rejected as
	// SharedValue: they are the rays that the stars would have if these were not left out.
	Links []Link
	// Customers are the sets that remain together, members strongest first, ordered by their strongest members.
	Customers [][]int
	// Customer is the place in Customers of each identity.
	Customer []int
	// Shared says which identities are shared: those known before and those found.
	Shared []bool
	// Parts are the customers (places in Customers, ascending) that evidence ties, rejected links included and links of shared
	// identities not. Each can be solved without the others.
	Parts [][]int
	// Contested says, by part, that it is not a plain one. A plain part is one customer; no operator's link and no keepApart
	// names any of its identities; none is shared; and it breaks no constraint even if the windows of limits are ignored.
	Contested []bool
}

// Solve decides which identities of a part are one customer (S3 to S8). most is the cap of C4: how many identities a
// customer may hold. Types that are not declared count as weak and last.
func Solve(types *identity.Registry, most int, part Part) Solution {
	s := newSolver(types, part)
	s.findShared()
	forced, lost := s.forcedLinks(types)
	stars, dark := s.starLinks()
	links, lost := s.sorted(forced, stars), s.sorted(lost, dark)

	u := s.newUnion(most)
	for i := range links {
		l := &links[i]
		l.Reason = u.take(int32(l.A), int32(l.B), l.Class)
		l.Accepted = l.Reason == Same
	}
	return s.solution(u, links, lost)
}
