package profile

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/onecdp/onecdp/internal/customer"
	"github.com/onecdp/onecdp/internal/page"
	"github.com/onecdp/onecdp/internal/store"
)

// EventKey says where an event stands: its identity set, its time, its number.
type EventKey struct {
	Set        int64
	OccurredAt time.Time
	ID         int64
}

// Event is something that happened.
type Event struct {
	EventKey

	Customer   Row // whose it is now; 0: nobody's
	Name       string
	ReceivedAt time.Time
	Source     string
	Channel    *string // nil: none was given
	Amount     *int64  // micro-units; nil: none
	Properties json.RawMessage
}

// EventFilter chooses among the events of a customer.
type EventFilter struct {
	// Names are the names wanted; nil: all. A name that no event has matches none.
	Names []string
	// Since is the first instant wanted, Until the first that is not; nil: no bound.
	Since, Until *time.Time
	// AsOf is the request's instant: later events are not seen. It must be set.
	AsOf time.Time
}

// EventQuery is a page of the chosen events.
type EventQuery struct {
	EventFilter
	page.Request
}

// EventPages is the connection of a customer's events, newest first.
var EventPages = page.Connection{Name: "Customer.events: newest first", Keys: 2}

func eventKeys(e Event) []int64 { return []int64{e.OccurredAt.UnixMicro(), e.ID} }

// Bounds beyond every time that can be sent. Both databases keep them.
var (
	longAgo = time.Date(1, time.January, 1, 0, 0, 0, 0, time.UTC)
	faraway = time.Date(20000, time.January, 1, 0, 0, 0, 0, time.UTC)
)

// since is the first instant the filter lets through.
func (f EventFilter) since() time.Time {
	if f.Since == nil || f.Since.Before(longAgo) {
		return longAgo
	}
	return whole(*f.Since)
}

// before is the first instant the filter does not let through any more.
func (f EventFilter) before() time.Time {
	before := f.AsOf.Truncate(time.Microsecond).Add(time.Microsecond)
	if f.Until != nil && f.Until.Before(before) {
		before = whole(*f.Until)
	}
	if before.After(faraway) {
		return faraway
	}
	return before.UTC()
}

func later(a, b time.Time) time.Time {
	if a.Before(b) {
		return b
	}
	return a
}

// whole rounds up to a microsecond: stored times are whole ones, so "at or after t" and "before t" stay true.
func whole(t time.Time) time.Time {
	rounded := t.Truncate(time.Microsecond)
	if rounded.Before(t) {
		rounded = rounded.Add(time.Microsecond)
	}
	return rounded.UTC()
}

// owned is the condition that event e of a set belongs to the owner row o.
var owned = customer.OwnedBy("e.set_id", "e.occurred_at", "o")

const eventColumns = "e.set_id, e.occurred_at, e.id, e.received_at, e.name_id, e.source_id, e.channel_id, e.amount, e.properties"

// Events returns a page of events of each customer, newest first (at equal times the greatest number first).
func (r *Reader) Events(ctx context.Context, customers []Row, query EventQuery) ([]page.Page[Event], error) {
	if len(customers) == 0 {
		return nil, nil
	}
	statement, args := newestEvents(r.db.Dialect(), customers, query)
	rows, err := r.db.Query(ctx, statement, args...)
	events, err := r.events(ctx, rows, err)
	if err != nil {
		return nil, err
	}
	share := map[Row][]Event{}
	for _, e := range events {
		share[e.Customer] = append(share[e.Customer], e.Event)
	}
	pages := make([]page.Page[Event], len(customers))
	for i, all := range inOrder(customers, share) {
		pages[i] = page.Cut(query.Request, all, eventKeys)
	}
	return pages, nil
}

// span is where a page lies: from since on, and before the event of a number at a time.
func (q EventQuery) span() (since, before time.Time, beforeID int64) {
	since, before = q.since(), q.before()
	if q.After != nil {
		if after := time.UnixMicro(q.After[0]).UTC(); after.Before(before) {
			return since, later(after, longAgo), q.After[1]
		}
	}
	return since, before, 0 // ids are positive: nothing at that instant itself
}

// bind binds where a page lies and how long it is.
func (q EventQuery) bind(args *store.Args) (from, upto, uptoID, limit string) {
	since, before, beforeID := q.span()
	return args.Bind(since), args.Bind(before), args.Bind(beforeID), args.Bind(q.Limit())
}

