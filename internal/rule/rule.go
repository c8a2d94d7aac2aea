// Package rule is the segment language without a database: it reads rules, refuses the wrong ones
// with all their faults, and says what comparisons, durations and windows mean.
//
// Parse makes a tree of typed nodes. A compiler switches on the nodes; comparisons are resolved
// against one instant and time zone (Env) into a Test of plain data, which holds or does not.
package rule

import (
	"time"

	"github.com/onecdp/onecdp/internal/fault"
)

// Rule is a rule that was read and found right.
type Rule struct{ Root Node }

// Node is one rule of the tree: *All, *Any, *Not, *Attribute, *Identity, *Tag, *Event, *Sequence,
// *SegmentRef, *Lifecycle, *Campaign, *Referral, *Consent or *Bucket.
type Node interface {
	// At is the place of the node in the input, its field included: where.all[1].attribute.
	At() fault.Path
	// Feature is the field that the node was given in.
	Feature() Feature
	document() any
}

// Env is what a rule is evaluated at: one instant and the time zone that governs the whole rule.
type Env struct {
	AsOf time.Time
	Zone *time.Location // of the IANA database, since a Test carries its name; nil is UTC

	// Masked keeps texts that are personal by shape out of searches and orders: the rule compares what is shown to who sees
	// them masked. See Rule.Reveals for the rest.
	Masked bool
}

func (e Env) zone() *time.Location {
	if e.Zone == nil {
		return time.UTC
	}
	return e.Zone
}

// asOf is the instant as it is stored: in microseconds.
func (e Env) asOf() time.Time { return time.UnixMicro(e.AsOf.UnixMicro()).UTC() }

// All holds when every rule does; without rules it holds for everyone.
type All struct {
	Path  fault.Path
	Rules []Node
}

// Any holds when at least one rule does; without rules it holds for nobody.
type Any struct {
	Path  fault.Path
	Rules []Node
}

// Not holds for the living customers for whom the rule does not.
type Not struct {
	Path fault.Path
	Rule Node
}

// Attribute compares an attribute; its name is not a path.
type Attribute struct {
	Path fault.Path
	Name string
	Is   Comparison
}

// Identity compares the identities of a type. Without Is and Count it asks for at least one.
type Identity struct {
	Path  fault.Path
	Type  string
	Scope *string // nil: any scope; "": only identities without one
	Is    *Comparison
	Count *NumberComparison // of the identities that satisfy Is, of all when Is is nil
}

// Tag compares the value of a tag that is valid at asOf.
type Tag struct {
	Path fault.Path
	Key  string
	Is   Comparison
}

// Event filters a customer's events, then aggregates them. Within with Is, First and Last must all hold.
type Event struct {
	Path      fault.Path
	Names     []string   // any of these; nil: any event
	Where     []Property // all of these
	Within    *Window    // filters what is aggregated; First and Last do not look at it
	Aggregate Aggregate
	Property  string // of SUM, AVG, MIN, MAX, DISTINCT; else ""
	Is        NumberComparison
	First     *Window // holds the first matching event ever
	Last      *Window // holds the last matching event ever

	isDefault bool
}

// Property compares a property of an event, by its dotted path.
type Property struct {
	Path fault.Path
	Name string
	Is   Comparison
}

// The reserved properties: they mean the event's columns, whatever its properties hold.
const (
	ChannelProperty = "channel"
	SourceProperty  = "source"
	AmountProperty  = "amount"
)

// Reserved tells whether a property means a column of the event.
func Reserved(property string) bool {
	return property == ChannelProperty || property == SourceProperty || property == AmountProperty
}

// Aggregate is what is computed from the filtered events.
type Aggregate string

// The aggregates. AVG, MIN and MAX of no value are absent; the others are 0.
const (
	Count      Aggregate = "COUNT"
	Sum        Aggregate = "SUM"
	Avg        Aggregate = "AVG"
	Min        Aggregate = "MIN"
	Max        Aggregate = "MAX"
	Distinct   Aggregate = "DISTINCT"
	ActiveDays Aggregate = "ACTIVE_DAYS"
)

// Sequence asks for steps that happen one after the other.
type Sequence struct {
	Path   fault.Path
	Steps  []Step
	Within *Window // for the steps that happen; absence looks at all visible events
}

// Step is one step of a sequence.
type Step struct {
	Path   fault.Path
	Names  []string // nil: any event
	Where  []Property
	MaxGap *Duration // after the step before that happened, inclusive
	Absent bool
}

// SegmentRef asks for the members of a segment by their rule: first a key, then an id.
type SegmentRef struct {
	Path    fault.Path
	Segment string
}

// Lifecycle compares the newest stage entered at or before asOf.
type Lifecycle struct {
	Path          fault.Path
	Stages        []string
	EnteredWithin *Window
}

// Campaign counts distinct interactions of a kind.
type Campaign struct {
	Path     fault.Path
	Campaign *string
	Channel  *string
	Kind     string
	Within   *Window
	Is       NumberComparison

	isDefault bool
}

// Referral counts distinct invitees within Depth links.
type Referral struct {
	Path      fault.Path
	Depth     int
	Activated bool
	Within    *Window
	Is        NumberComparison

	isDefault bool
}

// Consent asks whether the newest statement grants; Granted false is the complement.
type Consent struct {
	Path    fault.Path
	Purpose string
	Channel *string
	Granted bool
}

// Bucket is a stable sample of Percent (0 to 100, an exact decimal) of all customers.
type Bucket struct {
	Path    fault.Path
	Salt    string
	Percent string
}

// At is the place of the node.
func (n *All) At() fault.Path { return n.Path }

// At is the place of the node.
func (n *Any) At() fault.Path { return n.Path }

// At is the place of the node.
func (n *Not) At() fault.Path { return n.Path }

// At is the place of the node.
func (n *Attribute) At() fault.Path { return n.Path }

// At is the place of the node.
func (n *Identity) At() fault.Path { return n.Path }

// At is the place of the node.
func (n *Tag) At() fault.Path { return n.Path }

// At is the place of the node.
func (n *Event) At() fault.Path { return n.Path }

// At is the place of the node.
func (n *Sequence) At() fault.Path { return n.Path }

// At is the place of the node.
func (n *SegmentRef) At() fault.Path { return n.Path }

// At is the place of the node.
func (n *Lifecycle) At() fault.Path { return n.Path }

// At is the place of the node.
func (n *Campaign) At() fault.Path { return n.Path }

// At is the place of the node.
func (n *Referral) At() fault.Path { return n.Path }

// At is the place of the node.
func (n *Consent) At() fault.Path { return n.Path }

// At is the place of the node.
func (n *Bucket) At() fault.Path { return n.Path }

// Walk visits the node and all nodes below it, parents first.
func Walk(n Node, visit func(Node)) {
	visit(n)
	switch n := n.(type) {
	case *All:
		for _, child := range n.Rules {
			Walk(child, visit)
		}
	case *Any:
		for _, child := range n.Rules {
			Walk(child, visit)
		}
	case *Not:
		Walk(n.Rule, visit)
	}
}
