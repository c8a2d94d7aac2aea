package model

import (
	"time"

	"github.com/onecdp/onecdp/internal/gid"
)

// Job is work in the background.
type Job struct {
	Number    int64
	Kind      string
	Subject   string
	State     JobState
	Actor     string
	Done      int
	Total     int
	Changed   int
	Error     *string
	CreatedAt time.Time
	EndedAt   *time.Time
}

// ID is the global id.
func (j *Job) ID() string { return gid.Encode(gid.Job, j.Number) }
