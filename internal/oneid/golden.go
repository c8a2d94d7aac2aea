package oneid

import (
	"context"
	"maps"
	"slices"

	"github.com/onecdp/onecdp/internal/attribute"
	"github.com/onecdp/onecdp/internal/store"
)

// Attributes is how attributes survive in golden records.
func (s *Service) Attributes() *attribute.Service { return s.attributes }

// Remake makes golden records anew from all that was said: of the attributes named, or of all when names is nil. It marks the customers
// whose record changed; Save writes them.
//
// Call it where the statements that a customer has are no longer those that its record was made of: after a split, when evidence was
// withdrawn or brought back, when the anchor or the owners of a set have changed, and for a row that is new. The transaction holds the
// customers locked, and set_owners, identity_sets.anchor_id and observations are as they will be committed. It takes a few statements
// for any number of customers.
func (s *Service) Remake(ctx context.Context, tx *store.Tx, customers []*Customer, names []string) error {
	rows := make([]Row, len(customers))
	for i, held := range customers {
		rows[i] = held.Row
	}
	records, err := s.attributes.Rebuild(ctx, tx, rows, names)
	if err != nil {
		return err
	}
	for _, held := range customers {
		if held.Golden.Restate(records[held.Row], names) {
			held.Changed, held.Attributed = true, true
		}
	}
	return nil
}

// blend takes the golden records of customers who become one together, without reading what was said of them. Call take for each row
// that goes, then finish when the sets have moved to the rows that stay.
type blend struct {
	service  *Service
	tx       *store.Tx
	policies *attribute.Policies
	order    *attribute.Order
	stale    map[Row]map[string]bool // attributes that two statements are not enough for
}

// blend begins to take golden records together in a transaction. It costs nothing before the first take.
func (s *Service) blend(tx *store.Tx) *blend {
	return &blend{service: s, tx: tx, stale: map[Row]map[string]bool{}}
}

// take lets the golden record of a customer whose row goes compete in that of the one whose row stays. Both rows are locked.
func (b *blend) take(ctx context.Context, stays, goes *Customer) error {
	if len(goes.Golden) == 0 {
		return nil
	}
	if b.policies == nil {
		var err error
		if b.policies, err = b.service.attributes.InForce(ctx, b.tx); err != nil {
			return err
		}
		b.order = b.service.attributes.Order(ctx, b.tx)
	}
	for _, name := range slices.Sorted(maps.Keys(goes.Golden)) {
		if !b.policies.OneByOne(name) {
			if b.stale[stays.Row] == nil {
				b.stale[stays.Row] = map[string]bool{}
			}
			b.stale[stays.Row][name] = true
			continue
		}
		if stays.Golden.Compete(name, b.policies.Of(name), goes.Golden[name], b.order) {
			stays.Changed, stays.Attributed = true, true
		}
	}
	return b.order.Err
}

// finish makes the attributes that must be made from all statements. customers holds those that took others in; what was said of
// these is theirs already.
func (b *blend) finish(ctx context.Context, customers map[Row]*Customer) error {
	if len(b.stale) == 0 {
		return nil
	}
	var grown []*Customer
	names := map[string]bool{}
	for _, row := range slices.Sorted(maps.Keys(b.stale)) {
		if held := customers[row]; held != nil {
			grown = append(grown, held)
			maps.Copy(names, b.stale[row])
		}
	}
	return b.service.Remake(ctx, b.tx, grown, slices.Sorted(maps.Keys(names)))
}
