package model

import "github.com/onecdp/onecdp/internal/gid"

// AttributeType is how an attribute's surviving value is chosen.
type AttributeType struct {
	Number       int32
	Name         string
	Survivorship Survivorship
	Sources      []string
}

// ID is the global id.
func (t *AttributeType) ID() string { return gid.Encode(gid.AttributeType, int64(t.Number)) }
