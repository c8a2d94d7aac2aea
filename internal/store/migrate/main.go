// Command migrate writes the next migration of both engines from the difference between the migrations
// there are and the schema that ent describes.
//
//	go run ./internal/store/migrate NAME
//
// It replays the migrations into an empty SQLite file and an empty PostgreSQL database; the latter is
// named by ONECDP_TEST_DATABASE_URL (make migration NAME=... brings one).
package main

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"ariga.io/atlas/sql/migrate"
	"ariga.io/atlas/sql/sqltool"
	"entgo.io/ent/dialect"
	entsql "entgo.io/ent/dialect/sql"
	"entgo.io/ent/dialect/sql/schema"
	_ "github.com/lib/pq"
	_ "modernc.org/sqlite"

	"github.com/onecdp/onecdp/internal/store"
)

func main() {
	if len(os.Args) != 2 || os.Getenv("ONECDP_TEST_DATABASE_URL") == "" {
		fmt.Fprintln(os.Stderr, "usage: ONECDP_TEST_DATABASE_URL=postgres://... migrate NAME (the database must be empty)")
		os.Exit(2)
	}
	if err := run(context.Background(), os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "migrate:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, name string) error {
	scratch, err := os.MkdirTemp("", "onecdp-migrate")
	if err != nil {
		return err
	}
	defer os.RemoveAll(scratch)
	for _, engine := range []struct{ dialect, driver, folder, source string }{
		{dialect.SQLite, "sqlite", "sqlite", "file:" + filepath.Join(scratch, "replay.db") + "?_pragma=foreign_keys(1)"},
		{dialect.Postgres, "postgres", "postgres", os.Getenv("ONECDP_TEST_DATABASE_URL")},
	} {
		handle, err := sql.Open(engine.driver, engine.source)
		if err != nil {
			return err
		}
		if err := diff(ctx, entsql.OpenDB(engine.dialect, handle), filepath.Join("internal/store/migrations", engine.folder), name); err != nil {
			return fmt.Errorf("%s: %w", engine.folder, err)
		}
		if err := handle.Close(); err != nil {
			return err
		}
	}
	return nil
}

func diff(ctx context.Context, driver *entsql.Driver, folder, name string) error {
	files, err := sqltool.NewGooseDir(folder)
	if err != nil {
		return err
	}
	// The planner wants a checksum file beside the migrations. Git guards ours: it is made for the run and removed.
	sums, err := files.Checksum()
	if err != nil {
		return err
	}
	if err := migrate.WriteSumFile(files, sums); err != nil {
		return err
	}
	defer os.Remove(filepath.Join(folder, migrate.HashFileName))
	planner, err := schema.NewMigrate(driver, schema.WithDir(files), schema.WithMigrationMode(schema.ModeReplay),
		schema.WithForeignKeys(false), schema.WithDropIndex(true), schema.WithDropColumn(true))
	if err != nil {
		return err
	}
	if err := planner.NamedDiff(ctx, name, store.Wanted()...); err != nil {
		return err
	}
	return forwardOnly(folder)
}

// forwardOnly takes the way back out of every file: a migration that has run is answered by another one.
func forwardOnly(folder string) error {
	paths, err := filepath.Glob(filepath.Join(folder, "*.sql"))
	if err != nil {
		return err
	}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		forward, _, found := bytes.Cut(text, []byte("-- +goose Down"))
		if !found {
			continue
		}
		kept := strings.TrimSpace(string(forward)) + "\n"
		if err := os.WriteFile(path, []byte(kept), 0o644); err != nil {
			return err
		}
	}
	return nil
}
