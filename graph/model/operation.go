package model

import (
	"encoding/json"
	"time"

	"github.com/onecdp/onecdp/graph/together"
	"github.com/onecdp/onecdp/internal/gid"
)

// Operation is something that was done by hand about who is who.
type Operation struct {
	Number int64
	Kind   string
	Reason string
	Actor  string
	At     time.Time
	Undone int64 // the number of the operation that undid it; 0: it stands

	Mates *together.Group[*Operation]
	Place int
}

// ID is the global id.
func (o *Operation) ID() string { return gid.Encode(gid.Operation, o.Number) }

// MergePreview is what merging two customers would do.
type MergePreview struct {
	Survivor         *Customer
	Merged           int64 // the handle that would lead to the survivor; 0: both are one already
	Refusal          *string
	After            json.RawMessage // the golden record of the one customer
	AttributeChanges []*AttributeChange
	Events           int
	Identities       []*Identity
	SegmentChanges   []*SegmentSideChange
	Tags             []*CustomerTag
}

// MergedID is the id that would lead to the survivor; nil when both are one already.
func (p *MergePreview) MergedID() *string { return customerID(p.Merged) }
