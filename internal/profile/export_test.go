package profile

import "github.com/onecdp/onecdp/internal/store"

// NewestEvents is the statement behind Events.
var NewestEvents = newestEvents

// HoldersOf is the statement behind ByIdentities.
func HoldersOf(dialect store.Dialect, keys [][]byte) (string, store.Args) {
	return whose(dialect, nil, len(keys), holders, store.Bytes("key", keys))
}
