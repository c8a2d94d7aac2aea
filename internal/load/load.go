// Package load brings files into ingest: NDJSON, one RecordInput object per line, and CSV through a mapping.
//
// A file can be imported again at any time: every row has a message id of its own, so what went in before is a duplicate.
// Each row stands or falls alone; the rejected ones go to a file beside the input, with their line and their fault.
package load

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/onecdp/onecdp/internal/fault"
	"github.com/onecdp/onecdp/internal/identity"
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
	Path     string             // the file; "-" is Stdin
	Stdin    io.Reader          // what "-" reads
	Format   Format             // "": CSV when there is a mapping or the name ends in .csv or .tsv, else NDJSON
	Encoding string             // "" and utf-8, or gb18030 (which reads GBK and GB2312)
	Mapping  *Mapping           // required for CSV
	Zone     *time.Location     // of times without an offset, unless the mapping names one; nil is UTC
	Rejects  string             // the file for rejected rows; "": the input's name and .rejects.ndjson
	Batch    int                // 0: DefaultBatch
	Workers  int                // 0: DefaultWorkers; which of two batches is stored first does not change who is who
	DryRun   bool               // read, map and check everything, write nothing
	Types    *identity.Registry // what a dry run takes for an identity; nil: the types that exist from the start
	Progress io.Writer          // a bar when it is a terminal, else a line every few seconds; nil: nothing
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
		if into, err = newChecker(o.Types); err != nil {
			return Summary{}, err
		}
	}
	rejects := newRejects(o, in)
	tally := &tally{rejects: rejects, notes: map[string]int{}, summary: Summary{DryRun: o.DryRun}}
	meter := newMeter(o.Progress, in)
	err = pump(ctx, into, rows, o, func(b *batch) error {
		if err := tally.add(b); err != nil {
			return err
		}
		meter.show(tally.summary, in.position())
		return nil
	})
	meter.finish()
	err = errors.Join(err, rejects.close())
	return tally.total(time.Since(began)), err
}

// batch is a run of rows in the order of the file, dealt out to the workers.
type batch struct {
	number  int
	rows    []row
	results []ingest.Result // a row's, at its position; none for a row that made no record
	shares  [][]int         // the positions of each worker's rows
	left    atomic.Int32    // workers that have not finished their share
	err     error           // of reading on after these rows
}

// pump reads ahead in one goroutine, ingests in others, and hands the batches to collect in the order of the file.
// It does not wait for the reading one: standard input may never say another word.
//
// The rows of one person all go to the same worker. Two transactions that make the same customer would wait for
// each other, and what was meant to run at once would run in turn.
func pump(ctx context.Context, into Ingester, rows rowReader, o Options, collect func(*batch) error) error {
	workers := o.Workers
	if workers <= 0 {
		workers = DefaultWorkers
	}
	size := o.Batch
	if size <= 0 || size > DefaultBatch {
		size = DefaultBatch
	}
	group, ctx := errgroup.WithContext(ctx)
	queues := make([]chan *batch, workers)
	for i := range queues {
		queues[i] = make(chan *batch, 2)
	}
	finished := make(chan *batch, workers)
	go cut(ctx, rows, size*workers, queues)
	var sending sync.WaitGroup
	for i := range workers {
		sending.Add(1)
		group.Go(func() error {
			defer sending.Done()
			return send(ctx, into, size, i, queues[i], finished)
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
func inOrder(finished <-chan *batch, collect func(*batch) error) error {
	waiting := map[int]*batch{}
	next := 0
	for b := range finished {
		waiting[b.number] = b
		for b, ready := waiting[next]; ready; b, ready = waiting[next] {
			delete(waiting, next)
			next++
			if err := collect(b); err != nil {
				return err
			}
		}
	}
	return nil
}

// cut makes batches of rows until the input ends, and gives each to all workers.
func cut(ctx context.Context, rows rowReader, size int, queues []chan *batch) {
	defer func() {
		for _, queue := range queues {
			close(queue)
		}
	}()
	for number := 0; ; number++ {
		b := &batch{number: number, shares: make([][]int, len(queues))}
		b.left.Store(int32(len(queues)))
		bytes := 0
		for b.err == nil && len(b.rows) < size && bytes < maxBatchBytes*len(queues) {
			var r row
			if r, b.err = rows.next(); b.err == nil {
				if r.fault == nil {
					worker := person(r.record) % uint32(len(queues))
					b.shares[worker] = append(b.shares[worker], len(b.rows))
				}
				b.rows = append(b.rows, r)
				bytes += len(r.raw)
			}
		}
		b.results = make([]ingest.Result, len(b.rows))
		ended := b.err != nil
		if errors.Is(b.err, io.EOF) {
			b.err = nil
		}
		for _, queue := range queues {
			select {
			case queue <- b:
			case <-ctx.Done():
				return
			}
		}
		if ended {
			return
		}
	}
}

// person is a number that records with the same first identity share.
func person(record map[string]any) uint32 {
	list, _ := record["identities"].([]any)
	if len(list) == 0 {
		return 0
	}
	first, _ := list[0].(map[string]any)
	text, _ := first["value"].(string)
	hash := fnv.New32a()
	_, _ = io.WriteString(hash, text)
	return hash.Sum32()
}

// send ingests one worker's shares, at most size records at a time. The last worker of a batch hands it on.
func send(ctx context.Context, into Ingester, size, worker int, queue <-chan *batch, finished chan<- *batch) error {
	for {
		var b *batch
		var more bool
		select {
		case b, more = <-queue:
		case <-ctx.Done():
		}
		if ctx.Err() != nil || !more {
			return ctx.Err()
		}
		for share := range slices.Chunk(b.shares[worker], size) {
			if err := ingestRows(ctx, into, b, share); err != nil {
				return err
			}
		}
		if b.left.Add(-1) > 0 {
			continue
		}
		select {
		case finished <- b:
		case <-ctx.Done():
			return ctx.Err()
		}
		if b.err != nil {
			return b.err
		}
	}
}

// ingestRows ingests the rows at some positions of a batch.
func ingestRows(ctx context.Context, into Ingester, b *batch, positions []int) error {
	records := make([]map[string]any, len(positions))
	for i, position := range positions {
		records[i] = b.rows[position].record
	}
	results, err := into.Ingest(ctx, records, nil)
	if err != nil {
		return err
	}
	if len(results) != len(records) {
		return fmt.Errorf("load: %d results for %d records", len(results), len(records))
	}
	for i, position := range positions {
		b.results[position] = results[i]
	}
	return nil
}

// checker looks at records the way ingest does before it writes.
type checker struct{ types *identity.Registry }

func newChecker(types *identity.Registry) (checker, error) {
	if types != nil {
		return checker{types}, nil
	}
	usual, err := identity.NewRegistry(identity.Defaults(), "CN")
	return checker{usual}, err
}

func (c checker) Ingest(_ context.Context, records []map[string]any, at fault.Path) ([]ingest.Result, error) {
	results := make([]ingest.Result, len(records))
	for i, record := range records {
		results[i] = ingest.Check(c.types, record, at.With(i))
	}
	return results, nil
}
