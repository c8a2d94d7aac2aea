package profile

import (
	"github.com/onecdp/onecdp/internal/page"
	"github.com/onecdp/onecdp/internal/store"
)

// NewestEvents is the statement behind Events.
var NewestEvents = newestEvents

// HoldersOf is the statement behind ByIdentities.
func HoldersOf(dialect store.Dialect, keys [][]byte) (string, store.Args) {
	var args store.Args
	query := customerColumns("given.place", nil, &args)
	return query + " FROM " + store.Relation(dialect, "given", &args, places(len(keys)), store.Bytes("key", keys)) + " " + holders, args
}

// WithListsAhead are the statements behind ByIdentities and Everybody that read identities and events too; none where the database has no use for
// reading ahead.
func (r *Reader) WithListsAhead(key []byte, query EventQuery) (statements []string, args []store.Args) {
	var (
		ids   [][]Identity
		pages []page.Page[Event]
	)
	identities, ok := r.IdentitiesAhead(IdentityQuery{}, &ids)
	events, _ := r.EventsAhead(query, &pages)
	if !ok {
		return nil, nil
	}
	ahead := []Ahead{identities, events}
	var one, all store.Args
	statements = append(statements, r.columns("given.place", ahead, &one)+" FROM "+
		store.Relation(r.db.Dialect(), "given", &one, places(1), store.Bytes("key", [][]byte{key}))+" "+holders)
	statements = append(statements, r.columns("-1", ahead, &all)+" FROM customers c WHERE c.public_id > "+all.Bind(int64(700))+
		" ORDER BY c.public_id LIMIT "+all.Bind(int64(51)))
	return statements, []store.Args{one, all}
}
