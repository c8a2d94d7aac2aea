package command

import (
	"context"
	"log/slog"
	"sync"

	"github.com/onecdp/onecdp/internal/assembly"
	"github.com/onecdp/onecdp/internal/job"
)

// background does what a server does beside its requests, until stop is called: it follows settings that other servers change, and does
// jobs. What is under way when it stops is given back, for other servers or the next start.
func background(ctx context.Context, services *assembly.Services, log *slog.Logger) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	var watching sync.WaitGroup
	watching.Go(func() {
		services.OneID.Watch(ctx, func(err error) { log.WarnContext(ctx, "settings of other servers cannot be read", "error", err) })
	})
	services.Jobs.Start(ctx, func(j job.Job, err error) {
		log.WarnContext(ctx, "work in the background went wrong, and is tried again", "kind", j.Kind, "job", j.ID, "error", err)
	})
	return func() {
		cancel()
		services.Jobs.Close()
		watching.Wait()
	}
}
