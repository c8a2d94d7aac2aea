package dbtest

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash/fnv"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// PostgresWorld gives a PostgreSQL database with a large world in it, to be changed at will until the test ends. Its template is built once
// per server, migrations and state, by fill, which is given a migrated database and leaves no connection behind; it stays, so that
// the next run only copies it. state is everything that decides what fill makes; name, in lower-case letters and digits, tells worlds apart, and a
// template of another state of that name goes when a new one is built.
func PostgresWorld(tb testing.TB, name, state string, fill func(databaseURL string) error) (databaseURL string) {
	tb.Helper()
	return createPostgres(tb, func(s *server) (string, error) {
		digest, err := stateOfMigrations(state)
		if err != nil {
			return "", err
		}
		prefix := databasePrefix + "world_" + name + "_"
		lock := fnv.New64a()
		_, _ = lock.Write([]byte(prefix)) // never fails
		return prefix + digest, s.once(prefix+digest, int64(lock.Sum64()), func(databaseURL string) error {
			if err := s.dropOthers(prefix, digest); err != nil {
				return err
			}
			if err := migrate(databaseURL); err != nil {
				return err
			}
			return fill(databaseURL)
		})
	})
}

// dropOthers drops the databases with that prefix that nobody uses, but not those that begin with the one to keep.
func (s *server) dropOthers(prefix, keep string) error {
	ctx := context.Background()
	rows, err := s.admin.QueryContext(ctx, "SELECT datname FROM pg_database WHERE starts_with(datname, $1) AND NOT starts_with(datname, $2)", prefix, prefix+keep)
	if err != nil {
		return err
	}
	defer rows.Close()
	var names []string
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return err
		}
		names = append(names, name)
	}
	if err := rows.Err(); err != nil {
		return err
	}
	for _, name := range names {
		_ = s.exec(ctx, "DROP DATABASE IF EXISTS "+name) // somebody is connected: it is theirs
	}
	return nil
}

// stateOfMigrations is a short digest of PostgreSQL's migrations and of what else is given.
func stateOfMigrations(more string) (string, error) {
	root, err := repository()
	if err != nil {
		return "", err
	}
	folder := filepath.Join(root, "internal", "store", "migrations", "postgres")
	files, err := fs.Glob(os.DirFS(folder), "*.sql")
	if err != nil {
		return "", err
	}
	digest := sha256.New()
	for _, file := range files { // in the order of their names
		content, err := os.ReadFile(filepath.Join(folder, file))
		if err != nil {
			return "", err
		}
		fmt.Fprintf(digest, "%s %d\n%s", file, len(content), content)
	}
	fmt.Fprint(digest, strings.TrimSpace(more))
	return hex.EncodeToString(digest.Sum(nil)[:6]), nil
}
