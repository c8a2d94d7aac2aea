package oneid_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/onecdp/onecdp/internal/dbtest"
	"github.com/onecdp/onecdp/internal/fault"
	"github.com/onecdp/onecdp/internal/identity"
	"github.com/onecdp/onecdp/internal/ingest"
	"github.com/onecdp/onecdp/internal/oneid"
	"github.com/onecdp/onecdp/internal/store"
)

// TestTheAuditAloneTellsWhoWasWhoAtAnyTime plays random histories of records and operations, and notes after each step whom every
// identity belongs to.
func TestTheAuditAloneTellsWhoWasWhoAtAnyTime(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		one, err := oneid.Open(context.Background(), db, oneid.Settings{Region: "CN", MaxIdentities: 500})
		if err != nil {
			t.Fatal(err)
		}
		through := ingest.New(db, one)
		rapid.Check(t, func(rt *rapid.T) {
			w := &witness{world: begin(rt, db, one, through, 500)}
			for range rapid.IntRange(2, 12).Draw(rt, "steps") {
				w.act()
				w.note()
			}
			w.recall()
		})
	})
}

// witness remembers who was who after each step.
type witness struct {
	*world

	done       []string
	operations []int64
	times      []time.Time
	answers    []map[int64]oneid.Handle
}

func (w *witness) act() {
	operations := []func() (oneid.Outcome, error){
		nil, nil, nil, nil, w.link, w.keepApart, w.unlink, w.move, w.block, w.retract, w.merge, w.unmerge, w.undo,
	}
	chosen := rapid.IntRange(0, len(operations)-1).Draw(w.T, "step")
	operate := operations[chosen]
	if operate == nil {
		w.send()
		w.done = append(w.done, "ingest")
		return
	}
	outcome, err := operate()
	if errors.As(err, new(*fault.Error)) {
		w.done = append(w.done, fmt.Sprint("refused ", chosen))
		return
	}
	if err != nil {
		w.Fatal(err)
	}
	w.done = append(w.done, fmt.Sprint(outcome.Operation.Kind, " ", outcome.Operation.ID))
	if outcome.Operation.ID != 0 {
		w.operations = append(w.operations, outcome.Operation.ID)
	}
}

var by = oneid.Author{Name: "tester", Reason: "a test"}

func (w *witness) link() (oneid.Outcome, error) {
	return w.one.LinkIdentities(context.Background(), w.drawClaim(), w.drawClaim(), by)
}

func (w *witness) keepApart() (oneid.Outcome, error) {
	return w.one.KeepApart(context.Background(), []identity.Claim{w.drawClaim()}, []identity.Claim{w.drawClaim(), w.drawClaim()}, by)
}

func (w *witness) unlink() (oneid.Outcome, error) {
	since := w.drawTime("since")
	return w.one.UnlinkIdentity(context.Background(), w.drawClaim(), &since, by)
}

func (w *witness) move() (oneid.Outcome, error) {
	return w.one.MoveIdentity(context.Background(), w.drawClaim(), w.drawCustomer("to"), by)
}

func (w *witness) block() (oneid.Outcome, error) {
	return w.one.BlockIdentity(context.Background(), w.drawClaim(), by)
}

func (w *witness) retract() (oneid.Outcome, error) {
	return w.one.RetractRecord(context.Background(), "s1", fmt.Sprintf("r%d", rapid.IntRange(1, max(1, w.count)).Draw(w.T, "retracted")), by)
}

func (w *witness) merge() (oneid.Outcome, error) {
	return w.one.MergeCustomers(context.Background(), w.drawCustomer("a"), w.drawCustomer("b"), by)
}

func (w *witness) unmerge() (oneid.Outcome, error) {
	return w.one.Unmerge(context.Background(), w.drawNumber("merge", "SELECT id FROM merges ORDER BY id"), by)
}

func (w *witness) undo() (oneid.Outcome, error) {
	if len(w.operations) == 0 {
		return oneid.Outcome{}, fault.New(fault.NotFound, "nothing was done")
	}
	return w.one.UndoOperation(context.Background(), rapid.SampledFrom(w.operations).Draw(w.T, "undone"), by)
}

func (w *witness) drawCustomer(label string) oneid.Handle {
	return oneid.Handle(w.drawNumber(label, "SELECT public_id FROM customers ORDER BY public_id"))
}

// drawNumber draws a place, so that a history can be told again; the numbers differ each time.
func (w *witness) drawNumber(label, query string) int64 {
	rows, err := w.db.Query(context.Background(), query)
	all, err := store.Collect(rows, err, func(row store.Row, into *int64) error { return row.Scan(into) })
	if err != nil {
		w.Fatal(err)
	}
	place := rapid.IntRange(0, 5).Draw(w.T, label)
	if place >= len(all) {
		return 0
	}
	return all[place]
}

// note remembers what would be answered now.
func (w *witness) note() {
	rows, err := w.db.Query(context.Background(), "SELECT i.id, c.public_id FROM identities i JOIN customers c ON c.id = i.customer_id")
	answer := map[int64]oneid.Handle{}
	_, err = store.Collect(rows, err, func(row store.Row, _ *struct{}) error {
		var id int64
		var handle oneid.Handle
		err := row.Scan(&id, &handle)
		answer[id] = handle
		return err
	})
	if err != nil {
		w.Fatal(err)
	}
	now := store.Now()
	for !store.Now().After(now) { // the next step is later
		time.Sleep(time.Microsecond)
	}
	w.times, w.answers = append(w.times, now), append(w.answers, answer)
}

func (w *witness) recall() {
	for step, at := range w.times {
		told, err := w.one.PartitionAt(context.Background(), at)
		if err != nil {
			w.Fatal(err)
		}
		if maps.Equal(told, w.answers[step]) {
			continue
		}
		for _, id := range slices.Sorted(maps.Keys(w.answers[step])) {
			if told[id] != w.answers[step][id] {
				w.Errorf("after step %d of %v: identity %d is told to be %d's, and was %d's", step, w.done, id, told[id], w.answers[step][id])
			}
		}
		for id, handle := range told {
			if w.answers[step][id] == 0 {
				w.Errorf("after step %d of %v: identity %d is told to be %d's, and was nobody's", step, w.done, id, handle)
			}
		}
		w.Fatal("the audit tells another story\n" + w.model.Describe())
	}
}
