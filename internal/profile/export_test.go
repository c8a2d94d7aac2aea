package profile

import "github.com/onecdp/onecdp/internal/store"

// NewestEvents is the statement behind Events.
var NewestEvents = newestEvents

// HoldersOf is the statement behind ByIdentities.
func HoldersOf(dialect store.Dialect, keys [][]byte) (string, store.Args) {
	var args store.Args
	query := customerColumns("given.place", nil, &args)
	return query + " FROM " + store.Relation(dialect, "given", &args, places(len(keys)), store.Bytes("key", keys)) + " " + holders, args
}
