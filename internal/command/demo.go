package command

import (
	"context"
	"errors"
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
		look: func(ctx context.Context) error {
			err := lookAt(ctx, c.DatabaseURL, func(db *store.DB) error { return demo.Check(ctx, db, c.options()) })
			if errors.Is(err, errAbsent) { // it will be made
				return nil
			}
			return err
		},
		claim: func(ctx context.Context, db *store.DB) error { return demo.Claim(ctx, db, c.options()) },
		fill: func(ctx context.Context, services *assembly.Services) error {
			return c.fill(ctx, services, log)
		},
	})
}

func (c demoCommand) options() demo.Options {
	return demo.Options{Seed: c.Seed, People: c.People, Now: store.Now()}
}

func (c demoCommand) fill(ctx context.Context, services *assembly.Services, log *slog.Logger) error {
	began := time.Now()
	report, err := demo.Fill(ctx, demo.Services{
		Ingest: services.Ingest, Tags: services.Tags, Segments: services.Segments, Campaigns: services.Campaigns,
	}, c.options())
	if err != nil {
		return err
	}
	if report.Found {
		log.InfoContext(ctx, "the demo world was in the database already")
		return nil
	}
	log.InfoContext(ctx, "the demo world is in", "records", report.Records, "tags", report.Tags, "took_ms", time.Since(began).Milliseconds())
	return nil
}
