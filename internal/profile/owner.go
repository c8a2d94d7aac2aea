package profile

import (
	"context"
	"time"

	"github.com/onecdp/onecdp/internal/customer"
	"github.com/onecdp/onecdp/internal/store"
)

// ByEvents finds the customers whose events these are now. The result is in order, nil where nobody owns an event.
func (r *Reader) ByEvents(ctx context.Context, keys []EventKey) ([]*Customer, error) {
	sets, times := make([]int64, len(keys)), make([]time.Time, len(keys))
	for i, key := range keys {
		sets[i], times[i] = key.Set, key.OccurredAt
	}
	return r.customers(ctx, nil, len(keys), owners, store.Int64s("in_set", sets), store.Times("at", times))
}

// owners joins sets and times to the customers who own them.
var owners = "JOIN set_owners o ON " + customer.OwnedBy("given.in_set", "given.at", "o") + " JOIN customers c ON c.id = o.customer_id"
