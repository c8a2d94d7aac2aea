package oneid_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/onecdp/onecdp/internal/dbtest"
	"github.com/onecdp/onecdp/internal/fault"
	"github.com/onecdp/onecdp/internal/identity"
	"github.com/onecdp/onecdp/internal/oneid"
	"github.com/onecdp/onecdp/internal/store"
)

// TestTheAuditAloneTellsWhoWasWhoAtAnyTime plays random histories of records, operations and settings, and notes after each step whom
// every identity belongs to.
func TestTheAuditAloneTellsWhoWasWhoAtAnyTime(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		past := newPast(t, db)
		rapid.Check(t, func(rt *rapid.T) {
			w := &witness{T: rt, past: past}
			w.empty()
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
	*rapid.T

	past       *past
	records    int
	done       []string
	operations []int64
	times      []time.Time
	answers    []map[int64]oneid.Handle
}

// empty forgets the history before, and the settings that it changed.
func (w *witness) empty() {
	ctx := context.Background()
	for _, t := range identity.Defaults() {
		change := oneid.TypeChange{Name: t.Name, MaxPerCustomer: oneid.Limit[int]{Given: true, Value: t.MaxPerCustomer}, MaxOwners: oneid.Limit[int]{Given: true, Value: t.MaxOwners}}
		if _, _, err := w.past.DefineType(ctx, change, "test"); err != nil {
			w.Fatal(err)
		}
	}
	err := w.past.db.WithTx(ctx, func(tx *store.Tx) error {
		for table := range strings.FieldsSeq("customers identities identity_sets identity_set_members set_owners set_mentions records events observations" +
			" merges merge_sides customer_handles changes operations decisions audit_entries email_hashes customer_tags jobs job_customers") {
			if _, err := tx.Exec(ctx, "DELETE FROM "+table); err != nil {
				return err
			}
		}
		_, err := oneid.RaiseVersion(ctx, tx) // what was blocked is so no more
		return err
	})
	if err == nil {
		err = w.past.Refresh(ctx)
	}
	if err != nil {
		w.Fatal(err)
	}
}

// send takes in a few records of few identities, so that they collide.
func (w *witness) send() {
	var batch []map[string]any
	for range rapid.IntRange(1, 3).Draw(w.T, "batch") {
		var claims []any
		for range rapid.IntRange(1, 4).Draw(w.T, "claims") {
			c := w.drawClaim()
			claims = append(claims, map[string]any{"type": c.Type, "scope": c.Scope, "value": c.Value})
		}
		w.records++
		record := map[string]any{"source": "test", "messageId": fmt.Sprint(w.records), "identities": claims, "occurredAt": w.drawTime("at").Format(time.RFC3339)}
		if rapid.Bool().Draw(w.T, "happens") {
			record["event"] = map[string]any{"name": "seen"}
		}
		batch = append(batch, record)
	}
	if _, err := w.past.in.Ingest(context.Background(), batch, nil); err != nil {
		w.Fatal(err)
	}
}

func (w *witness) drawClaim() identity.Claim {
	return claimOf(rapid.SampledFrom([]string{
		"member_no:m1", "member_no:m2", "member_no:m3", "phone:13912345601", "phone:13912345602", "phone:13912345603", "device_id:d1", "device_id:d2",
		"user_id:u1", "user_id:u2", "user_id:u3", "anonymous_id:c1", "anonymous_id:c2", "member_no/b:m1", "email:a@x.cn", "email:b@x.cn",
		"email_sha256:" + hashedMail("a@x.cn"), "wechat_openid/wx1:o1", "wechat_openid/wx1:o2",
	}).Draw(w.T, "claim"))
}

func (w *witness) drawTime(label string) time.Time {
	return timeOf(rapid.IntRange(0, 8).Draw(w.T, label))
}

// change makes a limit tighter or looser, and has the past follow.
func (w *witness) change() {
	limit := oneid.Limit[int]{Given: true, Value: new(rapid.IntRange(1, 3).Draw(w.T, "limit"))}
	change := oneid.TypeChange{Name: rapid.SampledFrom([]identity.TypeName{"phone", "email", "device_id"}).Draw(w.T, "type")}
	if rapid.Bool().Draw(w.T, "owners") {
		change.MaxOwners = limit
	} else {
		change.MaxPerCustomer = limit
	}
	w.past.change(change)
}

func (w *witness) act() {
	operations := []func() (oneid.Outcome, error){
		nil, nil, nil, nil, nil, w.link, w.keepApart, w.unlink, w.move, w.block, w.retract, w.merge, w.unmerge, w.undo,
	}
	chosen := rapid.IntRange(0, len(operations)-1).Draw(w.T, "step")
	operate := operations[chosen]
	switch {
	case chosen == 0:
		w.change()
		w.done = append(w.done, "change")
		return
	case operate == nil:
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
	return w.past.LinkIdentities(context.Background(), w.drawClaim(), w.drawClaim(), by)
}

func (w *witness) keepApart() (oneid.Outcome, error) {
	return w.past.KeepApart(context.Background(), []identity.Claim{w.drawClaim()}, []identity.Claim{w.drawClaim(), w.drawClaim()}, by)
}

func (w *witness) unlink() (oneid.Outcome, error) {
	since := w.drawTime("since")
	return w.past.UnlinkIdentity(context.Background(), w.drawClaim(), &since, by)
}

func (w *witness) move() (oneid.Outcome, error) {
	return w.past.MoveIdentity(context.Background(), w.drawClaim(), w.drawCustomer("to"), by)
}

func (w *witness) block() (oneid.Outcome, error) {
	return w.past.BlockIdentity(context.Background(), w.drawClaim(), by)
}

func (w *witness) retract() (oneid.Outcome, error) {
	return w.past.RetractRecord(context.Background(), "test", fmt.Sprint(rapid.IntRange(1, max(1, w.records)).Draw(w.T, "retracted")), by)
}

func (w *witness) merge() (oneid.Outcome, error) {
	return w.past.MergeCustomers(context.Background(), w.drawCustomer("a"), w.drawCustomer("b"), by)
}

func (w *witness) unmerge() (oneid.Outcome, error) {
	return w.past.Unmerge(context.Background(), w.drawNumber("merge", "SELECT id FROM merges ORDER BY id"), by)
}

func (w *witness) undo() (oneid.Outcome, error) {
	if len(w.operations) == 0 {
		return oneid.Outcome{}, fault.New(fault.NotFound, "nothing was done")
	}
	return w.past.UndoOperation(context.Background(), rapid.SampledFrom(w.operations).Draw(w.T, "undone"), by)
}

func (w *witness) drawCustomer(label string) oneid.Handle {
	return oneid.Handle(w.drawNumber(label, "SELECT public_id FROM customers ORDER BY public_id"))
}

// drawNumber draws a place, so that a history can be told again; the numbers differ each time.
func (w *witness) drawNumber(label, query string) int64 {
	rows, err := w.past.db.Query(context.Background(), query)
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
	rows, err := w.past.db.Query(context.Background(), "SELECT i.id, c.public_id FROM identities i JOIN customers c ON c.id = i.customer_id")
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
		told, err := w.past.PartitionAt(context.Background(), at)
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
		w.Fatal("the audit tells another story")
	}
}
