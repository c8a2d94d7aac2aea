package model

import (
	"github.com/onecdp/onecdp/graph/together"
	"github.com/onecdp/onecdp/internal/gid"
	"github.com/onecdp/onecdp/internal/profile"
)

// Identity is one value that a person is known by.
type Identity struct {
	profile.Identity

	Owner *Customer // nil: not read yet
	Mates *together.Group[*Identity]
	Place int
}

// ID is the global id.
func (i *Identity) ID() string { return gid.Encode(gid.Identity, i.Identity.ID) }

// Type is the name of the identity's type.
func (i *Identity) Type() string { return string(i.Identity.Type) }

// Merge is two customers that turned out to be one.
type Merge struct {
	profile.Merge

	Mates *together.Group[*Merge]
	Place int
}

// ID is the global id.
func (m *Merge) ID() string { return gid.Encode(gid.Merge, m.Merge.ID) }

// MergedID is the id that the other customer had.
func (m *Merge) MergedID() string { return gid.Encode(gid.Customer, int64(m.Merged)) }
