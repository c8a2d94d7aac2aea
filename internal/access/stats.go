package access

// Stats is what checking keys has taken since the service was made.
type Stats struct {
	Checked int64 // secrets that the database was asked about
	Rounds  int64 // statements that it took: callers who come together share one
	Waiting int64 // statements that wait for the one that runs
}

// Stats reads the counters.
func (s *Service) Stats() Stats {
	s.checks.mu.Lock()
	waiting := len(s.checks.waiting)
	s.checks.mu.Unlock()
	return Stats{Checked: s.checks.asked.Load(), Rounds: s.checks.rounds.Load(), Waiting: int64(waiting)}
}
