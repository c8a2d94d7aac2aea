// Package meter measures what happens, in plain numbers that whoever shows them reads: it knows no format and keeps nothing but
// numbers. Counting is atomic.Int64's.
package meter

import (
	"math"
	"slices"
	"sync/atomic"
	"time"
)

// Histogram counts values by size. It is safe for concurrent use, and measures without a lock.
type Histogram struct {
	bounds  []float64 // ascending
	buckets []atomic.Uint64
	sum     atomic.Uint64 // the bits of a float64
}

// NewHistogram makes a histogram whose buckets end at the bounds, which ascend and belong to them; one more takes what is greater.
func NewHistogram(bounds ...float64) *Histogram {
	return &Histogram{bounds: bounds, buckets: make([]atomic.Uint64, len(bounds)+1)}
}

// Observe counts a value.
func (h *Histogram) Observe(value float64) {
	bucket, _ := slices.BinarySearch(h.bounds, value)
	h.buckets[bucket].Add(1)
	for {
		before := h.sum.Load()
		if h.sum.CompareAndSwap(before, math.Float64bits(math.Float64frombits(before)+value)) {
			return
		}
	}
}

// Distribution is what a histogram has counted. While others measure, Sum may be a value ahead of Count or behind.
type Distribution struct {
	Count uint64
	Sum   float64
	Up    map[float64]uint64 // bound to the number of values that are not greater
}

// Snapshot reads the histogram.
func (h *Histogram) Snapshot() Distribution {
	d := Distribution{Sum: math.Float64frombits(h.sum.Load()), Up: make(map[float64]uint64, len(h.bounds))}
	for i := range h.buckets {
		d.Count += h.buckets[i].Load()
		if i < len(h.bounds) {
			d.Up[h.bounds[i]] = d.Count
		}
	}
	return d
}

// Stopwatch starts to measure; what it returns tells the seconds since. It is for measuring alone: times that are kept come
// from the transaction.
func Stopwatch() (seconds func() float64) {
	began := time.Now()
	return func() float64 { return time.Since(began).Seconds() }
}
