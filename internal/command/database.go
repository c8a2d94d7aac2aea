package command

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"strings"

	"github.com/onecdp/onecdp/internal/doctor"
	"github.com/onecdp/onecdp/internal/store"
)

// openDatabase connects, migrates, and says when somebody has changed the schema by hand. A database that is not there is made.
func openDatabase(ctx context.Context, databaseURL string, log *slog.Logger) (*store.DB, error) {
	if err := doctor.CheckDatabaseURL(databaseURL); err != nil {
		return nil, err
	}
	db, err := store.Open(ctx, databaseURL)
	if err != nil {
		return nil, unreached(err, databaseURL)
	}
	applied, err := db.Migrate(ctx)
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	if len(applied) > 0 {
		log.InfoContext(ctx, "migrated", "database", store.Redact(databaseURL), "files", len(applied))
	}
	drift, err := db.Drift(ctx)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("compare the schema: %w", err), db.Close())
	}
	for _, statement := range drift {
		log.WarnContext(ctx, "the schema differs from what this program wants", "statement", statement)
	}
	return db, nil
}

// existingDatabase connects to a database that a server has made. It makes nothing and migrates nothing.
func existingDatabase(ctx context.Context, databaseURL string) (*store.DB, error) {
	if err := lookAt(ctx, databaseURL, func(db *store.DB) error {
		pending, err := db.Pending(ctx)
		if err == nil && pending {
			err = errors.New("migrations wait: back up, then run onecdp migrate")
		}
		return err
	}); err != nil {
		return nil, err
	}
	db, err := store.Open(ctx, databaseURL)
	if err != nil {
		return nil, unreached(err, databaseURL)
	}
	return db, nil
}

// errAbsent is of a database that is not there, or was never migrated.
var errAbsent = errors.New("there is no database")

// lookAt opens a database that a server has made, for a look that changes nothing.
func lookAt(ctx context.Context, databaseURL string, look func(db *store.DB) error) error {
	if err := doctor.CheckDatabaseURL(databaseURL); err != nil {
		return err
	}
	absent := fmt.Errorf("%w at %s: start the server once, or name another with --database-url", errAbsent, store.Redact(databaseURL))
	if rest, sqlite := strings.CutPrefix(databaseURL, "sqlite:"); sqlite {
		if _, err := os.Stat(strings.TrimPrefix(rest, "//")); errors.Is(err, fs.ErrNotExist) {
			return absent
		}
	}
	db, err := store.Inspect(ctx, databaseURL)
	if err != nil {
		return unreached(err, databaseURL)
	}
	if !db.Migrated(ctx) {
		return errors.Join(absent, db.Close())
	}
	return errors.Join(look(db), db.Close())
}

// unreached says which database was not reached, and what to do where that is known.
func unreached(err error, databaseURL string) error {
	if errors.Is(err, fs.ErrPermission) {
		return fmt.Errorf("%w: let this user write there, or name another place with --database-url", err)
	}
	return fmt.Errorf("%s: %w", store.Redact(databaseURL), err)
}
