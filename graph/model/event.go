package model

import (
	"github.com/onecdp/onecdp/graph/scalar"
	"github.com/onecdp/onecdp/graph/together"
	"github.com/onecdp/onecdp/internal/gid"
	"github.com/onecdp/onecdp/internal/profile"
)

// Event is something that a customer did or that happened to them.
type Event struct {
	profile.Event

	Owner *Customer // nil: not read yet
	Mates *together.Group[*Event]
	Place int
}

// ID is the global id; it tells where the event stands, so that finding it again is one probe.
func (e *Event) ID() string {
	return gid.Encode(gid.Event, e.Set, e.OccurredAt.UnixMicro(), e.EventKey.ID)
}

// Amount is the event's amount, exact.
func (e *Event) Amount() *scalar.Micros { return (*scalar.Micros)(e.Event.Amount) }
