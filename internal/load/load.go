// Package load brings files into ingest: NDJSON, one RecordInput object per line, and CSV through a mapping.
//
// A file can be imported again at any time: every row has a message id of its own, so what went in before is a duplicate.
// Each row stands or falls alone; the rejected ones go to a file beside the input, with their line and their fault.
package load

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/onecdp/onecdp/internal/fault"
	"github.com/onecdp/onecdp/internal/ingest"
)

// Ingester takes records; *ingest.Service is one.
type Ingester interface {
	Ingest(ctx context.Context, records []map[string]any, at fault.Path) ([]ingest.Result, error)
}

// Defaults and bounds of an import.
const (
	DefaultBatch   = 5000    // records in one call of Ingest, and its greatest number
	DefaultWorkers = 2       // calls of Ingest at a time
	MaxLine        = 1 << 20 // bytes; a longer line or CSV row is rejected
	maxBatchBytes  = 4 << 20 // a batch of long lines is sent early, to bound memory
)

// Options say what to import and how. Only Path is required.
type Options struct {
	Path     string         // the file; "-" is Stdin
	Stdin    io.Reader      // what "-" reads
	Format   Format         // "": CSV when there is a mapping or the name ends in .csv or .tsv, else NDJSON
	Encoding string         // "" and utf-8, or gb18030 (which reads GBK and GB2312)
	Mapping  *Mapping       // required for CSV
	Zone     *time.Location // of times without an offset, unless the mapping names one; nil is UTC
	Rejects  string         // the file for rejected rows; "": the input's name and .rejects.ndjson
	Batch    int            // 0: DefaultBatch
	Workers  int            // 0: DefaultWorkers; which of two batches is stored first does not change who is who
	DryRun   bool           // read, map and check everything, write nothing
	Progress io.Writer      // a bar when it is a terminal, else a line every few seconds; nil: nothing
}

// Summary counts rows. Read is the sum of Accepted, Duplicates and Rejected, unless Run ended with an error.
type Summary struct {
	Read       int
	Accepted   int // in a dry run: rows that would be accepted or are duplicates
	Duplicates int
	Rejected   int
	Notes      []Note // what accepted records lost, the most frequent first
	Rejects    string // the file with the rejected rows; "" when there are none
	DryRun     bool
	Took       time.Duration
}

// Note is something that was left out of accepted records, such as an identity that cannot be one.
type Note struct {
	Message string
	Count   int
}

// OK says whether every row was accepted or a duplicate.
func (s Summary) OK() bool { return s.Rejected == 0 }

// String is the summary as a person reads it, one line and one more for each note.
func (s Summary) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d rows: %d accepted, %d duplicates, %d rejected, in %s", s.Read, s.Accepted, s.Duplicates, s.Rejected, s.Took.Round(time.Millisecond))
	if s.DryRun {
		b.WriteString(" (dry run: nothing was written)")
	}
	if s.Rejects != "" {
		fmt.Fprintf(&b, "; the rejected rows are in %s", s.Rejects)
	}
	for _, note := range s.Notes {
		fmt.Fprintf(&b, "\n  %d times: %s", note.Count, note.Message)
	}
	return b.String()
}

// Run imports a file. The summary counts what was done even when an error ended it; then Run can simply be
// called again, since what is in already is a duplicate. A row that cannot be taken is no error.
//
// Errors are *fault.Error when the options, the mapping or the header are wrong, and Ingest's own.
func Run(ctx context.Context, into Ingester, o Options) (Summary, error) {
	began := time.Now()
	in, err := open(o)
	if err != nil {
		return Summary{}, err
	}
	defer in.close()
	rows, err := in.rows(o)
	if err != nil {
		return Summary{}, err
	}
	if o.DryRun {
		into = checker{}
	}
	rejects := newRejects(o, in)
	tally := &tally{rejects: rejects, notes: map[string]int{}, summary: Summary{DryRun: o.DryRun}}
	meter := newMeter(o.Progress, in)
	err = pump(ctx, into, rows, o, func(d done) error {
		if err := tally.add(d); err != nil {
			return err
		}
		meter.show(tally.summary, in.position())
		return nil
	})
	meter.finish()
	err = errors.Join(err, rejects.close())
	return tally.total(time.Since(began)), err
}

