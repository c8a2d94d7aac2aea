package access

import (
	"sync"
	"time"
)

// sessionName is the name of the callers whose key is a page session's.
const sessionName = "page session"

// mostSessions bounds the memory that opening the page again and again can take.
const mostSessions = 1000

// sessions are the keys of pages opened on this machine. They live in memory and end with the server.
type sessions struct {
	mu  sync.Mutex
	end map[digest]time.Time
}

// NewSession makes a key for a page, good for ttl from now. It may do everything except what needs
// admin, and only the edges can tell whether it comes from this machine: Caller.Session asks them to.
func (s *Service) NewSession(now time.Time, ttl time.Duration) (secret string) {
	secret = newSecret()
	s.sessions.mu.Lock()
	defer s.sessions.mu.Unlock()
	var (
		first digest
		ends  time.Time
	)
	for key, end := range s.sessions.end {
		if !now.Before(end) {
			delete(s.sessions.end, key)
		} else if ends.IsZero() || end.Before(ends) {
			first, ends = key, end
		}
	}
	if len(s.sessions.end) >= mostSessions {
		delete(s.sessions.end, first)
	}
	s.sessions.end[digestOf(secret)] = now.Add(ttl)
	return secret
}

func (s *sessions) valid(key digest, now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	end, known := s.end[key] // the key of the map is a digest: how long it takes tells nothing of the secret
	return known && now.Before(end)
}
