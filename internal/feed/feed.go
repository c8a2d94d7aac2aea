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
	"slices"
	"strings"
	"time"

	"github.com/onecdp/onecdp/internal/store"
)

// Kind is one thing that happened to a customer or an identity set.
type Kind string

// The kinds.
const (
	Recorded   Kind = "recorded"   // the set has new records; Events are the events among them
	Identified Kind = "identified" // identities joined the customer
	Attributed Kind = "attributed" // the customer's golden record changed
	Merged     Kind = "merged"     // another customer became this one; Subject is the merge
	Divided    Kind = "divided"    // identities left the customer
	Removed    Kind = "removed"    // the row is gone: its customer became another's, which a merge tells
	Tagged     Kind = "tagged"     // a tag was set or taken away; Subject is the tag
)

// Change is a row of the feed.
type Change struct {
	Number   int64 // the row's own; Append does not read it
	Kinds    []Kind
	Customer int64      // the customer's row; 0: none was locked
	Set      int64      // the identity set; 0: the change is about no set
	Subject  int64      // what Kind says; 0: nothing
	Events   []EventKey // the events that came with the set, in the order of their records
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
		keys                     = make([][]byte, len(changes))
	)
	for i := range changes {
		kinds[i] = joined(changes[i].Kinds)
		customers[i], sets[i], objects[i] = present(&changes[i].Customer), present(&changes[i].Set), present(&changes[i].Subject)
		events[i], keys[i] = int64(len(changes[i].Events)), encoded(changes[i].Events)
	}
	var args store.Args
	at := args.Bind(tx.Now)
	given := store.Relation(tx.Dialect(), "given", &args, store.Texts("kind", kinds), store.NullInt64s("customer_id", customers),
		store.NullInt64s("set_id", sets), store.NullInt64s("subject_id", objects), store.Int64s("events", events), store.Bytes("event_keys", keys))
	_, err := tx.Exec(ctx, "INSERT INTO changes (tx_number, at, kind, customer_id, set_id, subject_id, events, event_keys) SELECT "+
		tx.Dialect().TransactionNumber()+", "+at+", kind, customer_id, set_id, subject_id, events, event_keys FROM "+given, args...)
	return err
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
