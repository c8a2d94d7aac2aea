package model

import (
	"github.com/onecdp/onecdp/internal/gid"
	"github.com/onecdp/onecdp/internal/identity"
)

// IdentityType is how identities of one type take part in telling who is who.
type IdentityType struct {
	identity.Type

	Number int32
}

// ID is the global id.
func (t *IdentityType) ID() string { return gid.Encode(gid.IdentityType, int64(t.Number)) }

// Name is the type's name.
func (t *IdentityType) Name() string { return string(t.Type.Name) }

// Strength says whether the type says who a person is.
func (t *IdentityType) Strength() IdentityStrength { return IdentityStrength(t.Type.Strength) }

// OnConflict is which link keeps a value that two people claim.
func (t *IdentityType) OnConflict() ConflictPolicy { return ConflictPolicy(t.Type.OnConflict) }

// LimitWindow is the time in which the limit counts; nil: for ever.
func (t *IdentityType) LimitWindow() *string {
	if t.Type.LimitWindow == "" {
		return nil
	}
	return &t.Type.LimitWindow
}
