package command

import (
	"context"
	"errors"
	"fmt"

	"github.com/onecdp/onecdp/internal/doctor"
	"github.com/onecdp/onecdp/internal/store"
)

// migrateCommand brings the database to the newest schema, or tells what that would change.
type migrateCommand struct {
	databaseSettings
	Check bool `help:"Change nothing; exit with 1 when migrations wait or the schema was changed by hand."`
}

// Run migrates.
func (c migrateCommand) Run(ctx context.Context, streams Streams) (err error) {
	if c.Check {
		err := lookAt(ctx, c.DatabaseURL, func(db *store.DB) error { return check(ctx, db, streams) })
		if errors.Is(err, errAbsent) {
			return fmt.Errorf("migrations wait: there is no database at %s yet, and onecdp migrate makes it", store.Redact(c.DatabaseURL))
		}
		return err
	}
	if err := doctor.CheckDatabaseURL(c.DatabaseURL); err != nil {
		return err
	}
	db, err := store.Open(ctx, c.DatabaseURL)
	if err != nil {
		return unreached(err, c.DatabaseURL)
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	applied, err := db.Migrate(ctx)
	for _, file := range applied {
		fmt.Fprintf(streams.Out, "applied %s\n", file)
	}
	if err != nil {
		return err
	}
	if len(applied) == 0 {
		fmt.Fprintln(streams.Out, "nothing to do")
	}
	return nil
}

// check tells what waits and what differs.
func check(ctx context.Context, db *store.DB, streams Streams) error {
	pending, err := db.Pending(ctx)
	if err != nil {
		return err
	}
	if pending {
		return errors.New("migrations wait: run onecdp migrate")
	}
	drift, err := db.Drift(ctx)
	if err != nil {
		return err
	}
	for _, statement := range drift {
		fmt.Fprintln(streams.Out, statement)
	}
	if len(drift) > 0 {
		return fmt.Errorf("the schema was changed by hand: %d statements would bring it back", len(drift))
	}
	fmt.Fprintln(streams.Out, "the schema is what this program wants")
	return nil
}
