// Package throttle says how much a caller may ask for in a time. Each caller has a bucket of points that fills up steadily; what
// they ask for is taken out of it.
package throttle

import (
	"math"
	"sync"
	"time"
)

// Limits are the size of a bucket. The zero value, and any without a rate, is no limit.
type Limits struct {
	PerSecond float64 // points that come back each second
	Most      float64 // points that a bucket holds, and that it begins with
}

// Status is a bucket at an instant, in points.
type Status struct {
	Most      float64
	Available float64
	PerSecond float64
}

// swept is the number of buckets that are kept without a look at which of them are full again.
const swept = 1024

// Buckets holds a bucket for each caller, in memory. A full bucket is not kept: it is like one that was never used. Buckets is safe
// for concurrent use; a nil one has no limit.
type Buckets struct {
	limits Limits

	lock    sync.Mutex
	callers map[string]bucket
	sweepAt int // the number of buckets at which full ones are forgotten
}

type bucket struct {
	points float64
	at     time.Time // when it held them
}

// New makes the buckets; nil, which is no limit, when the limits are none.
func New(limits Limits) *Buckets {
	if limits.PerSecond <= 0 || limits.Most <= 0 {
		return nil
	}
	return &Buckets{limits: limits, callers: map[string]bucket{}, sweepAt: swept}
}

// Take takes points out of the caller's bucket. When it holds too few, nothing is taken and wait is the time after which it will
// hold enough; more than a bucket can ever hold is for the caller of Take to refuse before.
func (b *Buckets) Take(caller string, points float64, now time.Time) (left Status, wait time.Duration) {
	b.lock.Lock()
	defer b.lock.Unlock()
	held := b.held(caller, now)
	if missing := points - held; missing > 0 {
		return b.status(held), time.Duration(math.Ceil(missing / b.limits.PerSecond * float64(time.Second)))
	}
	return b.status(b.keep(caller, held-points, now)), 0
}

// Return puts points back that were taken and not used. Negative ones were used beyond what was taken; a bucket does not sink below
// empty.
func (b *Buckets) Return(caller string, points float64, now time.Time) Status {
	b.lock.Lock()
	defer b.lock.Unlock()
	return b.status(b.keep(caller, max(0, b.held(caller, now)+points), now))
}

// Most is what a bucket holds at most; +Inf without a limit.
func (b *Buckets) Most() float64 {
	if b == nil {
		return math.Inf(1)
	}
	return b.limits.Most
}

func (b *Buckets) status(held float64) Status {
	return Status{Most: b.limits.Most, Available: held, PerSecond: b.limits.PerSecond}
}

func (b *Buckets) held(caller string, now time.Time) float64 {
	kept, used := b.callers[caller]
	if !used {
		return b.limits.Most
	}
	return b.filled(kept, now)
}

// filled is what a bucket has come to hold. A clock that went back fills nothing.
func (b *Buckets) filled(kept bucket, now time.Time) float64 {
	return min(b.limits.Most, kept.points+b.limits.PerSecond*max(0, now.Sub(kept.at).Seconds()))
}

func (b *Buckets) keep(caller string, points float64, now time.Time) float64 {
	if points >= b.limits.Most {
		delete(b.callers, caller)
		return b.limits.Most
	}
	b.callers[caller] = bucket{points, now}
	if len(b.callers) > b.sweepAt {
		b.sweep(now)
	}
	return points
}

// sweep forgets full buckets. The next sweep comes when twice as many are kept, so that sweeping costs little per use.
func (b *Buckets) sweep(now time.Time) {
	for caller, kept := range b.callers {
		if b.filled(kept, now) >= b.limits.Most {
			delete(b.callers, caller)
		}
	}
	b.sweepAt = max(swept, 2*len(b.callers))
}
