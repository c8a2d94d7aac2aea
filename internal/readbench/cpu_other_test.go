//go:build !unix

package readbench

import "time"

// processorTime is not known here.
func processorTime() time.Duration { return 0 }
