// Package doctor looks at a server's settings, its database and what is stored there, and says what to do. It changes nothing, and what it
// says holds no value of anybody's: rows are told by their internal numbers.
package doctor

import (
	"context"
	"fmt"
	"strings"

	"github.com/onecdp/onecdp/internal/store"
)

// Verdict is how bad a finding is.
type Verdict string

// The verdicts.
const (
	OK   Verdict = "OK"
	Warn Verdict = "WARN" // works, but somebody should look at it
	Fail Verdict = "FAIL" // does not work, loses data, or shows personal data
)

// Finding is the answer of one check.
type Finding struct {
	Check   string  `json:"check"`
	Verdict Verdict `json:"verdict"`
	Message string  `json:"message"`
	Advice  string  `json:"advice,omitempty"` // what to do
	Count   int64   `json:"count,omitempty"`  // broken rows
	Rows    []int64 `json:"rows,omitempty"`   // the internal numbers of some of them
}

func ok(check, message string) Finding { return Finding{Check: check, Verdict: OK, Message: message} }

func warn(check, message, advice string) Finding {
	return Finding{Check: check, Verdict: Warn, Message: message, Advice: advice}
}

func failed(check, message, advice string) Finding {
	return Finding{Check: check, Verdict: Fail, Message: message, Advice: advice}
}

// String is the finding as one line.
func (f Finding) String() string {
	line := fmt.Sprintf("%-4s  %-20s  %s", f.Verdict, f.Check, f.Message)
	if f.Advice != "" {
		line += ": " + f.Advice
	}
	return line
}

// Options say what to look at.
type Options struct {
	DatabaseURL string
	Settings    Settings
	Quick       bool // leave out what reads whole tables of records or events, or the whole file
}

// Examine runs all checks and reports each finding as it comes. An error means that they could not be finished.
func Examine(ctx context.Context, options Options, report func(Finding)) error {
	for _, finding := range options.Settings.check() {
		report(finding)
	}
	if err := CheckDatabaseURL(options.DatabaseURL); err != nil {
		report(failed("database", err.Error(), "set ONECDP_DATABASE_URL"))
		return nil
	}
	db, err := store.Inspect(ctx, options.DatabaseURL)
	if err != nil {
		report(failed("database", "cannot be opened: "+oneLine(err), "check --database-url, and that the server runs and lets you in"))
		return nil
	}
	e := examination{db: db, options: options, report: report}
	err = e.run(ctx)
	if closing := db.Close(); err == nil {
		err = closing
	}
	return err
}

// examination is one run over an open database.
type examination struct {
	db      *store.DB
	options Options
	report  func(Finding)
}

func (e *examination) run(ctx context.Context) error {
	engine, err := e.engine(ctx)
	if err != nil {
		return err
	}
	for _, finding := range engine {
		e.report(finding)
	}
	ready, err := e.schema(ctx)
	if err != nil || !ready {
		return err
	}
	if err := e.stored(ctx); err != nil {
		return err
	}
	if err := e.keys(ctx); err != nil {
		return err
	}
	if err := e.jobs(ctx); err != nil {
		return err
	}
	return e.invariants(ctx)
}

// engine is what is to be said of the engine, each in its own terms.
func (e *examination) engine(ctx context.Context) ([]Finding, error) {
	if e.db.Dialect().Name() == "sqlite" {
		return e.sqlite(ctx)
	}
	return e.postgres(ctx)
}

// schema says whether the tables are what this program wants, so that the rest can be asked.
func (e *examination) schema(ctx context.Context) (ready bool, err error) {
	if !e.db.Migrated(ctx) {
		e.report(failed("migrations", "the database was never migrated", "check --database-url; a new database is migrated by the first start, or by onecdp migrate"))
		return false, nil
	}
	pending, err := e.db.Pending(ctx)
	if err != nil {
		return false, fmt.Errorf("look for migrations: %w", err)
	}
	if pending {
		e.report(failed("migrations", "migrations wait", "back up; the server migrates when it starts, onecdp migrate does it beforehand"))
		return false, nil
	}
	e.report(ok("migrations", "all are applied"))
	drift, err := e.db.Drift(ctx)
	if err != nil {
		return false, err
	}
	if len(drift) > 0 {
		e.report(failed("schema", fmt.Sprintf("somebody changed it by hand; %d statements would bring it back", len(drift)), "onecdp migrate --check shows them"))
		return true, nil
	}
	e.report(ok("schema", "is what this program wants"))
	return true, nil
}

// text asks for one value as text; "" when there is no row.
func (e *examination) text(ctx context.Context, query string, args ...any) (string, error) {
	rows, err := e.db.QueryFresh(ctx, query, args...)
	found, err := store.Collect(rows, err, func(row store.Row, into *string) error { return row.Scan(into) })
	if err != nil || len(found) == 0 {
		return "", err
	}
	return found[0], nil
}

func oneLine(err error) string { return strings.Join(strings.Fields(err.Error()), " ") }

// numbersAndTotal asks for rows of a number and the total, which is the same in all.
func (e *examination) numbersAndTotal(ctx context.Context, query string, total *int64) ([]int64, error) {
	rows, err := e.db.QueryFresh(ctx, query)
	return store.Collect(rows, err, func(row store.Row, into *int64) error { return row.Scan(into, total) })
}
