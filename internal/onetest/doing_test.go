package onetest_test

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/onecdp/onecdp/internal/fault"
	"github.com/onecdp/onecdp/internal/identity"
	"github.com/onecdp/onecdp/internal/oneid"
	"github.com/onecdp/onecdp/internal/onetest"
	"github.com/onecdp/onecdp/internal/store"
)

var author = oneid.Author{Name: "tester", Reason: "because"}

func (w *world) id(c identity.Claim) identity.Identity {
	w.Helper()
	id, reason := w.model.Types.Normalise(c)
	if reason != nil {
		w.Fatalf("%v: %v", c, reason)
	}
	return id
}

// note adds an operation to the log.
func (w *world) note(o *onetest.Operation, outcome oneid.Outcome, err error) {
	w.Helper()
	w.model.Operate(o)
	if err != nil {
		w.fail("%s: %v", o.Kind, err)
	}
	w.done = append(w.done, o)
	w.made[o] = outcome.Operation.ID
}

// do does a step.
func (w *world) do(s step) {
	w.Helper()
	ctx := context.Background()
	switch s.kind {
	case "ingest":
		w.send(s.records)
	case "linkIdentities":
		if a, b := w.id(s.a), w.id(s.b); a != b {
			outcome, err := w.one.LinkIdentities(ctx, s.a, s.b, author)
			w.note(&onetest.Operation{Kind: s.kind, Links: []onetest.Pair{{a, b}}}, outcome, err)
		}
	case "keepApart":
		w.keepApart(ctx, s)
	case "unlinkIdentity":
		outcome, err := w.one.UnlinkIdentity(ctx, s.a, s.since, author)
		since := outcome.Operation.At
		if s.since != nil {
			since = *s.since
		}
		w.note(&onetest.Operation{Kind: s.kind, Unlinks: []onetest.Unlink{{Identity: w.id(s.a), Since: since}}}, outcome, err)
	case "moveIdentity":
		w.move(ctx, s)
	case "blockIdentity":
		outcome, err := w.one.BlockIdentity(ctx, s.a, author)
		w.note(&onetest.Operation{Kind: s.kind, Blocks: []identity.Identity{w.id(s.a)}}, outcome, err)
	case "retractRecord":
		w.retract(ctx, s)
	case "mergeCustomers":
		w.merge(ctx, s)
	case "unmerge":
		w.unmerge(ctx, s)
	case "undoOperation":
		w.undo(ctx, s)
	}
}

func (w *world) keepApart(ctx context.Context, s step) {
	o := &onetest.Operation{Kind: s.kind}
	for _, claim := range s.right {
		if w.id(claim) == w.id(s.a) {
			return
		}
		o.Apart = append(o.Apart, onetest.Pair{w.id(s.a), w.id(claim)})
	}
	outcome, err := w.one.KeepApart(ctx, []identity.Claim{s.a}, s.right, author)
	w.note(o, outcome, err)
}

// holder is the customer of an identity: its members and its id.
func (w *world) holder(c identity.Claim) ([]identity.Identity, oneid.Handle) {
	customer, held := w.model.Now.Of[w.id(c)]
	if !held {
		return nil, 0
	}
	return w.model.Now.Customers[customer], w.names.Real(w.model.Shown[customer])
}

func (w *world) move(ctx context.Context, s step) {
	members, to := w.holder(s.b)
	members = slices.DeleteFunc(slices.Clone(members), func(id identity.Identity) bool { return id == w.id(s.a) })
	if len(members) == 0 {
		return
	}
	outcome, err := w.one.MoveIdentity(ctx, s.a, to, author)
	w.note(&onetest.Operation{
		Kind: s.kind, Links: []onetest.Pair{{w.id(s.a), members[0]}}, Unlinks: []onetest.Unlink{{Identity: w.id(s.a), Since: outcome.Operation.At}},
	}, outcome, err)
}

func (w *world) retract(ctx context.Context, s step) {
	if len(w.sent) == 0 {
		return
	}
	r := w.sent[s.pick%len(w.sent)]
	o := &onetest.Operation{Kind: s.kind, Retracts: []onetest.Message{{Source: r.Source, ID: r.MessageID}}}
	outcome, err := w.one.RetractRecord(ctx, r.Source, r.MessageID, author)
	if !w.model.Living(r) {
		var refused *fault.Error
		if !errors.As(err, &refused) {
			w.fail("retracting %s twice: %v", r.MessageID, err)
		}
		return
	}
	w.note(o, outcome, err)
}

