package command

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/onecdp/onecdp/internal/store"
)

// openDatabase connects, migrates, and says when somebody has changed the schema by hand.
func openDatabase(ctx context.Context, databaseURL string, log *slog.Logger) (*store.DB, error) {
	db, err := store.Open(ctx, databaseURL)
	if err != nil {
		return nil, err
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
