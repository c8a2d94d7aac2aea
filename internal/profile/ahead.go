package profile

import (
	"context"
	"fmt"
	"slices"

	"github.com/onecdp/onecdp/internal/page"
	"github.com/onecdp/onecdp/internal/store"
)

// Ahead is a list that every customer has, read in the statement that reads the customers: what is asked for in any case needs no
// round trip of its own. The service that owns the list makes it.
type Ahead struct {
	// Shape tells apart expressions whose texts differ by more than the numbers of placeholders.
	Shape string
	// Bind adds the values of the expression.
	Bind func(args *store.Args)
	// Expression gathers the list of customer row c, see store.Dialect.Nested. It binds what Bind binds.
	Expression func(args *store.Args) string
	// Take gets what was gathered for each customer found, in order.
	Take func(ctx context.Context, customers []Row, gathered [][]byte) error
}

// shape names an expression that has one more condition or not.
func shape(name string, filtered bool) string {
	if filtered {
		return name + "+"
	}
	return name
}

// IdentitiesAhead reads the identities of customers into what Identities would return for those that are found. ok is
// false where the database has no use for it.
func (r *Reader) IdentitiesAhead(query IdentityQuery, into *[][]Identity) (ahead Ahead, ok bool) {
	gathered, ok := r.db.Dialect().Nested("i.id", "i.type_id", "i.scope", "i.value", "i.source_id", "i.shared")
	if !ok || query.Seen {
		return Ahead{}, false
	}
	return Ahead{
		Shape: shape("identities", query.Types != nil),
		Bind: func(args *store.Args) {
			if query.Types != nil {
				r.ofTypes(query.Types, "", args)
			}
		},
		Expression: func(args *store.Args) string {
			return "SELECT " + gathered + " FROM identities i WHERE i.customer_id = c.id" + r.ofTypes(query.Types, " AND ", args)
		},
		Take: func(ctx context.Context, customers []Row, lists [][]byte) error {
			all := make([][]Identity, len(customers))
			for i, list := range lists {
				found, err := store.ReadNested(list, func(row *store.Cells, into *placedIdentity) {
					into.ID, into.Type, into.Scope, into.Value = row.Int(0), r.types.TypeName(int32(row.Int(1))), row.Text(2), row.Text(3)
					into.source, into.Shared, into.Customer = int32(row.Int(4)), row.Bool(5), customers[i]
				})
				if err == nil {
					err = r.nameSources(ctx, found)
				}
				if err != nil {
					return fmt.Errorf("read identities: %w", err)
				}
				all[i] = r.strongestFirst(found)
			}
			*into = all
			return nil
		},
	}, true
}

// EventsAhead reads a page of events of each customer into what Events would return for those that are found. ok is false
// where the database has no use for it.
func (r *Reader) EventsAhead(query EventQuery, into *[]page.Page[Event]) (ahead Ahead, ok bool) {
	dialect := r.db.Dialect()
	gathered, ok := dialect.Nested("e.set_id", "e.occurred_at", "e.id", "e.received_at", "e.name_id", "e.source_id", "e.channel_id",
		"e.amount", "e.properties")
	if !ok {
		return Ahead{}, false
	}
	return Ahead{
		Shape: shape("events", query.Names != nil),
		Bind: func(args *store.Args) {
			query.bind(args)
			named(dialect, query.Names, args)
		},
		Expression: func(args *store.Args) string {
			return "SELECT " + gathered + " FROM (" + newestOf(dialect, "c.id", query, args) + ") AS e"
		},
		Take: func(ctx context.Context, customers []Row, lists [][]byte) error {
			var all []placedEvent
			lengths := make([]int, len(lists))
			for i, list := range lists {
				found, err := store.ReadNested(list, func(row *store.Cells, into *placedEvent) {
					into.EventKey = EventKey{Set: row.Int(0), OccurredAt: row.Time(1), ID: row.Int(2)}
					into.ReceivedAt, into.Properties, into.Customer = row.Time(3), row.Document(8), customers[i]
					into.name, into.source, into.channel = int32(row.Int(4)), int32(row.Int(5)), int32(row.Int(6))
					if !row.Null(7) {
						into.Amount = new(row.Int(7))
					}
				})
				if err != nil {
					return fmt.Errorf("read events: %w", err)
				}
				// The database gathers in the order of the subquery, and does not promise it.
				slices.SortFunc(found, func(a, b placedEvent) int { return -comparePlaces(a.EventKey, b.EventKey) })
				all, lengths[i] = append(all, found...), len(found)
			}
			if err := r.nameEvents(ctx, all); err != nil {
				return err
			}
			pages, at := make([]page.Page[Event], len(customers)), 0
			for i, length := range lengths {
				events := make([]Event, length)
				for j := range events {
					events[j] = all[at+j].Event
				}
				at += length
				pages[i] = page.Cut(query.Request, events, eventKeys)
			}
			*into = pages
			return nil
		},
	}, true
}

// comparePlaces orders events of one customer, the oldest first.
func comparePlaces(a, b EventKey) int {
	if order := a.OccurredAt.Compare(b.OccurredAt); order != 0 {
		return order
	}
	return int(max(-1, min(1, a.ID-b.ID)))
}
