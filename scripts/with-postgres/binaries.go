//go:build unix

package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// installedUnder are the places where distributions put the server's binaries without putting them on PATH.
var installedUnder = []string{
	"/usr/lib/postgresql/*/bin",         // Debian, Ubuntu
	"/usr/pgsql-*/bin",                  // PostgreSQL's packages for Red Hat
	"/usr/libexec/postgresql*",          // Alpine
	"/opt/homebrew/opt/postgresql*/bin", // Homebrew on Apple silicon
	"/usr/local/opt/postgresql*/bin",    // Homebrew on Intel
	"/Applications/Postgres.app/Contents/Versions/*/bin",
}

// serverBinaries is the folder of initdb and postgres; it installs them if that is possible and needed.
// Its error is errNoServer where only the user can help.
func serverBinaries() (string, error) {
	if bin, found := findBinaries(); found {
		return bin, nil
	}
	apt, err := exec.LookPath("apt-get")
	if err != nil || os.Geteuid() != 0 {
		return "", errNoServer
	}
	if err := installPackage(apt); err != nil {
		fmt.Fprintln(os.Stderr, "with-postgres:", err)
		return "", errNoServer
	}
	if bin, found := findBinaries(); found {
		return bin, nil
	}
	return "", errNoServer
}

func findBinaries() (string, bool) {
	var folders []string
	if initdb, err := exec.LookPath("initdb"); err == nil {
		if file, err := filepath.EvalSymlinks(initdb); err == nil {
			folders = append(folders, filepath.Dir(file))
		}
	}
	if out, err := exec.Command("pg_config", "--bindir").Output(); err == nil {
		folders = append(folders, strings.TrimSpace(string(out)))
	}
	for _, pattern := range installedUnder {
		found, _ := filepath.Glob(pattern) // its only error is a bad pattern
		slices.SortFunc(found, func(a, b string) int { return version(b) - version(a) })
		folders = append(folders, found...)
	}
	for _, folder := range folders {
		if isExecutable(filepath.Join(folder, "initdb")) && isExecutable(filepath.Join(folder, "postgres")) {
			return folder, true
		}
	}
	return "", false
}

// version is the first number in a folder's path, as in /usr/lib/postgresql/15/bin; 0 where there is none.
func version(folder string) int {
	digits := strings.FieldsFunc(folder, func(r rune) bool { return r < '0' || r > '9' })
	if len(digits) == 0 {
		return 0
	}
	number, _ := strconv.Atoi(digits[0]) // too long to be a version: as good as none
	return number
}

func isExecutable(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular() && info.Mode().Perm()&0o111 != 0
}

// installPackage installs Debian's PostgreSQL. RUNLEVEL=1 keeps the package from starting a server of its own.
func installPackage(apt string) error {
	fmt.Fprintln(os.Stderr, "with-postgres: no PostgreSQL server here; installing Debian's package postgresql")
	for _, arguments := range [][]string{
		{"update", "-qq"},
		{"install", "-y", "-qq", "--no-install-recommends", "postgresql"},
	} {
		command := exec.Command(apt, arguments...)
		command.Env = append(os.Environ(), "DEBIAN_FRONTEND=noninteractive", "RUNLEVEL=1")
		command.Stdout, command.Stderr = os.Stderr, os.Stderr
		if err := command.Run(); err != nil {
			return fmt.Errorf("apt-get %s: %w", arguments[0], err)
		}
	}
	return nil
}
