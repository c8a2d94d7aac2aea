package load

import (
	"slices"
	"strings"
	"time"

	"github.com/onecdp/onecdp/internal/fault"
	"github.com/onecdp/onecdp/internal/ingest"
)

// maxNotes bounds the different messages that a summary tells.
const maxNotes = 20

// tally counts results.
type tally struct {
	rejects *rejects
	notes   map[string]int
	summary Summary
}

func (t *tally) add(b *batch) error {
	for i, r := range b.rows {
		t.summary.Read++
		if r.fault != nil {
			t.summary.Rejected++
			if err := t.rejects.write(r, r.fault); err != nil {
				return err
			}
			continue
		}
		switch result := b.results[i]; result.Status {
		case ingest.Accepted:
			t.summary.Accepted++
			t.note(result.Fault)
		case ingest.Duplicate:
			t.summary.Duplicates++
		default:
			t.summary.Rejected++
			if err := t.rejects.write(r, withoutIndex(result.Fault)); err != nil {
				return err
			}
		}
	}
	return nil
}

func (t *tally) note(f *fault.Error) {
	if f == nil {
		return
	}
	if _, known := t.notes[f.Message]; known || len(t.notes) < maxNotes {
		t.notes[f.Message]++
	}
}

func (t *tally) total(took time.Duration) Summary {
	s := t.summary
	s.Took, s.Rejects = took, t.rejects.made
	for message, count := range t.notes {
		s.Notes = append(s.Notes, Note{Message: message, Count: count})
	}
	slices.SortFunc(s.Notes, func(a, b Note) int {
		if a.Count != b.Count {
			return b.Count - a.Count
		}
		return strings.Compare(a.Message, b.Message)
	})
	return s
}

// withoutIndex takes the place in the batch off a fault: the line says more.
func withoutIndex(f *fault.Error) *fault.Error {
	if f == nil {
		return fault.New(fault.Internal, "the record was refused without a reason")
	}
	if len(f.Path) > 0 {
		if _, isIndex := f.Path[0].(int); isIndex {
			return f.At(f.Path[1:])
		}
	}
	return f
}
