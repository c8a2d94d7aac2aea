package oneid

import (
	"context"
	"fmt"
	"time"

	"github.com/onecdp/onecdp/internal/store"
)

// PartitionAt rebuilds, from the audit alone, who was who at a time: by the number of each identity that somebody had, the id of the customer
// that was answered then. It reads the whole audit up to that time.
func (s *Service) PartitionAt(ctx context.Context, at time.Time) (map[int64]Handle, error) {
	rows, err := s.db.Query(ctx, "SELECT a.kind, coalesce(a.identity_id, 0), coalesce(a.before_id, 0), coalesce(a.after_id, 0) FROM audit_entries a"+
		" WHERE a.at <= $1 AND a.kind IN ('joined', 'moved', 'left', 'merged') ORDER BY a.at, a.id", at)
	past := partition{of: map[int64]*crowd{}, by: map[Handle]*crowd{}}
	_, err = store.Collect(rows, err, func(row store.Row, _ *struct{}) error {
		var (
			kind          string
			id            int64
			before, after Handle
		)
		if err := row.Scan(&kind, &id, &before, &after); err != nil {
			return err
		}
		if kind == "merged" {
			past.merge(before, after)
		} else {
			past.put(id, after)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read the audit: %w", err)
	}
	owners := make(map[int64]Handle, len(past.of))
	for id, customer := range past.of {
		owners[id] = customer.handle
	}
	return owners, nil
}

// partition is who is who while the audit is told over.
type partition struct {
	of map[int64]*crowd
	by map[Handle]*crowd
}

// crowd is the identities of one customer.
type crowd struct {
	handle  Handle
	members map[int64]bool
}

func (p *partition) crowd(handle Handle) *crowd {
	if p.by[handle] == nil {
		p.by[handle] = &crowd{handle, map[int64]bool{}}
	}
	return p.by[handle]
}

// put gives an identity to a customer; 0: to nobody.
func (p *partition) put(id int64, handle Handle) {
	if was := p.of[id]; was != nil {
		delete(was.members, id)
		delete(p.of, id)
	}
	if handle != 0 {
		p.of[id] = p.crowd(handle)
		p.of[id].members[id] = true
	}
}

// merge gives all that one customer has to another. What is moved about is the smaller side.
func (p *partition) merge(from, to Handle) {
	gives, takes := p.crowd(from), p.crowd(to)
	if len(gives.members) > len(takes.members) {
		gives, takes = takes, gives
	}
	for id := range gives.members {
		takes.members[id] = true
		p.of[id] = takes
	}
	clear(gives.members)
	takes.handle, gives.handle = to, from
	p.by[to], p.by[from] = takes, gives
}