// newestEvents reads no more than a page of each of a customer's identity sets, from the end of the primary key, and takes the newest of
// all sets. A filter by name steps over the events of other names.
func newestEvents(dialect store.Dialect, customers []Row, query EventQuery) (string, store.Args) {
	since, before, beforeID := query.span()
	var args store.Args
	bounds := store.Relation(dialect, "bounds", &args, store.Times("since", []time.Time{since}), store.Times("upto", []time.Time{before}),
		store.Int64s("upto_id", []int64{beforeID}))
	given := store.Relation(dialect, "given", &args, distinct(customers))
	limit := args.Bind(query.Limit())
	return "WITH spans AS (SELECT o.customer_id, o.set_id," +
		" CASE WHEN o.dated THEN " + dialect.Greatest("o.since", "b.since") + " ELSE b.since END AS since," +
		" CASE WHEN o.dated THEN " + dialect.Least("o.until", "b.upto") + " ELSE b.upto END AS upto," +
		" CASE WHEN o.dated AND o.until <= b.upto THEN 0 ELSE b.upto_id END AS upto_id" +
		" FROM " + given + " JOIN set_owners o ON o.customer_id = given.customer CROSS JOIN (SELECT since, upto, upto_id FROM " + bounds + ") AS b)" +
		" SELECT * FROM (SELECT row_number() OVER (PARTITION BY s.customer_id ORDER BY e.occurred_at DESC, e.id DESC) AS place, s.customer_id, " + eventColumns +
		" FROM spans s" + dialect.FirstOfEach("events", "e",
		"e.set_id = s.set_id AND e.occurred_at >= s.since AND (e.occurred_at, e.id) < (s.upto, s.upto_id)"+named(dialect, query.Names, &args),
		"e.occurred_at DESC, e.id DESC", limit) +
		") AS newest WHERE place <= " + limit + " ORDER BY place", args
}

// newestOf reads the same of one customer, who is an expression.
func newestOf(dialect store.Dialect, customer string, query EventQuery, args *store.Args) string {
	from, upto, uptoID, limit := query.bind(args)
	return "SELECT s.customer_id, " + eventColumns + " FROM (SELECT o.customer_id, o.set_id," +
		" CASE WHEN o.dated THEN " + dialect.Greatest("o.since", from) + " ELSE " + from + " END AS since," +
		" CASE WHEN o.dated THEN " + dialect.Least("o.until", upto) + " ELSE " + upto + " END AS upto," +
		" CASE WHEN o.dated AND o.until <= " + upto + " THEN CAST(0 AS bigint) ELSE " + uptoID + " END AS upto_id" +
		" FROM set_owners o WHERE o.customer_id = " + customer + ") AS s" + dialect.FirstOfEach("events", "e",
		"e.set_id = s.set_id AND e.occurred_at >= s.since AND (e.occurred_at, e.id) < (s.upto, s.upto_id)"+named(dialect, query.Names, args),
		"e.occurred_at DESC, e.id DESC", limit) + " ORDER BY e.occurred_at DESC, e.id DESC LIMIT " + limit
}

// CountEvents counts the chosen events of each customer.
func (r *Reader) CountEvents(ctx context.Context, customers []Row, filter EventFilter) ([]int, error) {
	if len(customers) == 0 {
		return nil, nil
	}
	var args store.Args
	given := store.Relation(r.db.Dialect(), "given", &args, distinct(customers))
	since, before := args.Bind(filter.since()), args.Bind(filter.before())
	rows, err := r.db.Query(ctx, "SELECT o.customer_id, count(*) FROM "+given+" JOIN set_owners o ON o.customer_id = given.customer JOIN events e ON "+
		owned+" WHERE e.occurred_at >= "+since+" AND e.occurred_at < "+before+named(r.db.Dialect(), filter.Names, &args)+" GROUP BY o.customer_id", args...)
	counts := map[Row]int{}
	_, err = store.Collect(rows, err, func(row store.Row, _ *struct{}) error {
		var (
			customer Row
			count    int
		)
		err := row.Scan(&customer, &count)
		counts[customer] = count
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("count events: %w", err)
	}
	return inOrder(customers, counts), nil
}

// EventsByKey finds events that are not after asOf. The result is in order, nil where there is none.
func (r *Reader) EventsByKey(ctx context.Context, keys []EventKey, asOf time.Time) ([]*Event, error) {
	found := make([]*Event, len(keys))
	if len(keys) == 0 {
		return found, nil
	}
	sets, times, ids := make([]int64, len(keys)), make([]time.Time, len(keys)), make([]int64, len(keys))
	for i, key := range keys {
		sets[i], times[i], ids[i] = key.Set, key.OccurredAt.UTC(), key.ID
		if year := times[i].Year(); year < 1 || year > 10_000 { // made up: no event has it, and databases refuse such times
			times[i], ids[i] = time.Unix(0, 0).UTC(), 0
		}
	}
	var args store.Args
	given := store.Relation(r.db.Dialect(), "given", &args, places(len(keys)), store.Int64s("in_set", sets), store.Times("at", times), store.Int64s("number", ids))
	rows, err := r.db.Query(ctx, "SELECT given.place, coalesce(o.customer_id, 0), "+eventColumns+" FROM "+given+
		" JOIN events e ON e.set_id = given.in_set AND e.occurred_at = given.at AND e.id = given.number LEFT JOIN set_owners o ON "+owned+
		" WHERE e.occurred_at <= "+args.Bind(asOf), args...)
	events, err := r.events(ctx, rows, err)
	for i := range events {
		found[events[i].place] = &events[i].Event
	}
	return found, err
}
