package meter_test

import (
	"sync"
	"testing"

	"github.com/onecdp/onecdp/internal/meter"
)

func TestAHistogramCountsValuesUpToEachBound(t *testing.T) {
	t.Parallel()
	h := meter.NewHistogram(1, 10, 100)
	for _, value := range []float64{0.5, 1, 2, 10, 11, 1000} {
		h.Observe(value)
	}
	got := h.Snapshot()
	if got.Count != 6 || got.Sum != 1024.5 {
		t.Errorf("count %d, sum %v", got.Count, got.Sum)
	}
	for bound, want := range map[float64]uint64{1: 2, 10: 4, 100: 5} {
		if got.Up[bound] != want {
			t.Errorf("up to %v: %d, want %d", bound, got.Up[bound], want)
		}
	}
}

func TestNothingIsLostWhenManyMeasure(t *testing.T) {
	t.Parallel()
	h := meter.NewHistogram(1)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 1000 {
				h.Observe(2)
			}
		})
	}
	all.Wait()
	if got := h.Snapshot(); got.Count != 8000 || got.Sum != 16000 {
		t.Errorf("%+v", got)
	}
}

func TestAStopwatchDoesNotGoBack(t *testing.T) {
	t.Parallel()
	seconds := meter.Stopwatch()
	if first, second := seconds(), seconds(); first < 0 || second < first {
		t.Errorf("%v, then %v", first, second)
	}
}
