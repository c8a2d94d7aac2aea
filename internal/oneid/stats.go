package oneid

import "sync/atomic"

// Stats is what a service has done to customers since it was made.
type Stats struct {
	Customers  int64 // made
	Identities int64 // seen for the first time
	Merges     int64
	Waiting    int64 // writers that wait now for another of this server, which shows the same newcomers
}

// counters are what Stats is read from.
type counters struct{ customers, identities, merges, waiting atomic.Int64 }

// Stats reads the counters.
func (s *Service) Stats() Stats {
	return Stats{
		Customers: s.counters.customers.Load(), Identities: s.counters.identities.Load(),
		Merges: s.counters.merges.Load(), Waiting: s.counters.waiting.Load(),
	}
}
