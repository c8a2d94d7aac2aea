package model

import (
	"github.com/onecdp/onecdp/graph/together"
	"github.com/onecdp/onecdp/internal/profile"
)

// RecordResult is what became of one record.
type RecordResult struct {
	Index  int
	Status RecordStatus
	Error  *UserError

	Owner profile.Handle // 0: nobody's
	Mates *together.Group[*RecordResult]
}
