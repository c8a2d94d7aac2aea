package feed

import "github.com/onecdp/onecdp/internal/store"

// Reading is the statement that reads from a position, and its arguments.
func Reading(dialect store.Dialect, from Position, limit int) (string, store.Args) {
	return reading(dialect, from, 0, limit)
}
