//go:build unix

package main

import (
	"database/sql"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	_ "github.com/lib/pq" // the driver
)

func TestTheCommandsExitCodeIsOurs(t *testing.T) {
	t.Setenv(urlVariable, "postgres://somewhere/else")
	for script, want := range map[string]int{
		`exit 0`:        0,
		`exit 3`:        3,
		`kill -9 $$`:    128 + 9,
		`kill -TERM $$`: 128 + 15,
		`test "$` + urlVariable + `" = postgres://somewhere/else`: 0,
	} {
		if got := run([]string{"/bin/sh", "-c", script}); got != want {
			t.Errorf("%s: exit code %d, want %d", script, got, want)
		}
	}
	if got := run([]string{"/no/such/command"}); got != exitInternal {
		t.Errorf("a missing command: exit code %d, want %d", got, exitInternal)
	}
}

func TestAClusterServesAndGoesWithoutTrace(t *testing.T) {
	bin, found := findBinaries()
	if !found {
		if os.Getenv("CI") == "true" {
			t.Fatal(howToGet)
		}
		t.Skip(howToGet)
	}
	c, err := startCluster(bin)
	if err != nil {
		t.Fatal(err)
	}
	folder := dataFolder(t, c.url)
	c.stop()
	if _, err := os.Stat(folder); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%s is still there: %v", folder, err)
	}
}

// dataFolder asks the server where its data is.
func dataFolder(t *testing.T, databaseURL string) string {
	t.Helper()
	db, err := sql.Open("postgres", databaseURL)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var folder, encoding string
	if err := db.QueryRowContext(t.Context(), "SHOW data_directory").Scan(&folder); err != nil {
		t.Fatal(err)
	}
	if err := db.QueryRowContext(t.Context(), "SHOW server_encoding").Scan(&encoding); err != nil || encoding != "UTF8" {
		t.Errorf("encoding %s, %v", encoding, err)
	}
	return folder
}

func TestTheNewestInstalledVersionComesFirst(t *testing.T) {
	t.Parallel()
	for folder, want := range map[string]int{
		"/usr/lib/postgresql/9/bin":                           9,
		"/usr/lib/postgresql/15/bin":                          15,
		"/opt/homebrew/opt/postgresql@16/bin":                 16,
		"/Applications/Postgres.app/Contents/Versions/17/bin": 17,
		"/usr/libexec/postgresql":                             0,
	} {
		if got := version(folder); got != want {
			t.Errorf("%s: %d, want %d", folder, got, want)
		}
	}
}

func TestOnlyAFolderWithBothBinariesCounts(t *testing.T) {
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "initdb"), []byte("#!/bin/sh\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", folder)
	if bin, found := findBinaries(); found && strings.HasPrefix(bin, folder) {
		t.Errorf("took %s, which has no server", bin)
	}
}
