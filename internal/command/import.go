package command

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/onecdp/onecdp/internal/assembly"
	"github.com/onecdp/onecdp/internal/identity"
	"github.com/onecdp/onecdp/internal/load"
)

// importCommand loads a file.
type importCommand struct {
	databaseSettings
	meaningSettings
	logSettings
	File     string `arg:"" help:"The file; - is the standard input."`
	Format   string `enum:"auto,ndjson,csv" default:"auto" placeholder:"FORMAT" help:"${enum}; auto: CSV when there is a mapping or the name ends in .csv or .tsv (${default})"`
	Mapping  string `type:"existingfile" placeholder:"FILE" help:"JSON: what the columns of a CSV file mean."`
	Encoding string `enum:"utf-8,gb18030" default:"utf-8" placeholder:"NAME" help:"${enum} (${default})"`
	Rejects  string `placeholder:"FILE" help:"Where the rejected rows go; without it, beside the file, as NAME.rejects.ndjson."`
	DryRun   bool   `help:"Read and check everything, write nothing; the database is not opened."`
	Workers  int    `default:"2" placeholder:"N" help:"Batches that are written at a time (${default})"`
	Quiet    bool   `short:"q" help:"No progress."`
}

// Run imports the file. It fails when a row was rejected: accepted rows and duplicates are what is wanted.
func (c importCommand) Run(ctx context.Context, streams Streams) error {
	settings, err := c.assembly("")
	if err != nil {
		return err
	}
	options := load.Options{
		Path: c.File, Stdin: streams.In, Encoding: c.Encoding, Zone: settings.Zone, Rejects: c.Rejects, Workers: c.Workers,
		DryRun: c.DryRun, Progress: streams.Err,
	}
	if c.Format != "auto" {
		options.Format = load.Format(c.Format)
	}
	if c.Quiet {
		options.Progress = nil
	}
	if c.Mapping != "" {
		text, err := os.ReadFile(c.Mapping)
		if err != nil {
			return fmt.Errorf("the mapping: %w", err)
		}
		if options.Mapping, err = load.ParseMapping(text); err != nil {
			return err
		}
	}
	if c.File != "-" {
		if _, err := os.Stat(c.File); err != nil { // before a database is made
			return fmt.Errorf("the file: %w", err)
		}
	}
	if c.DryRun {
		if options.Types, err = identity.NewRegistry(identity.Defaults(), settings.OneID.Region); err != nil {
			return err
		}
		return report(streams)(load.Run(ctx, nil, options))
	}
	db, err := openDatabase(ctx, c.DatabaseURL, c.logger(streams.Err))
	if err != nil {
		return err
	}
	services, err := assembly.New(ctx, db, settings)
	if err == nil {
		err = report(streams)(load.Run(ctx, services.Ingest, options))
	}
	return errors.Join(err, db.Close())
}

// report prints what an import did, also when an error ended it.
func report(streams Streams) func(load.Summary, error) error {
	return func(summary load.Summary, err error) error {
		if summary.Read > 0 || err == nil {
			fmt.Fprintln(streams.Out, summary)
		}
		if err == nil && !summary.OK() {
			err = fmt.Errorf("%d of %d rows were rejected", summary.Rejected, summary.Read)
		}
		return err
	}
}
