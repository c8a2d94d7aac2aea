package ingest

import (
	"sync/atomic"

	"github.com/onecdp/onecdp/internal/meter"
)

// Stats is what a service has taken in since it was made.
type Stats struct {
	Records map[Status]int64   // by their answer
	Failed  int64              // records of batches that an error ended: not stored, or nobody knows
	Sizes   meter.Distribution // records of a batch
	Seconds meter.Distribution // that a batch took
}

// counters are what Stats is read from.
type counters struct {
	accepted, duplicate, rejected, failed atomic.Int64
	sizes, seconds                        *meter.Histogram
}

func newCounters() counters {
	return counters{
		sizes:   meter.NewHistogram(1, 2, 5, 10, 25, 50, 100, 250, 500, MaxBatch),
		seconds: meter.NewHistogram(.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10),
	}
}

// Stats reads the counters.
func (s *Service) Stats() Stats {
	return Stats{
		Records: map[Status]int64{
			Accepted: s.counters.accepted.Load(), Duplicate: s.counters.duplicate.Load(), Rejected: s.counters.rejected.Load(),
		},
		Failed: s.counters.failed.Load(), Sizes: s.counters.sizes.Snapshot(), Seconds: s.counters.seconds.Snapshot(),
	}
}

// count takes note of a batch that was answered.
func (c *counters) count(results []Result, seconds float64) {
	var accepted, duplicate, rejected int64
	for _, result := range results {
		switch result.Status {
		case Accepted:
			accepted++
		case Duplicate:
			duplicate++
		case Rejected:
			rejected++
		}
	}
	c.accepted.Add(accepted)
	c.duplicate.Add(duplicate)
	c.rejected.Add(rejected)
	c.sizes.Observe(float64(len(results)))
	c.seconds.Observe(seconds)
}