// merge links the strongest, and every value of a kind of which both together have too many.
func (w *world) merge(ctx context.Context, s step) {
	as, a := w.holder(s.a)
	bs, b := w.holder(s.b)
	if a == 0 || b == 0 {
		return
	}
	outcome, err := w.one.MergeCustomers(ctx, a, b, author)
	if a == b {
		if err != nil || outcome.Merge != 0 {
			w.fail("merging a customer with itself: %v, %+v", err, outcome)
		}
		return
	}
	o := &onetest.Operation{Kind: s.kind, Links: []onetest.Pair{{as[0], bs[0]}}}
	for _, x := range as {
		t, _ := w.model.Types.Type(x.Type)
		alike := func(id identity.Identity) bool { return id.Type == x.Type && id.Scope == x.Scope }
		n := 0
		for _, id := range slices.Concat(as, bs) {
			if alike(id) {
				n++
			}
		}
		for _, y := range bs {
			if t.MaxPerCustomer != nil && n > *t.MaxPerCustomer && alike(y) {
				o.Links = append(o.Links, onetest.Pair{x, y})
			}
		}
	}
	w.note(o, outcome, err)
	if outcome.Merge != 0 {
		w.mergers[outcome.Merge] = o
	}
}

// standing lists the merges that were not undone, oldest first.
func (w *world) standing() (merges []merge) {
	rows, err := w.db.Query(context.Background(), "SELECT id, survivor_id, merged_id, undone_at FROM merges ORDER BY id")
	all, err := store.Collect(rows, err, func(row store.Row, into *merge) error {
		var undone *store.Instant
		err := row.Scan(&into.id, &into.survivor, &into.merged, &undone)
		if undone != nil {
			into.undone = undone.Time
		}
		return err
	})
	if err != nil {
		w.Fatal(err)
	}
	return all
}

type merge struct {
	id               int64
	survivor, merged oneid.Handle
	undone           time.Time
}

// noteMerges remembers what the customers of new merges held before: strong identities, or all.
func (w *world) noteMerges() {
	if w.sides == nil {
		w.sides = map[int64][2][]identity.Identity{}
	}
	for _, one := range w.standing() {
		if _, known := w.sides[one.id]; known {
			continue
		}
		var sides [2][]identity.Identity
		for i, handle := range []oneid.Handle{one.survivor, one.merged} {
			for customer, id := range w.model.Past {
				if w.names.Real(id) == handle {
					sides[i] = w.firm(w.model.Before.Customers[customer])
				}
			}
		}
		w.sides[one.id] = sides
	}
}

func (w *world) firm(members []identity.Identity) []identity.Identity {
	strong := slices.DeleteFunc(slices.Clone(members), func(id identity.Identity) bool {
		t, _ := w.model.Types.Type(id.Type)
		return t.Strength != identity.Strong
	})
	if len(strong) == 0 {
		return members
	}
	return strong
}

func (w *world) unmerge(ctx context.Context, s step) {
	merges := slices.DeleteFunc(w.standing(), func(m merge) bool { return !m.undone.IsZero() })
	if len(merges) == 0 {
		return
	}
	one := merges[s.pick%len(merges)]
	o := &onetest.Operation{Kind: s.kind, Withdraws: w.mergers[one.id]}
	for _, a := range w.sides[one.id][0] {
		for _, b := range w.sides[one.id][1] {
			o.Apart = append(o.Apart, onetest.Pair{a, b})
		}
	}
	outcome, err := w.one.Unmerge(ctx, one.id, author)
	if len(o.Apart) == 0 { // an id came back and took another over in one step: it held nothing before
		if !errors.As(err, new(*fault.Error)) {
			w.fail("unmerging from somebody who was not there before: %v", err)
		}
		return
	}
	w.note(o, outcome, err)
}

func (w *world) undo(ctx context.Context, s step) {
	candidates := slices.DeleteFunc(slices.Clone(w.done), func(o *onetest.Operation) bool { return !w.model.Undoable(o) })
	if len(candidates) == 0 {
		return
	}
	target := candidates[s.pick%len(candidates)]
	outcome, err := w.one.UndoOperation(ctx, w.made[target], author)
	w.note(&onetest.Operation{Kind: s.kind, Undoes: target}, outcome, err)
}
