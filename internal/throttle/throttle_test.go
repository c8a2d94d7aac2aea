package throttle

import (
	"fmt"
	"math"
	"sync"
	"testing"
	"time"
)

var start = time.Date(2026, time.June, 1, 0, 0, 0, 0, time.UTC)

func after(seconds float64) time.Time {
	return start.Add(time.Duration(seconds * float64(time.Second)))
}

func TestABucketGivesWhatItHoldsAndFillsSteadily(t *testing.T) {
	t.Parallel()
	b := New(Limits{PerSecond: 10, Most: 100})
	if left, wait := b.Take("a", 80, start); wait != 0 || left != (Status{100, 20, 10}) {
		t.Fatalf("%v, wait %v", left, wait)
	}
	left, wait := b.Take("a", 50, start)
	if wait != 3*time.Second || left.Available != 20 {
		t.Errorf("%v, wait %v: nothing must be taken, and 30 points take 3 s", left, wait)
	}
	if left, wait := b.Take("a", 50, after(3)); wait != 0 || left.Available != 0 {
		t.Errorf("%v, wait %v", left, wait)
	}
	if left, _ := b.Take("a", 0, after(1000)); left.Available != 100 {
		t.Errorf("%v: a bucket holds no more than its size", left)
	}
}

func TestCallersDoNotShareABucket(t *testing.T) {
	t.Parallel()
	b := New(Limits{PerSecond: 1, Most: 10})
	b.Take("a", 10, start)
	if _, wait := b.Take("b", 10, start); wait != 0 {
		t.Error("b waits for a")
	}
}

func TestWhatWasNotUsedComesBack(t *testing.T) {
	t.Parallel()
	b := New(Limits{PerSecond: 1, Most: 100})
	b.Take("a", 60, start)
	if left := b.Return("a", 50, start); left.Available != 90 {
		t.Errorf("%v", left)
	}
	if left := b.Return("a", 50, start); left.Available != 100 || len(b.callers) != 0 {
		t.Errorf("%v, %d kept", left, len(b.callers))
	}
	if left := b.Return("a", -500, start); left.Available != 0 {
		t.Errorf("%v: no debts", left)
	}
}

func TestAClockThatGoesBackFillsNothing(t *testing.T) {
	t.Parallel()
	b := New(Limits{PerSecond: 1, Most: 100})
	b.Take("a", 60, start)
	if left, _ := b.Take("a", 0, start.Add(-time.Hour)); left.Available != 40 {
		t.Errorf("%v", left)
	}
}

func TestNoLimitIsNoBuckets(t *testing.T) {
	t.Parallel()
	for _, limits := range []Limits{{}, {PerSecond: 1}, {Most: 1}, {-1, -1}} {
		if b := New(limits); b != nil || !math.IsInf(b.Most(), 1) {
			t.Errorf("%v: %v", limits, b)
		}
	}
}

func TestFullBucketsAreForgotten(t *testing.T) {
	t.Parallel()
	b := New(Limits{PerSecond: 1, Most: 100})
	for i := range 100_000 {
		b.Take(fmt.Sprint(i), 1, after(float64(i)))
	}
	if len(b.callers) > swept+1 {
		t.Errorf("%d buckets of which all but two are full", len(b.callers))
	}
}

func TestNobodyGetsMoreThanThereIs(t *testing.T) {
	t.Parallel()
	b := New(Limits{PerSecond: 1, Most: 100})
	var (
		wait  sync.WaitGroup
		lock  sync.Mutex
		taken int
	)
	for range 16 {
		wait.Go(func() {
			for range 100 {
				if _, refused := b.Take("a", 1, start); refused == 0 {
					lock.Lock()
					taken++
					lock.Unlock()
				}
			}
		})
	}
	wait.Wait()
	if taken != 100 {
		t.Errorf("%d of 100 points", taken)
	}
}
