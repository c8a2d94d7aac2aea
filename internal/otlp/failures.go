package otlp

import (
	"log/slog"
	"sync"
	"time"
)

// quiet is how long nothing more is said of failures after some were: a collector that is down fails every few seconds.
const quiet = time.Minute

// Failures logs that traces are lost: the first time at once, then once a minute with how often that was. It is safe for concurrent use.
type Failures struct {
	Log *slog.Logger

	mu    sync.Mutex
	said  time.Time
	since int // that were not told
}

// Failed counts a failure at a time.
func (f *Failures) Failed(now time.Time, cause error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.since++
	if !f.said.IsZero() && now.Sub(f.said) < quiet {
		return
	}
	f.Log.Warn("traces are lost", "cause", cause, "times", f.since)
	f.said, f.since = now, 0
}
