package web

import (
	"context"
	"net/http"
)

// healthz says that the process answers.
func (s *Server) healthz(w http.ResponseWriter, _ *http.Request) { health(w, http.StatusOK, "ok") }

// readyz says whether requests should be sent here: the database is reached, its migrations are done,
// what the server starts with is in, and it is not about to stop.
func (s *Server) readyz(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), checkTimeout)
	defer cancel()
	switch {
	case s.stopping.Load():
		health(w, http.StatusServiceUnavailable, "stopping")
	case !s.ready.Load():
		health(w, http.StatusServiceUnavailable, "starting")
	case s.database.Ping(ctx) != nil:
		health(w, http.StatusServiceUnavailable, "the database does not answer")
	case !s.isMigrated(ctx):
		health(w, http.StatusServiceUnavailable, "migrations wait")
	default:
		health(w, http.StatusOK, "ready")
	}
}

// isMigrated asks until the answer is yes: migrations are never taken back.
func (s *Server) isMigrated(ctx context.Context) bool {
	if s.migrated.Load() {
		return true
	}
	pending, err := s.database.Pending(ctx)
	if err != nil || pending {
		return false
	}
	s.migrated.Store(true)
	return true
}

func health(w http.ResponseWriter, status int, word string) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(`{"status":"` + word + `"}` + "\n"))
}
