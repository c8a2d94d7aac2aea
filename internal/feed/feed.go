// Package feed is the change feed: what every transaction touched, in an order that can be followed.
//
// A transaction writes its rows last, when it holds all its locks. A reader follows by position and is
// promised two things: no transaction is ever skipped, however late it commits, and the changes of one
// customer come in the order in which they happened. A set that shows nothing new takes no lock and names no
// customer: whose it is, is read from its owner when the change is.
//
// Row numbers alone do not give that on PostgreSQL: a transaction may draw a low number and commit after a
// higher one has been read. So a position there is a snapshot (pg_current_snapshot), and the next reading
// takes just what that snapshot could not see and the present one can. Within a reading rows are ordered by
// number; numbers are drawn under the customer's lock, so a later change of the same customer has a higher
// one. SQLite has one writer: its numbers are in commit order and are the position.
package feed

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/onecdp/onecdp/internal/store"
)

// Kind is one thing that happened to a customer or an identity set.
type Kind string

// The kinds.
const (
	Recorded   Kind = "recorded"   // the set has new records; Events says how many events
	Identified Kind = "identified" // identities joined the customer
	Attributed Kind = "attributed" // the customer's golden record changed
	Merged     Kind = "merged"     // another customer became this one; Subject is the merge
	Removed    Kind = "removed"    // the row is gone: its customer became another's, which a merge tells
	Tagged     Kind = "tagged"     // a tag was set or taken away; Subject is the tag
)

// Change is a row of the feed.
type Change struct {
	Kinds    []Kind
	Customer int64 // the customer's row; 0: none was locked
	Set      int64 // the identity set; 0: the change is about no set
	Subject  int64 // what Kind says; 0: nothing
	Events   int   // events that came with the set
	At       time.Time
}

// Append writes what a transaction did. Call it once, at the end, when all locks are held.
func Append(ctx context.Context, tx *store.Tx, changes []Change) error {
	if len(changes) == 0 {
		return nil
	}
	var (
		kinds                    = make([]string, len(changes))
		customers, sets, objects = make([]*int64, len(changes)), make([]*int64, len(changes)), make([]*int64, len(changes))
		events                   = make([]int64, len(changes))
	)
	for i := range changes {
		kinds[i] = joined(changes[i].Kinds)
		customers[i], sets[i], objects[i] = present(&changes[i].Customer), present(&changes[i].Set), present(&changes[i].Subject)
		events[i] = int64(changes[i].Events)
	}
	var args store.Args
	at := args.Bind(tx.Now)
	given := store.Relation(tx.Dialect(), "given", &args, store.Texts("kind", kinds), store.NullInt64s("customer_id", customers),
		store.NullInt64s("set_id", sets), store.NullInt64s("subject_id", objects), store.Int64s("events", events))
	_, err := tx.Exec(ctx, "INSERT INTO changes (tx_number, at, kind, customer_id, set_id, subject_id, events) SELECT "+
		tx.Dialect().TransactionNumber()+", "+at+", kind, customer_id, set_id, subject_id, events FROM "+given, args...)
	return err
}

// Position is a place in the feed. The zero Position is its beginning.
type Position struct {
	base   string // all that this snapshot saw has been read
	window string // the snapshot being read; "" when all of it has been
	after  int64  // the last row read of it
}

// String is the position in a form that ParsePosition reads.
func (p Position) String() string {
	return p.base + "|" + p.window + "|" + strconv.FormatInt(p.after, 10)
}

// ParsePosition reads what String wrote; "" is the beginning.
func ParsePosition(text string) (Position, error) {
	if text == "" {
		return Position{}, nil
	}
	parts := strings.Split(text, "|")
	if len(parts) != 3 {
		return Position{}, errors.New("feed: not a position")
	}
	after, err := strconv.ParseInt(parts[2], 10, 64)
	return Position{base: parts[0], window: parts[1], after: after}, err
}

// Now is the position after everything committed so far.
func Now(ctx context.Context, db *store.DB) (Position, error) {
	rows, err := db.Query(ctx, "SELECT "+db.Dialect().Snapshot())
	seen, err := store.Collect(rows, err, func(row store.Row, into *string) error { return row.Scan(into) })
	if err != nil {
		return Position{}, err
	}
	return Position{base: seen[0]}, nil
}

// Read returns at most limit changes after a position, and the position after those. With nothing new it
// returns no changes and a position to go on from.
func Read(ctx context.Context, db *store.DB, from Position, limit int) ([]Change, Position, error) {
	if from.window == "" {
		now, err := Now(ctx, db)
		if err != nil {
			return nil, from, err
		}
		from = Position{base: from.base, window: now.base}
	}
	var args store.Args
	query := "SELECT id, kind, coalesce(customer_id, 0), coalesce(set_id, 0), coalesce(subject_id, 0), events, at FROM changes WHERE " +
		db.Dialect().CommittedBetween(&args, from.base, from.window) + " AND id > " + args.Bind(from.after) +
		" ORDER BY id LIMIT " + args.Bind(limit)
	next := from
	rows, err := db.Query(ctx, query, args...)
	changes, err := store.Collect(rows, err, func(row store.Row, into *Change) error {
		var (
			kinds string
			at    store.Instant
		)
		if err := row.Scan(&next.after, &kinds, &into.Customer, &into.Set, &into.Subject, &into.Events, &at); err != nil {
			return err
		}
		for kind := range strings.FieldsSeq(kinds) {
			into.Kinds = append(into.Kinds, Kind(kind))
		}
		into.At = at.Time
		return nil
	})
	if err != nil {
		return nil, from, err
	}
	if len(changes) < limit {
		next = Position{base: from.window}
	}
	return changes, next, nil
}

func joined(kinds []Kind) string {
	words := make([]string, len(kinds))
	for i, kind := range kinds {
		words[i] = string(kind)
	}
	slices.Sort(words)
	return strings.Join(slices.Compact(words), " ")
}

func present(id *int64) *int64 {
	if *id == 0 {
		return nil
	}
	return id
}
