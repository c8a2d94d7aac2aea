package profile

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/onecdp/onecdp/internal/identity"
	"github.com/onecdp/onecdp/internal/store"
)

// Identity is a normalised identity and whose it is.
type Identity struct {
	identity.Identity

	ID       int64
	Customer Row    // 0: nobody's
	Source   string // the system that showed it first
	Shared   bool   // tied to too many people: kept, but no evidence

	// FirstSeen and LastSeen are the times of the oldest and the newest record that names it; nil when they were not asked for, or when
	// no record does any more.
	FirstSeen, LastSeen *time.Time
}

// IdentityQuery chooses among the identities of a customer.
type IdentityQuery struct {
	// Types are the types wanted; nil: all. Types that are not declared have no identities.
	Types []identity.TypeName
	// Seen asks for FirstSeen and LastSeen: two index probes for each set an identity was in.
	Seen bool
}

// Identities returns the identities of each customer, strongest first: by priority of the type, then type, scope and value.
func (r *Reader) Identities(ctx context.Context, customers []Row, query IdentityQuery) ([][]Identity, error) {
	if len(customers) == 0 {
		return nil, nil
	}
	var args store.Args
	from := store.Relation(r.db.Dialect(), "given", &args, distinct(customers)) + " JOIN identities i ON i.customer_id = given.customer"
	from += r.ofTypes(query.Types, " WHERE ", &args)
	all, err := r.identities(ctx, "0", from, query.Seen, args)
	if err != nil {
		return nil, err
	}
	share := map[Row][]placedIdentity{}
	for _, one := range all {
		share[one.Customer] = append(share[one.Customer], one)
	}
	lists := make([][]Identity, len(customers))
	for i, list := range inOrder(customers, share) {
		lists[i] = r.strongestFirst(list)
	}
	return lists, nil
}

// ofTypes is the condition on the type of identity i, after a word; empty when every type will do.
func (r *Reader) ofTypes(types []identity.TypeName, word string, args *store.Args) string {
	if types == nil {
		return ""
	}
	var numbers []int64
	for _, name := range types {
		if number, known := r.types.TypeID(name); known {
			numbers = append(numbers, int64(number))
		}
	}
	return word + "i.type_id IN (SELECT id FROM " + store.Relation(r.db.Dialect(), "wanted", args, store.Int64s("id", numbers)) + ")"
}

// strongestFirst are the identities of one customer, in order.
func (r *Reader) strongestFirst(found []placedIdentity) []Identity {
	ids := make([]Identity, len(found))
	for i := range found {
		ids[i] = found[i].Identity
	}
	registry := r.types.Registry()
	slices.SortFunc(ids, func(a, b Identity) int { return registry.Compare(a.Identity, b.Identity) })
	return ids
}

// IdentitiesByID finds identities. The result is in order, nil where there is none. seen asks for FirstSeen and LastSeen.
func (r *Reader) IdentitiesByID(ctx context.Context, ids []int64, seen bool) ([]*Identity, error) {
	found := make([]*Identity, len(ids))
	if len(ids) == 0 {
		return found, nil
	}
	var args store.Args
	given := store.Relation(r.db.Dialect(), "given", &args, places(len(ids)), store.Int64s("id", ids))
	all, err := r.identities(ctx, "given.place", given+" JOIN identities i ON i.id = given.id", seen, args)
	for i := range all {
		found[all[i].place] = &all[i].Identity
	}
	if err != nil || !seen {
		return found, err
	}
	return found, r.seenBlocked(ctx, found)
}

// seenBlocked tells of identities that count in no record since somebody blocked them when records named them.
func (r *Reader) seenBlocked(ctx context.Context, found []*Identity) error {
	byNumber, blocked := map[int64]*Identity{}, []int64{}
	for _, id := range found {
		if id != nil && id.FirstSeen == nil {
			byNumber[id.ID], blocked = id, append(blocked, id.ID)
		}
	}
	if len(blocked) == 0 {
		return nil
	}
	var args store.Args
	given := store.Relation(r.db.Dialect(), "given", &args, store.Int64s("id", blocked))
	rows, err := r.db.Query(ctx, "SELECT i.id"+sightings(setsMentioning)+" FROM "+given+" JOIN identities i ON i.id = given.id", args...)
	_, err = store.Collect(rows, err, func(row store.Row, _ *struct{}) error {
		var number int64
		var seen [4]*store.Instant
		err := row.Scan(&number, &seen[0], &seen[1], &seen[2], &seen[3])
		byNumber[number].FirstSeen = either(seen[0], seen[2], time.Time.Before)
		byNumber[number].LastSeen = either(seen[1], seen[3], time.Time.After)
		return err
	})
	return err
}

