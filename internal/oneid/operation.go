package oneid

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/onecdp/onecdp/internal/fault"
	"github.com/onecdp/onecdp/internal/feed"
	"github.com/onecdp/onecdp/internal/identity"
	"github.com/onecdp/onecdp/internal/job"
	"github.com/onecdp/onecdp/internal/page"
	"github.com/onecdp/onecdp/internal/store"
)

// Author is who does something by hand, and why.
type Author struct{ Name, Reason string }

// Operation is something that was done by hand to who is who.
type Operation struct {
	ID       int64
	Kind     string // the mutation
	Reason   string
	Actor    string
	At       time.Time
	UndoneBy *int64 // the operation that undid it; nil: it counts
}

// Outcome is what an operation led to.
type Outcome struct {
	Operation Operation
	Merge     int64    // the merge that it made; 0: none
	Customers []Handle // the living customers concerned, survivors first
}

// operating is one attempt to do something by hand.
type operating struct {
	*Service

	tx *store.Tx
	a  *Attempt
	op Operation

	subject    *int64
	subjectKey string
	seeds      Seeds
	decisions  []decision
	sets       []int64           // to be read again
	later      identity.TypeName // where there are too many sets: the type whose sets a job reads again
	named      []int64           // identities that it is about besides those of its decisions
	blocked    []int64
	unblocked  []int64
	changes    []func(ctx context.Context) error
	raise      bool // what is blocked changes
	resolution *Resolution
}

// operate does something by hand in one transaction: plan says what it is about and what it changes; then the parts concerned are
// decided again and it is all written down.
func (s *Service) operate(ctx context.Context, kind string, by Author, plan func(ctx context.Context, o *operating) error, after func(ctx context.Context, o *operating) (Outcome, error)) (Outcome, error) {
	var outcome Outcome
	by.Reason = strings.TrimSpace(by.Reason)
	if err := checkReason(by.Reason); err != nil && kind != previewKind {
		return outcome, err
	}
	err := s.Refresh(ctx)
	for err == nil {
		rules := s.Rules()
		err = s.Transact(ctx, rules, 256, func(ctx context.Context, tx *store.Tx, a *Attempt) error {
			o := &operating{Service: s, tx: tx, a: a, op: Operation{ID: a.Next(), Kind: kind, Reason: by.Reason, Actor: by.Name, At: tx.Now}}
			if err := plan(ctx, o); err != nil {
				return err
			}
			var err error
			if err = o.carryOut(ctx); err == nil {
				outcome, err = after(ctx, o)
			}
			return err
		})
		if !errors.Is(err, ErrRulesMoved) {
			break
		}
		err = s.Refresh(ctx)
	}
	if errors.Is(err, errNothingToDo) {
		return outcome, nil
	}
	if err != nil {
		return Outcome{}, err
	}
	return outcome, s.Refresh(ctx)
}

// longestReason is how long, in characters, the reason for an operation may be.
const longestReason = 500

func checkReason(reason string) error {
	switch {
	case utf8.RuneCountInString(reason) > longestReason:
		return fault.Bad(fault.Path{"reason"}, "the reason has more than %d characters", longestReason)
	case strings.ContainsRune(reason, 0):
		return fault.Bad(fault.Path{"reason"}, "the reason holds a character that cannot be stored")
	}
	return nil
}

// errNothingToDo ends a plan that would change nothing: no operation is stored.
var errNothingToDo = errors.New("oneid: nothing to do")

// carryOut writes the operation and decides again whom it is about.
func (o *operating) carryOut(ctx context.Context) error {
	for _, one := range o.decisions {
		o.seeds.Identities = append(o.seeds.Identities, one.identity)
		if one.kind == "unlink" {
			o.seeds.Anew = append(o.seeds.Anew, one.identity)
		}
	}
	besides, err := o.sharedBesides(ctx, o.seeds.Identities)
	if err != nil {
		return err
	}
	o.seeds.Reconsider = append(o.seeds.Reconsider, besides...)
	by := Origin{Kind: "operation", ID: o.op.ID, Actor: o.op.Actor, Reason: o.op.Reason}
	o.resolution, err = o.again(ctx, o.tx, o.a, o.seeds, by, func() error { return o.write(ctx) })
	if err != nil {
		return err
	}
	if err := addAudit(ctx, o.tx, o.a, o.entries(), by); err != nil {
		return err
	}
	return o.finish(ctx, o.tx, o.a, o.resolution)
}

