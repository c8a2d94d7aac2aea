package model

import (
	"context"
	"time"

	"github.com/onecdp/onecdp/internal/gid"
	"github.com/onecdp/onecdp/internal/segment"
)

// Segment is a saved rule.
type Segment struct {
	*segment.Segment

	// RefreshedAt is when its members were last computed and kept; nil: they are computed whenever they are asked for.
	RefreshedAt *time.Time
}

// ID is the global id.
func (s *Segment) ID() string { return gid.Encode(gid.Segment, s.Segment.ID) }

// SegmentPreview is what a segment made of a rule would look like.
type SegmentPreview struct {
	AsOf   time.Time
	Count  int
	Total  int
	TookMs float64

	// Matching reads the first customers that match.
	Matching func(ctx context.Context, first int) ([]*Customer, error)
}
