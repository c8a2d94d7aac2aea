package model

import (
	"time"

	"github.com/onecdp/onecdp/graph/together"
)

// IdentityEdge is a link between two identities.
type IdentityEdge struct {
	Ends         [2]int64 // the numbers of the identities, the stronger first
	Accepted     bool
	Reason       string
	Score        *float64
	Source       *string
	FirstSeenAt  time.Time
	LastSeenAt   time.Time
	Observations int
	By           int64 // the number of the operation that made it; 0: records did

	Mates *together.Group[*IdentityEdge]
	Place int
}
