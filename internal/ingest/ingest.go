// Package ingest is the one way in. Every record, from whatever channel, takes the same five steps:
// it is read and checked, its identities are normalised, its customer is found or made, it is stored, and
// the golden record and the change feed follow.
package ingest

import (
	"context"
	"errors"
	"fmt"

	"github.com/onecdp/onecdp/internal/fault"
	"github.com/onecdp/onecdp/internal/feed"
	"github.com/onecdp/onecdp/internal/identity"
	"github.com/onecdp/onecdp/internal/meter"
	"github.com/onecdp/onecdp/internal/oneid"
	"github.com/onecdp/onecdp/internal/store"
	"github.com/onecdp/onecdp/internal/value"
)

// MaxBatch is how many records one request may have.
const MaxBatch = 1000

// CheckBatch refuses, at the place of the list, a request that has no records or more than MaxBatch.
func CheckBatch(records int, at fault.Path) error {
	if records < 1 || records > MaxBatch {
		return fault.Bad(at, "%d records; a batch has 1 to %d", records, MaxBatch)
	}
	return nil
}

// Status is what became of a record.
type Status string

// The statuses. A rejected record does not use its message id up.
const (
	Accepted  Status = "ACCEPTED"
	Duplicate Status = "DUPLICATE" // its source and message id were seen before
	Rejected  Status = "REJECTED"  // its form is wrong; Fault says where
)

// Result is the answer to one record.
type Result struct {
	Status   Status
	Customer oneid.Handle // whose the record is; 0: nobody's
	Fault    *fault.Error // why it was rejected, or what of it was dropped; nil: all of it counts
}

// Service takes records in. It is safe for concurrent use.
type Service struct {
	db  *store.DB
	one *oneid.Service

	counters counters
}

// New returns the way into a database.
func New(db *store.DB, one *oneid.Service) *Service {
	return &Service{db: db, one: one, counters: newCounters()}
}

// entry is a record on its way through one batch.
type entry struct {
	Record
	result *Result
	first  *entry       // the same message earlier in the batch
	note   *fault.Error // what of it does not count

	at         fault.Path // its place in the caller's input
	claims     []byte     // canonical
	evidence   oneid.Evidence
	source     int32
	channel    *int64
	attributes []byte
	properties []byte
	digest     int64

	// Set anew by every attempt to store it.
	id  int64
	key string // of the message
	set *oneid.Set

	owner oneid.Row // of a repeat: whose the first is
}

// Ingest takes records as maps shaped like RecordInput and answers each, in order. Each stands or falls
// alone: a rejected one does not hold the others up. at is the place of the list in the caller's input.
//
// All accepted records are stored in one transaction when it returns without an error. An error means that
// none was, or that nobody knows; sending them again with the same message ids is safe.
func (s *Service) Ingest(ctx context.Context, records []map[string]any, at fault.Path) ([]Result, error) {
	seconds := meter.Stopwatch()
	results := make([]Result, len(records))
	rules := s.one.Rules()
	var batch []*entry
	for i, raw := range records {
		e, rejected := prepare(rules, raw, at.With(i))
		if rejected != nil {
			results[i] = Result{Status: Rejected, Fault: rejected}
			continue
		}
		e.result = &results[i]
		batch = append(batch, e)
	}
	if fresh := withoutRepeats(batch); len(fresh) > 0 {
		if err := s.store(ctx, rules, fresh); err != nil {
			s.counters.failed.Add(int64(len(records)))
			return nil, fmt.Errorf("ingest: %w", err)
		}
	}
	for _, e := range batch {
		if e.first != nil {
			e.result.Status, e.result.Customer, e.result.Fault = Duplicate, e.first.result.Customer, nil
		}
	}
	s.counters.count(results, seconds())
	return results, nil
}

// Check answers what Ingest would say of a record by itself: whether its form is right, and what of it would not
// count. Whether it was stored before, and whose it is, only the database knows.
func Check(types *identity.Registry, raw map[string]any, at fault.Path) Result {
	e, rejected := prepare(&oneid.Rules{Registry: types}, raw, at)
	if rejected != nil {
		return Result{Status: Rejected, Fault: rejected}
	}
	return Result{Status: Accepted, Fault: e.note}
}

// prepare does what does not need the database. A record whose form is wrong is rejected.
func prepare(rules *oneid.Rules, raw map[string]any, at fault.Path) (e *entry, rejected *fault.Error) {
	record, err := Read(raw, at)
	if err != nil {
		return nil, fold(fault.All(err), at)
	}
	e = &entry{Record: record, at: at}
	e.claims = claimsText(record.Claims)
	if record.Attributes != nil {
		e.attributes = value.JSON(record.Attributes)
	}
	if record.Event != nil {
		e.properties = value.JSON(record.Event.Properties)
	}
	e.digest = record.digest(e.claims, e.attributes, e.properties)
	e.read(rules)
	return e, nil
}

// read finds out which of a record's identities count by the rules, and notes what does not.
func (e *entry) read(rules *oneid.Rules) {
	e.evidence = rules.Evidence(e.claims, e.Claims)
	var notes []*fault.Error
	if dropped := e.evidence.Dropped; len(dropped) > 0 {
		notes = append(notes, droppedNote(dropped, len(e.evidence.Identities), e.at))
	}
	if e.Event != nil {
		if _, field, problem := e.Event.amount(); problem != "" {
			notes = append(notes, fault.Bad(e.at.With("event", "properties", field), "%s", problem))
		}
	}
	e.note = fold(notes, e.at)
}

