package doctor

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/onecdp/onecdp/internal/store"
)

const (
	gigabyte   = 1 << 30
	oldestWord = "3.51.3" // earlier ones can damage the file when they reset the write-ahead log
)

func (e *examination) sqlite(ctx context.Context) ([]Finding, error) {
	path := strings.TrimPrefix(strings.TrimPrefix(e.options.DatabaseURL, "sqlite:"), "//")
	var version, text, journal string
	for _, ask := range []struct {
		query string
		into  *string
	}{{"SELECT sqlite_version()", &version}, {"PRAGMA encoding", &text}, {"PRAGMA journal_mode", &journal}} {
		var err error
		if *ask.into, err = e.text(ctx, ask.query); err != nil {
			return nil, err
		}
	}
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	findings := []Finding{sqliteVersion(version, info.Size()), encoding(text, "UTF-8"), journalMode(journal), secrecy(info.Mode()), writeAhead(path)}
	findings = append(findings, place(filepath.Dir(path), info.Size())...)
	if e.options.Quick {
		return findings, nil
	}
	whole, err := e.integrity(ctx)
	return append(findings, whole), err
}

func sqliteVersion(version string, size int64) Finding {
	message := fmt.Sprintf("SQLite %s, %s", version, bytesOf(size))
	if !atLeast(version, oldestWord) {
		return failed("database", message, "build with "+oldestWord+" or later: earlier ones can damage the file")
	}
	return ok("database", message)
}

// atLeast compares versions like 3.51.3.
func atLeast(version, wanted string) bool {
	have, need := strings.Split(version, "."), strings.Split(wanted, ".")
	for i := range need {
		a := 0
		if i < len(have) {
			a, _ = strconv.Atoi(have[i])
		}
		if b, _ := strconv.Atoi(need[i]); a != b {
			return a > b
		}
	}
	return true
}

func journalMode(mode string) Finding {
	if mode != "wal" {
		return warn("journal", "the file is in the mode "+mode+": readers wait for writers", "start the server, which turns it to a write-ahead log")
	}
	return ok("journal", "a write-ahead log")
}

// secrecy: whoever may read the file reads everybody's phone number.
func secrecy(mode os.FileMode) Finding {
	if mode.Perm()&0o077 != 0 {
		return warn("file-mode", fmt.Sprintf("others on this machine may open the file (%s)", mode.Perm()), "chmod 600, the files -wal and -shm too")
	}
	return ok("file-mode", "for its owner alone")
}

// writeAhead: a log that grows means that a reader never ends.
func writeAhead(path string) Finding {
	info, err := os.Stat(path + "-wal")
	if err == nil && info.Size() > gigabyte {
		return warn("write-ahead", bytesOf(info.Size())+" wait to be moved into the file", "look for a program that keeps the file open and reading; restart the server")
	}
	return ok("write-ahead", "is short")
}

// place looks at the disk, where the system tells of it.
func place(folder string, size int64) []Finding {
	disk, known := diskOf(folder)
	if !known {
		return []Finding{ok("disk", "this system does not tell")}
	}
	findings := []Finding{space(disk.free, size)}
	if disk.network {
		findings = append(findings, failed("filesystem", "the file is on a network drive, whose locks do not keep two servers apart", "move it to a disk of this machine, or use PostgreSQL"))
	} else {
		findings = append(findings, ok("filesystem", "is this machine's"))
	}
	return findings
}

func space(free, size int64) Finding {
	message := bytesOf(free) + " are free"
	const advice = "make room: when the disk is full nothing more is taken in"
	switch {
	case free < gigabyte/10:
		return failed("disk", message, advice)
	case free < gigabyte || free < size/5:
		return warn("disk", message, advice)
	}
	return ok("disk", message)
}

// disk is where a file lies.
type disk struct {
	free    int64 // bytes that we may still write
	network bool
}

// integrity reads the whole file.
func (e *examination) integrity(ctx context.Context) (Finding, error) {
	rows, err := e.db.QueryFresh(ctx, "PRAGMA quick_check(5)")
	faults, err := store.Collect(rows, err, func(row store.Row, into *string) error { return row.Scan(into) })
	switch {
	case err != nil && ctx.Err() != nil:
		return Finding{}, err
	case err != nil:
		return failed("integrity", "the file cannot be read whole: it is damaged", "restore the last backup, and look at the disk"), nil //nolint:nilerr // the finding says it
	case len(faults) == 1 && faults[0] == "ok":
		return ok("integrity", "the file is whole"), nil
	}
	return failed("integrity", fmt.Sprintf("the file is damaged in %d places or more", len(faults)), "restore the last backup, and look at the disk"), nil
}

// bytesOf is a size as people say it.
func bytesOf(n int64) string {
	switch {
	case n >= gigabyte:
		return fmt.Sprintf("%.1f GiB", float64(n)/gigabyte)
	case n >= 1<<20:
		return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20))
	}
	return fmt.Sprintf("%d KiB", n>>10)
}
