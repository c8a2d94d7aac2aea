package oneid

import (
	"context"
	"slices"
	"time"

	"github.com/onecdp/onecdp/internal/store"
)

// Set is the evidence of a batch's records that show the same, and what Find and Resolve find out about it. It is
// made anew for every attempt of a transaction.
type Set struct {
	Evidence

	Times  []time.Time // when the batch's records show it
	Source int32       // who showed it
	Record int64       // the first record of the batch that shows it
	Speaks bool        // records of the batch state attributes under it

	ID     int64 // filled in: the set's number
	Anchor int64 // filled in: the number of its strongest identity that is not shared; 0: none
	Spans  []Span
	handle Handle // the id of the customer whom its first record makes, if it makes one
	isNew  bool
	part   int64 // the disputed evidence that its owner belongs to
	calm   bool  // its owner is disputed, and these records change nothing about it
}

// Span says whose a set is, from Since until Until.
type Span struct {
	Since, Until time.Time
	Row          Row
	Handle       Handle
}

// New tells that Find did not know the set, or that nobody has it although identities of it count.
func (set *Set) New() bool { return set.isNew || len(set.Spans) == 0 && len(set.Identities) > 0 }

// At tells whose the set is at a time; zeros: nobody's.
func (set *Set) At(at time.Time) (Row, Handle) {
	for _, span := range set.Spans {
		if len(set.Spans) == 1 || !at.Before(span.Since) && at.Before(span.Until) {
			return span.Row, span.Handle
		}
	}
	return 0, 0
}

func always(row Row, handle Handle) []Span { return []Span{{Beginning, End, row, handle}} }

// Find fills in the sets that are known already, and marks the others as new. It takes the fences of their owners, shared; where one
// is held by somebody else, the attempt must begin again.
func (s *Service) Find(ctx context.Context, tx *store.Tx, a *Attempt, sets []*Set) error {
	if err := s.find(ctx, tx, a, sets); err != nil {
		return err
	}
	var disputed []*Set
	for _, set := range sets {
		if set.part != 0 {
			disputed = append(disputed, set)
		}
	}
	if len(disputed) == 0 {
		return nil
	}
	if !tx.Dialect().OneWriter() { // as it is now that the fences are held
		if err := s.find(ctx, tx, a, disputed); err != nil {
			return err
		}
	}
	return s.calmDown(ctx, tx, a.Rules, disputed)
}

func (s *Service) find(ctx context.Context, tx *store.Tx, a *Attempt, sets []*Set) error {
	var (
		digests = make([][]byte, len(sets))
		numbers = make([]int64, len(sets))
	)
	for i, set := range sets {
		digests[i], numbers[i], set.isNew, set.Spans, set.part, set.calm = set.Digest[:], int64(i), true, nil, 0, false
	}
	var args store.Args
	given := store.Relation(tx.Dialect(), "given", &args, store.Int64s("n", numbers), store.Bytes("digest", digests))
	rows, err := tx.Query(ctx, "SELECT given.n, s.id, coalesce(s.anchor_id, 0), o.since, o.until, coalesce(c.id, 0), coalesce(c.public_id, 0), coalesce(c.part_id, 0),"+
		" c.id IS NULL OR "+tryFence(tx, "c.id")+" FROM "+given+
		" JOIN identity_sets s ON s.digest = given.digest"+
		" LEFT JOIN set_owners o ON o.set_id = s.id LEFT JOIN customers c ON c.id = o.customer_id ORDER BY o.since", args...)
	busy, wanted := false, map[int32]bool{}
	_, err = store.Collect(rows, err, func(row store.Row, _ *struct{}) error {
		var (
			n            int
			id, anchor   int64
			since, until *store.Instant
			span         Span
			part         int64
			fenced       bool
		)
		if err := row.Scan(&n, &id, &anchor, &since, &until, &span.Row, &span.Handle, &part, &fenced); err != nil {
			return err
		}
		set := sets[n]
		set.ID, set.Anchor, set.isNew = id, anchor, false
		if since != nil && span.Row != 0 {
			span.Since, span.Until = since.Time, until.Time
			set.Spans, set.part = append(set.Spans, span), part
		}
		if span.Row != 0 {
			wanted[fenceOf(span.Row)] = true
		}
		busy = busy || !fenced && !a.alone[fenceOf(span.Row)] // what is held alone cannot be tried for while others wait for it
		return nil
	})
	if err == nil && busy { // all are waited for at once: one by one each attempt might meet another that is busy
		return &Needs{shared: wanted}
	}
	return err
}

// Stand makes sure, as the last thing before the change feed, that what the transaction did rests on the rules in force, and that the
// sets it took for known still are whose they were, and as simply followed as they were; those of customers whom it holds locked are. A set
// that moved while its fence was being taken stands behind another fence.
func (s *Service) Stand(ctx context.Context, tx *store.Tx, a *Attempt, sets []*Set, r *Resolution) error {
	var numbers, rows []int64
	var disputed []bool
	if !tx.Dialect().OneWriter() {
		for _, set := range sets {
			for i, span := range set.Spans {
				told := slices.ContainsFunc(set.Spans[:i], func(earlier Span) bool { return earlier.Row == span.Row })
				if !set.isNew && !told && r.Customers[span.Row] == nil {
					numbers, rows, disputed = append(numbers, set.ID), append(rows, int64(span.Row)), append(disputed, set.part != 0)
				}
			}
		}
	}
	var args store.Args
	given := store.Relation(tx.Dialect(), "given", &args, store.Int64s("id", numbers), store.Int64s("owner", rows), store.Bools("disputed", disputed))
	found, err := tx.Query(ctx, "SELECT "+s.VersionSQL()+", (SELECT count(*) FROM "+given+" JOIN customers c ON c.id = given.owner AND (c.part_id IS NULL OR given.disputed)"+
		" WHERE EXISTS (SELECT 1 FROM set_owners o WHERE o.set_id = given.id AND o.customer_id = given.owner AND (given.disputed OR NOT o.dated)))", args...)
	var version, standing int64
	if _, err := store.Collect(found, err, func(row store.Row, _ *struct{}) error { return row.Scan(&version, &standing) }); err != nil {
		return err
	}
	switch {
	case version != a.Version:
		return ErrRulesMoved
	case standing < int64(len(numbers)):
		return store.ErrStartOver
	}
	return nil
}
