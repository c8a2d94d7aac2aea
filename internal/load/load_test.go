package load

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/onecdp/onecdp/internal/fault"
	"github.com/onecdp/onecdp/internal/ingest"
)

// memory is an Ingester that keeps records by message id and refuses those without an identity.
type memory struct {
	mu      sync.Mutex
	records map[string]map[string]any
	calls   []int
}

func (m *memory) Ingest(_ context.Context, records []map[string]any, at fault.Path) ([]ingest.Result, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.calls = append(m.calls, len(records))
	results := make([]ingest.Result, len(records))
	for i, record := range records {
		id, _ := record["messageId"].(string)
		identities, _ := record["identities"].([]any)
		switch {
		case len(identities) == 0:
			results[i] = ingest.Result{Status: ingest.Rejected, Fault: fault.Bad(at.With(i, "identities"), "there is no identity")}
		case m.records[id] != nil:
			results[i].Status = ingest.Duplicate
		default:
			if m.records == nil {
				m.records = map[string]map[string]any{}
			}
			m.records[id] = record
			results[i].Status = ingest.Accepted
			if record["source"] == "noisy" {
				results[i].Fault = fault.Bad(at.With(i, "identities", 0), "this phone number is none")
			}
		}
	}
	return results, nil
}

func file(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func run(t *testing.T, into Ingester, o Options) Summary {
	t.Helper()
	summary, err := Run(t.Context(), into, o)
	if err != nil {
		t.Fatal(err)
	}
	if summary.Read != summary.Accepted+summary.Duplicates+summary.Rejected {
		t.Errorf("rows do not add up: %s", summary)
	}
	return summary
}

func readRejects(t *testing.T, path string) []map[string]any {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var rows []map[string]any
	for line := range strings.Lines(string(text)) {
		var row map[string]any
		if err := json.Unmarshal([]byte(line), &row); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		rows = append(rows, row)
	}
	return rows
}

const ann = `{"messageId":"a","identities":[{"type":"email","value":"ann@example.com"}]}`

func TestNDJSONGoesInLineByLine(t *testing.T) {
	t.Parallel()
	path := file(t, "people.ndjson", "\uFEFF"+ann+"\r\n\r\n  \n"+
		`{"identities":[{"type":"phone","value":"1"}],"event":{"name":"x","properties":{"n":12345678901234567890.10}}}`+"\n"+
		"no json\n[1]\n"+`{"identities":[]}`+"\n"+strings.Repeat("x", MaxLine+1)+"\n"+
		`{"messageId":"last","identities":[{"type":"phone","value":"\ud800"}],"source":"noisy"}`)
	into := new(memory)
	summary := run(t, into, Options{Path: path})
	if summary.Read != 7 || summary.Accepted != 3 || summary.Rejected != 4 || summary.OK() {
		t.Errorf("got %s", summary)
	}
	if summary.Rejects != path+".rejects.ndjson" || len(summary.Notes) != 1 || summary.Notes[0].Count != 1 {
		t.Errorf("got %+v", summary)
	}
	var lines []float64
	rows := readRejects(t, summary.Rejects)
	for _, row := range rows {
		lines = append(lines, row["line"].(float64))
	}
	if len(lines) != 4 || lines[0] != 5 || lines[1] != 6 || lines[2] != 7 || lines[3] != 8 {
		t.Errorf("rejected lines %v", lines)
	}
	if rows[0]["row"] != "no json" || rows[3]["row"] != nil || rows[2]["field"].([]any)[0] != "identities" {
		t.Errorf("rejects %v", rows)
	}
	for id, record := range into.records {
		if event, ok := record["event"].(map[string]any); ok {
			if n := event["properties"].(map[string]any)["n"]; n != json.Number("12345678901234567890.10") {
				t.Errorf("the number became %v", n)
			}
			if !strings.HasPrefix(id, "people.ndjson:4:") {
				t.Errorf("message id %q", id)
			}
		}
	}
	last := into.records["last"]["identities"].([]any)[0].(map[string]any)["value"]
	if last != "\uFDD0" {
		t.Errorf("the lone surrogate became %q", last)
	}
}

func TestASecondRunFindsDuplicatesOnly(t *testing.T) {
	t.Parallel()
	path := file(t, "a.ndjson", strings.Repeat(`{"identities":[{"type":"phone","value":"1"}]}`+"\n", 2500))
	into := new(memory)
	if s := run(t, into, Options{Path: path}); s.Accepted != 2500 {
		t.Errorf("equal lines are rows of their own: %s", s)
	}
	if s := run(t, into, Options{Path: path, Batch: 7, Workers: 5}); s.Duplicates != 2500 || !s.OK() || s.Rejects != "" {
		t.Errorf("got %s", s)
	}
	if into.calls[0] > DefaultBatch {
		t.Errorf("a batch of %d", into.calls[0])
	}
}

func TestRejectsKeepTheOrderOfTheFile(t *testing.T) {
	t.Parallel()
	path := file(t, "a.ndjson", strings.Repeat("{}\n", 500))
	summary := run(t, new(memory), Options{Path: path, Batch: 3, Workers: 8})
	for i, row := range readRejects(t, summary.Rejects) {
		if row["line"] != float64(i+1) {
			t.Fatalf("row %d is line %v", i, row["line"])
		}
	}
}

func TestADryRunTellsWhatWouldBeLost(t *testing.T) {
	t.Parallel()
	lines := `{"identities":[{"type":"member_no","value":"A"},{"type":"phone","value":"12345"}]}` + "\n" +
		`{"identities":[{"type":"member_no","value":"A"}],"bogus":1,"occurredAt":"never"}` + "\n"
	rejects := filepath.Join(t.TempDir(), "r")
	summary := run(t, nil, Options{Path: "-", Stdin: strings.NewReader(lines), DryRun: true, Rejects: rejects})
	if summary.Accepted != 1 || len(summary.Notes) != 1 || !strings.Contains(summary.Notes[0].Message, "(phone): invalid") {
		t.Errorf("%s", summary)
	}
	if message := readRejects(t, rejects)[0]["message"]; message != "is no time; unknown field bogus" {
		t.Errorf("the fault: %v", message)
	}
}

func TestADryRunWritesNothing(t *testing.T) {
	t.Parallel()
	into := new(memory)
	summary := run(t, into, Options{Path: "-", Stdin: strings.NewReader(ann + "\n{}\n"), DryRun: true, Rejects: filepath.Join(t.TempDir(), "r")})
	if len(into.calls) != 0 || summary.Accepted != 1 || summary.Rejected != 1 || !strings.Contains(summary.String(), "dry run") {
		t.Errorf("%d calls, %s", len(into.calls), summary)
	}
	if rows := readRejects(t, summary.Rejects); len(rows) != 1 || rows[0]["line"] != 2.0 {
		t.Errorf("rejects %v", rows)
	}
}

// broken fails from its second call on.
type broken struct {
	memory
	err error
}

func (b *broken) Ingest(ctx context.Context, records []map[string]any, at fault.Path) ([]ingest.Result, error) {
	b.mu.Lock()
	calls := len(b.calls)
	b.mu.Unlock()
	if calls > 0 {
		return nil, b.err
	}
	return b.memory.Ingest(ctx, records, at)
}

func TestAnErrorOfIngestEndsTheRun(t *testing.T) {
	t.Parallel()
	gone := errors.New("the database is gone")
	path := file(t, "a.ndjson", strings.Repeat(ann+"\n", 50))
	summary, err := Run(t.Context(), &broken{err: gone}, Options{Path: path, Batch: 10, Workers: 1})
	if !errors.Is(err, gone) || summary.Read > 10 {
		t.Errorf("%v after %s", err, summary)
	}
}

func TestASilentInputDoesNotHoldACancelledRun(t *testing.T) {
	t.Parallel()
	in, out := io.Pipe()
	defer out.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := Run(ctx, new(memory), Options{Path: "-", Stdin: in}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
}

func TestWhatCannotBeStarted(t *testing.T) {
	t.Parallel()
	path := file(t, "a.csv", "phone\n1\n")
	for name, o := range map[string]Options{
		"no file":                {Path: path + "x"},
		"a folder":               {Path: t.TempDir()},
		"CSV without a mapping":  {Path: path},
		"NDJSON with a mapping":  {Path: path, Format: NDJSON, Mapping: new(Mapping)},
		"a format of its own":    {Path: path, Format: "xml"},
		"an encoding of its own": {Path: path, Encoding: "ebcdic"},
		"a mapping of nobody":    {Path: path, Mapping: new(Mapping)},
	} {
		if _, err := Run(t.Context(), new(memory), o); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	rejected := file(t, "b.ndjson", "{}\n")
	if _, err := Run(t.Context(), new(memory), Options{Path: rejected, Rejects: rejected}); err == nil {
		t.Error("the input was overwritten")
	}
}

func TestPlainProgress(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	p := &plainLines{out: &out, size: 200, began: time.Now().Add(-10 * time.Second), last: time.Now().Add(-6 * time.Second)}
	p.show(Summary{Read: 1000, Rejected: 3}, 100)
	p.show(Summary{Read: 2000}, 200)
	if got := out.String(); !strings.HasPrefix(got, "50%, 1000 rows, 3 rejected, ") || strings.Count(got, "\n") != 1 {
		t.Errorf("got %q", got)
	}
}

func TestTheBarShowsRows(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	b := newBar(&out, 100)
	time.Sleep(150 * time.Millisecond)
	b.show(Summary{Read: 42}, 50)
	b.finish()
	if !strings.Contains(out.String(), "42 rows") {
		t.Errorf("got %q", out.String())
	}
}