// batch is a run of rows in the order of the file.
type batch struct {
	number int
	rows   []row
	err    error // of reading on after these rows
}

// done is a batch with the answers to those of its rows that made a record.
type done struct {
	batch
	results []ingest.Result
}

// pump reads ahead in one goroutine, ingests in others, and hands the batches to collect in the order of the file.
// It does not wait for the reading one: standard input may never say another word.
func pump(ctx context.Context, into Ingester, rows rowReader, o Options, collect func(done) error) error {
	workers := o.Workers
	if workers <= 0 {
		workers = DefaultWorkers
	}
	group, ctx := errgroup.WithContext(ctx)
	read := make(chan batch, workers)
	finished := make(chan done, workers)
	go cut(ctx, rows, o.Batch, read)
	var sending sync.WaitGroup
	for range workers {
		sending.Add(1)
		group.Go(func() error {
			defer sending.Done()
			return send(ctx, into, read, finished)
		})
	}
	go func() {
		sending.Wait()
		close(finished)
	}()
	group.Go(func() error { return inOrder(finished, collect) })
	return group.Wait()
}

// inOrder collects batches by their numbers, without gaps.
func inOrder(finished <-chan done, collect func(done) error) error {
	waiting := map[int]done{}
	next := 0
	for d := range finished {
		waiting[d.number] = d
		for d, ready := waiting[next]; ready; d, ready = waiting[next] {
			delete(waiting, next)
			next++
			if err := collect(d); err != nil {
				return err
			}
		}
	}
	return nil
}

// cut makes batches of rows until the input ends.
func cut(ctx context.Context, rows rowReader, size int, read chan<- batch) {
	defer close(read)
	if size <= 0 || size > DefaultBatch {
		size = DefaultBatch
	}
	for number := 0; ; number++ {
		b := batch{number: number, rows: make([]row, 0, size)}
		bytes := 0
		for b.err == nil && len(b.rows) < size && bytes < maxBatchBytes {
			var r row
			if r, b.err = rows.next(); b.err == nil {
				b.rows = append(b.rows, r)
				bytes += len(r.raw)
			}
		}
		ended := b.err != nil
		if errors.Is(b.err, io.EOF) {
			b.err = nil
		}
		select {
		case read <- b:
		case <-ctx.Done():
			return
		}
		if ended {
			return
		}
	}
}

func send(ctx context.Context, into Ingester, read <-chan batch, finished chan<- done) error {
	for {
		var b batch
		var more bool
		select {
		case b, more = <-read:
		case <-ctx.Done():
		}
		if ctx.Err() != nil || !more {
			return ctx.Err()
		}
		results, err := ingestRows(ctx, into, b.rows)
		if err != nil {
			return err
		}
		select {
		case finished <- done{batch: b, results: results}:
		case <-ctx.Done():
			return ctx.Err()
		}
		if b.err != nil {
			return b.err
		}
	}
}

// ingestRows ingests the rows that are records.
func ingestRows(ctx context.Context, into Ingester, rows []row) ([]ingest.Result, error) {
	records := make([]map[string]any, 0, len(rows))
	for _, r := range rows {
		if r.fault == nil {
			records = append(records, r.record)
		}
	}
	if len(records) == 0 {
		return nil, nil
	}
	results, err := into.Ingest(ctx, records, nil)
	if err == nil && len(results) != len(records) {
		err = fmt.Errorf("load: %d results for %d records", len(results), len(records))
	}
	return results, err
}

// checker looks at records the way ingest does before it writes.
type checker struct{}

func (checker) Ingest(_ context.Context, records []map[string]any, at fault.Path) ([]ingest.Result, error) {
	results := make([]ingest.Result, len(records))
	for i, record := range records {
		results[i].Status = ingest.Accepted
		if _, err := ingest.Read(record, at.With(i)); err != nil {
			faults := fault.All(err)
			if len(faults) == 0 {
				return nil, err
			}
			results[i] = ingest.Result{Status: ingest.Rejected, Fault: faults[0]}
		}
	}
	return results, nil
}
