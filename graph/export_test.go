package graph

import (
	"log/slog"
	"net/http"
	"time"
)

// NewGeneralServer answers everything by gqlgen's code.
func NewGeneralServer(services Services, clock func() time.Time, log *slog.Logger) http.Handler {
	return newServer(services, clock, log, false)
}
