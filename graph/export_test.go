package graph

import (
	"log/slog"
	"net/http"
	"time"
)

// NewGeneralServer answers everything by gqlgen's code.
func NewGeneralServer(services Services, clock func() time.Time, log *slog.Logger) http.Handler {
	return newServer(services, clock, log, ways{general: true})
}

// NewWatchedServer tells of each query that is not answered directly.
func NewWatchedServer(services Services, clock func() time.Time, log *slog.Logger, gaveUp func(error)) http.Handler {
	return newServer(services, clock, log, ways{gaveUp: gaveUp})
}