// entries tell the audit of the operation: one for each identity that it names, or one that names none.
func (o *operating) entries() []auditEntry {
	kind := "operation"
	if o.op.Kind == "undoOperation" {
		kind = "undone"
	}
	named := slices.Clone(o.named)
	for _, one := range o.decisions {
		named = append(named, one.identity)
	}
	slices.Sort(named)
	var entries []auditEntry
	for _, id := range slices.Compact(named) {
		entries = append(entries, auditEntry{kind: kind, identity: id})
	}
	if len(entries) == 0 {
		entries = append(entries, auditEntry{kind: kind})
	}
	for _, id := range o.blocked {
		entries = append(entries, auditEntry{kind: "blocked", rule: "blocked", identity: id})
	}
	for _, id := range o.unblocked {
		entries = append(entries, auditEntry{kind: "unblocked", identity: id})
	}
	return entries
}

// sharedBesides lists the shared identities that sets show together with others.
func (o *operating) sharedBesides(ctx context.Context, ids []int64) ([]int64, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	var args store.Args
	given := store.Relation(o.tx.Dialect(), "given", &args, store.Int64s("id", ids))
	rows, err := o.tx.Query(ctx, "SELECT DISTINCT i.id FROM "+given+" JOIN identities own ON own.id = given.id AND NOT own.shared JOIN identity_set_members m ON m.identity_id = given.id"+
		" JOIN identity_set_members n ON n.set_id = m.set_id JOIN identities i ON i.id = n.identity_id AND i.shared", args...)
	return store.Collect(rows, err, func(row store.Row, into *int64) error { return row.Scan(into) })
}

// write stores the operation with its decisions, and makes its changes.
func (o *operating) write(ctx context.Context) error {
	if _, err := o.tx.InsertRows(ctx, "operations", "", store.Int64s("id", []int64{o.op.ID}), store.Texts("kind", []string{o.op.Kind}), store.Texts("reason", []string{o.op.Reason}),
		store.Texts("actor", []string{o.op.Actor}), store.AlwaysAt("at", o.tx.Now), store.Bools("active", []bool{true}), store.NullInt64s("subject_id", []*int64{o.subject}), store.Texts("subject_key", []string{o.subjectKey})); err != nil {
		return err
	}
	if err := o.writeDecisions(ctx); err != nil {
		return err
	}
	for _, change := range o.changes {
		if err := change(ctx); err != nil {
			return err
		}
	}
	if !o.raise {
		return nil
	}
	version, err := RaiseVersion(ctx, o.tx)
	if err != nil {
		return err
	}
	rules := *o.a.Rules
	rules.Version = version
	if rules.Blocked, err = blockedBy(ctx, o.tx, o.a.Rules); err != nil {
		return err
	}
	o.a.Rules = &rules
	if o.later != "" {
		if err := job.Add(ctx, o.tx, o.a.Next(), JobKind, string(o.later), o.op.Actor); err != nil {
			return err
		}
	}
	_, err = o.reread(ctx, o.tx, o.a, o.sets)
	return err
}

func (o *operating) writeDecisions(ctx context.Context) error {
	n := len(o.decisions)
	if n == 0 {
		return nil
	}
	operations, groups, sides, ids := make([]int64, n), make([]int64, n), make([]int64, n), make([]int64, n)
	kinds := make([]string, n)
	for i, one := range o.decisions {
		operations[i], groups[i], sides[i], ids[i], kinds[i] = o.op.ID, int64(one.group), int64(one.side), one.identity, one.kind
	}
	columns := []store.Column{
		store.Int64s("operation_id", operations), store.Int64s("part", groups), store.Int64s("side", sides), store.Int64s("identity_id", ids), store.Texts("kind", kinds),
	}
	if _, err := o.tx.InsertRows(ctx, "decisions", "ON CONFLICT DO NOTHING", columns...); err != nil {
		return err
	}
	for _, one := range o.decisions {
		if one.kind == "unlink" {
			if _, err := o.tx.Exec(ctx, "UPDATE decisions SET since = $1 WHERE operation_id = $2 AND identity_id = $3 AND kind = 'unlink'", one.since, o.op.ID, one.identity); err != nil {
				return err
			}
		}
	}
	var args store.Args
	given := store.Relation(o.tx.Dialect(), "given", &args, store.Int64s("id", ids))
	_, err := o.tx.Exec(ctx, "UPDATE identities SET ruled = "+args.Bind(true)+" FROM "+given+" WHERE identities.id = given.id", args...)
	return err
}

// finish saves the customers and tells the feed.
func (s *Service) finish(ctx context.Context, tx *store.Tx, a *Attempt, r *Resolution) error {
	if err := s.Save(ctx, tx, r); err != nil {
		return err
	}
	if err := s.Stand(ctx, tx, a, nil, r); err != nil {
		return err
	}
	return feed.Append(ctx, tx, r.Changes(nil))
}