type placedIdentity struct {
	Identity

	place  int
	source int32
}

// sightings are the times of the oldest and the newest record that names an identity, of those with an event and of those without: of each
// set in the first entry from either end of an index, so that a long history costs no more than a short one. sets is a table m of sets, and
// which of them name identity i.
func sightings(sets string) string {
	end := func(which, table, condition, order string) string {
		return ", (SELECT " + which + "((SELECT r.occurred_at FROM " + table + " r WHERE r.set_id = m.set_id" + condition +
			" ORDER BY r.occurred_at " + order + ", r.id " + order + " LIMIT 1)) FROM " + sets + ")"
	}
	const quiet = " AND r.quiet AND NOT r.withdrawn"
	return end("min", "events", "", "ASC") + end("max", "events", "", "DESC") + end("min", "records", quiet, "ASC") + end("max", "records", quiet, "DESC")
}

// The sets that name an identity, and those that would if nobody had blocked it.
const (
	setsWith       = "identity_set_members m WHERE m.identity_id = i.id"
	setsMentioning = "set_mentions m WHERE m.key = i.key"
)

func (r *Reader) identities(ctx context.Context, place, from string, withSightings bool, args store.Args) ([]placedIdentity, error) {
	columns := place + ", i.id, i.type_id, i.scope, i.value, i.customer_id, i.source_id, i.shared"
	if withSightings {
		columns += sightings(setsWith)
	}
	rows, err := r.db.Query(ctx, "SELECT "+columns+" FROM "+from, args...)
	scan := r.scanIdentity
	if withSightings {
		scan = func(row store.Row, into *placedIdentity) error {
			var seen [4]*store.Instant // first and last with an event, first and last without
			err := r.scanIdentity(scanner(func(targets ...any) error {
				return row.Scan(append(targets, &seen[0], &seen[1], &seen[2], &seen[3])...)
			}), into)
			into.FirstSeen = either(seen[0], seen[2], time.Time.Before)
			into.LastSeen = either(seen[1], seen[3], time.Time.After)
			return err
		}
	}
	all, err := store.Collect(rows, err, scan)
	if err == nil {
		err = r.nameSources(ctx, all)
	}
	if err != nil {
		return nil, fmt.Errorf("read identities: %w", err)
	}
	return all, nil
}

// scanner is a row with more columns than who scans it knows of.
type scanner func(targets ...any) error

// Scan implements store.Row.
func (s scanner) Scan(targets ...any) error { return s(targets...) }

// scanIdentity reads a row of (place, identity).
func (r *Reader) scanIdentity(row store.Row, into *placedIdentity) error {
	var (
		typeID   int32
		customer *int64
	)
	err := row.Scan(&into.place, &into.ID, &typeID, &into.Scope, &into.Value, &customer, &into.source, &into.Shared)
	into.Type = r.types.TypeName(typeID)
	if customer != nil {
		into.Customer = Row(*customer)
	}
	return err
}

// nameSources puts words for the numbers of sources.
func (r *Reader) nameSources(ctx context.Context, all []placedIdentity) error {
	sources := make([]int32, len(all))
	for i, one := range all {
		sources[i] = one.source
	}
	if err := r.db.LoadWords(ctx, store.Sources, sources); err != nil {
		return err
	}
	for i := range all {
		all[i].Source = r.words(store.Sources, all[i].source)
	}
	return nil
}

// either is the better one of two times that there may be.
func either(a, b *store.Instant, better func(time.Time, time.Time) bool) *time.Time {
	switch {
	case a == nil && b == nil:
		return nil
	case a == nil || (b != nil && better(b.Time, a.Time)):
		return &b.Time
	}
	return &a.Time
}
