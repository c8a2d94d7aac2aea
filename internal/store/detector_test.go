package store_test

import (
	"runtime"
	"sync"
	"testing"
)

// TestTheRaceDetectorSeesWhatASyncMapOrders passes values from goroutine to goroutine through a sync.Map and nothing else. That is no
// race, but is reported as one when the program has a copy of sync.Map's code that was compiled without the detector: what the Makefile's
// RACE leaves out must not hold generic code, since the linker may take its copy for everybody. encoding/json and reflect would then be
// reported too, and true races be missed.
func TestTheRaceDetectorSeesWhatASyncMapOrders(t *testing.T) {
	t.Parallel()
	var passed sync.Map
	passed.Store(-1, nil) // the first use of a map orders more than the others do
	for round := range 100 {
		go func() {
			value := new(int)
			*value = round
			passed.Store(round, value)
		}()
		value, there := passed.Load(round)
		for ; !there; value, there = passed.Load(round) {
			runtime.Gosched()
		}
		if got := *value.(*int); got != round {
			t.Fatalf("round %d: got %d", round, got)
		}
	}
}
