package command

import (
	"context"
	"log/slog"
	"time"

	"github.com/onecdp/onecdp/internal/assembly"
	"github.com/onecdp/onecdp/internal/demo"
	"github.com/onecdp/onecdp/internal/store"
)

// demoCommand serves a database with a made-up world in it.
type demoCommand struct {
	demoDatabaseSettings
	serverSettings
	meaningSettings
	logSettings
	Seed   uint64 `default:"${demo_seed}" placeholder:"N" help:"Another number, another world (${default})"`
	People int    `default:"${demo_people}" placeholder:"N" help:"How many people live in it (${default})"`
}

// Run serves until ctx ends. The server is ready when the world is in.
func (c demoCommand) Run(ctx context.Context, streams Streams) error {
	log := c.logger(streams.Err)
	return serve(ctx, streams, service{
		databaseURL: c.DatabaseURL, serverSettings: c.serverSettings, meaningSettings: c.meaningSettings, logSettings: c.logSettings,
		fill: func(ctx context.Context, services *assembly.Services) error {
			return c.fill(ctx, services, log)
		},
	})
}

func (c demoCommand) fill(ctx context.Context, services *assembly.Services, log *slog.Logger) error {
	began := time.Now()
	report, err := demo.Fill(ctx, demo.Services{
		Ingest: services.Ingest, Tags: services.Tags, Segments: services.Segments, Campaigns: services.Campaigns,
	}, demo.Options{Seed: c.Seed, People: c.People, Now: store.Now()})
	if err != nil {
		return err
	}
	if report.Found {
		log.InfoContext(ctx, "the demo world was in the database already")
		return nil
	}
	log.InfoContext(ctx, "the demo world is in", "records", report.Records, "tags", report.Tags, "took", time.Since(began).Round(time.Millisecond))
	return nil
}