// speaks tells whether attributes say anything: null says nothing.
func speaks(attributes map[string]any) bool {
	for _, v := range attributes {
		if v != nil {
			return true
		}
	}
	return false
}

// number gives every word of the batch its number. New words are stored before the batch is, in a
// transaction of their own: they may be left over, but can never hold two batches up in a circle.
func (s *Service) number(ctx context.Context, batch []*entry) error {
	words := map[store.Dictionary][]string{}
	for _, e := range batch {
		words[store.Sources] = append(words[store.Sources], e.Source)
		if e.Channel != "" {
			words[store.Channels] = append(words[store.Channels], e.Channel)
		}
		if e.Event != nil {
			words[store.EventNames] = append(words[store.EventNames], e.Event.Name)
		}
		for name, v := range e.Attributes {
			if v != nil {
				words[store.AttributeNames] = append(words[store.AttributeNames], name)
			}
		}
	}
	for dictionary, list := range words {
		if err := s.db.EnsureWords(ctx, dictionary, list); err != nil {
			return err
		}
	}
	for _, e := range batch {
		e.source, _ = s.db.Number(store.Sources, e.Source)
		if e.Channel != "" {
			number, _ := s.db.Number(store.Channels, e.Channel)
			channel := int64(number)
			e.channel = &channel
		}
	}
	return nil
}

// store brings a batch into the database. Where the rules have changed meanwhile it is read again by the new ones.
func (s *Service) store(ctx context.Context, rules *oneid.Rules, batch []*entry) error {
	if err := s.number(ctx, batch); err != nil {
		return err
	}
	for {
		err := s.storeBy(ctx, rules, batch)
		if !errors.Is(err, oneid.ErrRulesMoved) {
			return err
		}
		if err := s.one.Refresh(ctx); err != nil {
			return err
		}
		rules = s.one.Rules()
		for _, e := range batch {
			e.read(rules)
		}
	}
}

func (s *Service) storeBy(ctx context.Context, rules *oneid.Rules, batch []*entry) error {
	shown := make([]oneid.Evidence, len(batch))
	for i, e := range batch {
		shown[i] = e.evidence
	}
	release, err := s.one.Guard(ctx, shown)
	if err != nil {
		return err
	}
	defer release()
	wanted := 8
	for _, e := range batch {
		wanted += 1 + oneid.MaxIDs(len(e.evidence.Identities))
	}
	if err := s.one.Transact(ctx, rules, wanted, func(ctx context.Context, tx *store.Tx, a *oneid.Attempt) error {
		return s.write(ctx, tx, a, batch)
	}); err != nil {
		return err
	}
	s.one.Remember(shown)
	return nil
}

// write is one attempt to store the batch. It must leave nothing behind in the entries that a second
// attempt does not set again.
func (s *Service) write(ctx context.Context, tx *store.Tx, a *oneid.Attempt, batch []*entry) error {
	for _, e := range batch {
		e.owner = 0
		e.id = a.Next()
		e.key = ownKey(e.id)
		if e.MessageID != "" {
			e.key = MessageKey(e.MessageID)
		}
		if !e.Dated {
			e.OccurredAt = tx.Now
		}
	}
	fresh, err := s.withoutKnown(ctx, tx, a, batch)
	if err != nil || len(fresh) == 0 {
		return err
	}
	sets := setsOf(fresh)
	resolution, err := s.one.Resolve(ctx, tx, a, sets)
	if err != nil {
		return err
	}
	if fresh, err = s.addRecords(ctx, tx, fresh); err != nil {
		return err
	}
	if err := s.addEvents(ctx, tx, fresh); err != nil {
		return err
	}
	if err := s.addObservations(ctx, tx, fresh, resolution); err != nil {
		return err
	}
	if err := s.one.Save(ctx, tx, resolution); err != nil {
		return err
	}
	for _, e := range batch { // a repeat may be somebody else's by what came with it
		if held := resolution.Customers[e.owner]; held != nil && e.result.Status == Duplicate {
			e.result.Customer = held.Handle
		}
	}
	for _, e := range fresh {
		_, handle := e.set.At(e.OccurredAt)
		*e.result = Result{Status: Accepted, Customer: handle, Fault: e.note}
	}
	if err := s.one.Stand(ctx, tx, a, sets, resolution); err != nil {
		return err
	}
	return feed.Append(ctx, tx, changes(fresh, resolution))
}

// foldSets gives records that show the same one set.
func foldSets(batch []*entry) []*oneid.Set {
	byDigest := map[[16]byte]*oneid.Set{}
	var sets []*oneid.Set
	for _, e := range batch {
		set := byDigest[e.evidence.Digest]
		if set == nil {
			set = &oneid.Set{Evidence: e.evidence, Source: e.source, Record: e.id}
			byDigest[set.Digest] = set
			sets = append(sets, set)
		}
		set.Speaks = set.Speaks || speaks(e.Attributes)
		set.Times = append(set.Times, e.OccurredAt)
		e.set = set
	}
	return sets
}

// setsOf lists the sets of a batch, once each.
func setsOf(batch []*entry) []*oneid.Set {
	seen := map[*oneid.Set]bool{}
	var sets []*oneid.Set
	for _, e := range batch {
		if !seen[e.set] {
			seen[e.set] = true
			sets = append(sets, e.set)
		}
	}
	return sets
}
