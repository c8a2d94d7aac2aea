package attribute

import (
	"context"
	"fmt"
	"slices"

	"github.com/onecdp/onecdp/internal/customer"
	"github.com/onecdp/onecdp/internal/golden"
	"github.com/onecdp/onecdp/internal/store"
)

// Rebuild makes golden records from all that was said of customers, by the policies in force: of the attributes named, or of all when
// names is nil. Each row has a record, in which an attribute is missing of which nothing was said.
//
// The transaction holds the customers locked, and their sets are theirs already. The number of statements does not depend on how many
// customers there are.
func (s *Service) Rebuild(ctx context.Context, tx *store.Tx, rows []customer.Row, names []string) (map[customer.Row]golden.Record, error) {
	records := make(map[customer.Row]golden.Record, len(rows))
	for _, row := range rows {
		records[row] = golden.Record{}
	}
	if len(rows) == 0 || names != nil && len(names) == 0 {
		return records, nil
	}
	policies, err := s.InForce(ctx, tx)
	if err != nil {
		return nil, err
	}
	said, err := s.statements(ctx, tx, policies, rows, names)
	if err != nil {
		return nil, fmt.Errorf("read what was said of customers: %w", err)
	}
	order := s.Order(ctx, tx)
	order.Load(tied(said))
	for about, statements := range said {
		if survivor, ok := golden.Survive(policies.Of(about.attribute), statements, order); ok {
			records[about.customer][about.attribute] = survivor
		}
	}
	return records, order.Err
}

// about is an attribute of a customer.
type about struct {
	customer  customer.Row
	attribute string
}

// tied are the identities of statements that were made at one instant about one attribute.
func tied(said map[about][]golden.Statement) []int64 {
	var identities []int64
	for _, statements := range said {
		first := map[int64]int64{} // by time
		for _, s := range statements {
			if identity, seen := first[s.Time]; !seen {
				first[s.Time] = s.Identity
			} else if identity != s.Identity {
				identities = append(identities, identity, s.Identity)
			}
		}
	}
	slices.Sort(identities)
	return slices.Compact(identities)
}