// touched are the ids of the customers that changed, the oldest first.
func (r *Resolution) touched() []Handle {
	var changed []*Customer
	for _, one := range r.Customers {
		if one.Changed || one.isNew {
			changed = append(changed, one)
		}
	}
	slices.SortFunc(changed, func(a, b *Customer) int {
		return cmp.Or(a.CreatedAt.Compare(b.CreatedAt), cmp.Compare(a.Handle, b.Handle))
	})
	handles := make([]Handle, len(changed))
	for i, one := range changed {
		handles[i] = one.Handle
	}
	return handles
}

// ended is what most operations lead to.
func ended(_ context.Context, o *operating) (Outcome, error) {
	outcome := Outcome{Operation: o.op, Customers: o.resolution.touched()}
	if len(outcome.Customers) == 0 { // nothing moved: those it is about
		for _, one := range o.resolution.Customers {
			outcome.Customers = append(outcome.Customers, one.Handle)
		}
		slices.Sort(outcome.Customers)
	}
	return outcome, nil
}

// read normalises an argument that names an identity, as a lookup does. What cannot be an identity is nobody's, and there is nothing to do.
func (o *operating) read(claim identity.Claim) (identity.Identity, error) {
	id, reason := o.a.Registry.Normalise(claim)
	if reason != nil {
		return id, errNothingToDo
	}
	return id, nil
}

// number finds the number of an identity, and notes one that nobody has shown yet.
func (o *operating) number(ctx context.Context, ids ...identity.Identity) ([]int64, error) {
	found, err := o.ensure(ctx, o.tx, o.a, ids)
	numbers := make([]int64, len(ids))
	for i, id := range ids {
		numbers[i] = found[id]
	}
	return numbers, err
}

// link adds a group of forced links to the operation.
func (o *operating) link(group int, a, b []int64) { o.decide(group, "link", a, b) }

func (o *operating) decide(group int, kind string, a, b []int64) {
	for side, ids := range [][]int64{a, b} {
		for _, id := range ids {
			o.decisions = append(o.decisions, decision{operation: o.op.ID, group: group, side: side, identity: id, kind: kind})
		}
	}
}

// OperationPages is the connection of all operations.
var OperationPages = page.Connection{Name: "Query.operations: newest first", Keys: 1}

const operationColumns = "o.id, o.kind, o.reason, o.actor, o.at, o.undone_by_id FROM operations o"

func scanOperation(row store.Row, into *Operation) error {
	var at store.Instant
	err := row.Scan(&into.ID, &into.Kind, &into.Reason, &into.Actor, &at, &into.UndoneBy)
	into.At = at.Time
	return err
}

// OperationsByID finds operations. The result is in order, nil where there is none.
func (s *Service) OperationsByID(ctx context.Context, ids []int64) ([]*Operation, error) {
	var args store.Args
	given := store.Relation(s.db.Dialect(), "given", &args, store.Int64s("id", ids))
	rows, err := s.db.Query(ctx, "SELECT "+operationColumns+" JOIN "+given+" ON given.id = o.id", args...)
	all, err := store.Collect(rows, err, scanOperation)
	found := make([]*Operation, len(ids))
	for i, id := range ids {
		for j := range all {
			if all[j].ID == id {
				found[i] = &all[j]
			}
		}
	}
	return found, err
}

// Operations is a page of all operations, newest first.
func (s *Service) Operations(ctx context.Context, request page.Request) (page.Page[Operation], error) {
	var args store.Args
	condition := ""
	if request.After != nil {
		condition = " WHERE o.id < " + args.Bind(request.After[0])
	}
	rows, err := s.db.Query(ctx, "SELECT "+operationColumns+condition+" ORDER BY o.id DESC LIMIT "+args.Bind(request.Limit()), args...)
	all, err := store.Collect(rows, err, scanOperation)
	if err != nil {
		return page.Page[Operation]{}, err
	}
	return page.Cut(request, all, func(one Operation) []int64 { return []int64{one.ID} }), nil
}

// CountOperations counts all operations.
func (s *Service) CountOperations(ctx context.Context) (int64, error) {
	rows, err := s.db.Query(ctx, "SELECT count(*) FROM operations")
	counts, err := store.Collect(rows, err, func(row store.Row, into *int64) error { return row.Scan(into) })
	if err != nil {
		return 0, fmt.Errorf("count the operations: %w", err)
	}
	return counts[0], nil
}
