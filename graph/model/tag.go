package model

import (
	"encoding/json"
	"time"

	"github.com/onecdp/onecdp/internal/gid"
	"github.com/onecdp/onecdp/internal/tag"
)

// Tag is something that customers are described by.
type Tag struct{ tag.Tag }

// ID is the global id.
func (t *Tag) ID() string { return gid.Encode(gid.Tag, t.Tag.ID) }

// Kind is how the values come about.
func (t *Tag) Kind() TagKind { return TagKind(t.Tag.Kind) }

// CustomerTag is a tag's value on a customer.
type CustomerTag struct {
	Tag        *Tag
	Value      json.RawMessage
	Score      *float64
	ComputedAt time.Time
	ValidUntil *time.Time
	Source     string
}
