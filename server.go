// Command onecdp is a customer data platform in one binary.
package main

import (
	"context"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"github.com/onecdp/onecdp/internal/command"
)

// garbage is how much the heap may grow, in percent, before it is collected: requests leave much that dies young,
// and collecting it rarely makes them a third faster. GOGC overrules it; GOMEMLIMIT bounds memory.
const garbage = 400

func main() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(garbage)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	code := command.Run(ctx, os.Args[1:], command.Streams{In: os.Stdin, Out: os.Stdout, Err: os.Stderr})
	stop()
	os.Exit(code)
}
