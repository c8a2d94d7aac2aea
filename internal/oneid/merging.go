package oneid

import (
	"context"
	"errors"
	"slices"

	"github.com/onecdp/onecdp/internal/fault"
	"github.com/onecdp/onecdp/internal/store"
)

// MergeCustomers says that two customers are one person. The strongest identities of both are linked and, of each kind of which both together
// hold more than the limit, every value of one with every value of the other. The older id survives. Merging a customer with itself
// does nothing: the outcome has no merge. It has none either when somebody keeps them apart: that beats links.
func (s *Service) MergeCustomers(ctx context.Context, a, b Handle, by Author) (Outcome, error) {
	var same Handle
	outcome, err := s.operate(ctx, "mergeCustomers", by, func(ctx context.Context, o *operating) error {
		var err error
		same, err = o.planMerge(ctx, a, b)
		return err
	}, merged)
	if err == nil && outcome.Operation.ID == 0 {
		outcome.Customers = []Handle{same}
	}
	return outcome, err
}

// planMerge plans the links; where both ids lead to one customer it says to whom.
func (o *operating) planMerge(ctx context.Context, a, b Handle) (Handle, error) {
	one, err := o.heldBy(ctx, a, fault.Path{"a"})
	if err != nil {
		return 0, err
	}
	other, err := o.heldBy(ctx, b, fault.Path{"b"})
	if err != nil {
		return 0, err
	}
	if one[0].number == other[0].number {
		return a, errNothingToDo
	}
	o.link(0, []int64{one[0].number}, []int64{other[0].number})
	of := func(held []heldIdentity, kind Kind) []int64 {
		var numbers []int64
		for _, id := range held {
			if (Kind{id.Type, id.Scope}) == kind {
				numbers = append(numbers, id.number)
			}
		}
		return numbers
	}
	var told []Kind
	for _, id := range one {
		kind := Kind{id.Type, id.Scope}
		if slices.Contains(told, kind) {
			continue
		}
		told = append(told, kind)
		t, _ := o.a.Registry.Type(kind.Type)
		left, right := of(one, kind), of(other, kind)
		if len(right) > 0 && t.MaxPerCustomer != nil && len(left)+len(right) > *t.MaxPerCustomer {
			o.link(len(told), left, right)
		}
	}
	return 0, nil
}

// merged is what merging two customers leads to.
func merged(ctx context.Context, o *operating) (Outcome, error) {
	outcome, err := ended(ctx, o)
	for _, merge := range o.resolution.Merges {
		outcome.Merge = merge.ID
		outcome.Customers = append([]Handle{merge.Survivor}, slices.DeleteFunc(outcome.Customers, func(h Handle) bool { return h == merge.Survivor })...)
	}
	return outcome, err
}

// Unmerge takes two customers apart that were merged: as they would be had the merge never happened. The links of the mergeCustomers that made
// it are withdrawn, and what the two held just before is kept apart. An unknown merge is NOT_FOUND, one that stands no more a CONFLICT.
func (s *Service) Unmerge(ctx context.Context, merge int64, by Author) (Outcome, error) {
	return s.operate(ctx, "unmerge", by, func(ctx context.Context, o *operating) error {
		rows, err := o.tx.Query(ctx, "SELECT undone_at IS NOT NULL FROM merges WHERE id = $1"+o.tx.Dialect().ForUpdate(), merge)
		undone, err := store.Collect(rows, err, func(row store.Row, into *bool) error { return row.Scan(into) })
		switch {
		case err != nil:
			return err
		case len(undone) == 0:
			return fault.New(fault.NotFound, "there is no such merge").At(fault.Path{"merge"})
		case undone[0]:
			return fault.New(fault.Conflict, "this merge is undone already").At(fault.Path{"merge"})
		}
		var sides [2][]int64
		rows, err = o.tx.Query(ctx, "SELECT identity_id, survivor FROM merge_sides WHERE merge_id = $1 ORDER BY identity_id", merge)
		if _, err := store.Collect(rows, err, func(row store.Row, _ *struct{}) error {
			var id int64
			var survivor bool
			err := row.Scan(&id, &survivor)
			side := 1
			if survivor {
				side = 0
			}
			sides[side] = append(sides[side], id)
			return err
		}); err != nil {
			return err
		}
		if len(sides[0]) == 0 || len(sides[1]) == 0 {
			return fault.New(fault.Conflict, "it is not known what the two held before").At(fault.Path{"merge"}).WithHint("use keepApart with the identities of each")
		}
		o.subject = &merge
		o.decide(0, "apart", sides[0], sides[1])
		return o.turnMerger(ctx, merge, true, o.op.ID)
	}, func(ctx context.Context, o *operating) (Outcome, error) {
		outcome, err := ended(ctx, o)
		if err != nil {
			return outcome, err
		}
		rows, err := o.tx.Query(ctx, "SELECT survivor_id, merged_id FROM merges WHERE id = $1", merge)
		_, err = store.Collect(rows, err, func(row store.Row, _ *struct{}) error {
			var survivor, other Handle
			err := row.Scan(&survivor, &other)
			rest := slices.DeleteFunc(outcome.Customers, func(h Handle) bool { return h == survivor || h == other })
			outcome.Customers = append([]Handle{survivor, other}, rest...)
			return err
		})
		return outcome, err
	})
}

// previewKind is the kind of an operation that is taken back before it is stored.
const previewKind = "preview"

// errPreview rolls a preview back.
var errPreview = errors.New("oneid: this was a preview")

// Preview is what merging two customers would lead to.
type Preview struct {
	Same     bool   // both ids lead to one customer
	Refused  bool   // somebody keeps them apart
	Survivor Handle // the id that would be shown
	Merged   Handle // the id that would lead to it
}

// PreviewMerge merges two customers in a transaction that is rolled back. look reads within it, once the tables are as they would be;
// survivor is the row of the customer that both would be, 0 when they would not be one.
func (s *Service) PreviewMerge(ctx context.Context, a, b Handle, look func(ctx context.Context, tx *store.Tx, survivor Row) error) (Preview, error) {
	var preview Preview
	_, err := s.operate(ctx, previewKind, Author{}, func(ctx context.Context, o *operating) error {
		preview = Preview{}
		_, err := o.planMerge(ctx, a, b)
		return err
	}, func(ctx context.Context, o *operating) (Outcome, error) {
		preview.Refused = true
		var row Row
		for _, merge := range o.resolution.Merges {
			preview, row = Preview{Survivor: merge.Survivor, Merged: merge.Merged}, merge.Into
		}
		if err := look(ctx, o.tx, row); err != nil {
			return Outcome{}, err
		}
		return Outcome{}, errPreview
	})
	switch {
	case errors.Is(err, errPreview):
		return preview, nil
	case err == nil:
		return Preview{Same: true, Survivor: a}, nil
	}
	return Preview{}, err
}
