package tag

import (
	"context"
	"database/sql"
	"fmt"
	"maps"
	"slices"

	"github.com/onecdp/onecdp/internal/customer"
	"github.com/onecdp/onecdp/internal/profile"
	"github.com/onecdp/onecdp/internal/store"
)

// Follow takes the tags of customers along when they become others. The caller holds the locks of all of them.
func (s *Service) Follow(ctx context.Context, tx *store.Tx, moves []customer.Move) error {
	if len(moves) == 0 {
		return nil
	}
	gone, stays := make([]int64, len(moves)), make([]int64, len(moves))
	into := make([]customer.Row, len(moves))
	for i, move := range moves {
		gone[i], stays[i], into[i] = int64(move.From), int64(move.To), move.To
	}
	var args store.Args
	given := store.Relation(tx.Dialect(), "given", &args, store.Int64s("gone", gone), store.Int64s("stays", stays))
	moved, err := tx.Exec(ctx, "UPDATE customer_tags SET customer_id = given.stays FROM "+given+" WHERE customer_tags.customer_id = given.gone", args...)
	if err != nil {
		return fmt.Errorf("move tags: %w", err)
	}
	if moved == 0 {
		return nil
	}
	return Settle(ctx, tx, into)
}

// Rehome takes tags along with the ids they were set on. The caller holds the locks of all customers concerned.
func (s *Service) Rehome(ctx context.Context, tx *store.Tx, homes map[customer.Handle]customer.Row) error {
	var handles, rows []int64
	for _, handle := range slices.Sorted(maps.Keys(homes)) {
		handles, rows = append(handles, int64(handle)), append(rows, int64(homes[handle]))
	}
	var args store.Args
	given := store.Relation(tx.Dialect(), "given", &args, store.Int64s("handle", handles), store.Int64s("home", rows))
	moving, err := tx.Query(ctx, "SELECT t.customer_id, given.home FROM "+given+" JOIN customer_tags t ON t.handle_id = given.handle", args...)
	touched := map[customer.Row]bool{}
	if _, err := store.Collect(moving, err, func(row store.Row, _ *struct{}) error {
		var from, to customer.Row
		err := row.Scan(&from, &to)
		touched[from], touched[to] = true, true
		return err
	}); err != nil || len(touched) == 0 {
		return err
	}
	if _, err := tx.Exec(ctx, "UPDATE customer_tags SET customer_id = given.home FROM "+given+" WHERE customer_tags.handle_id = given.handle", args...); err != nil {
		return fmt.Errorf("move tags: %w", err)
	}
	return Settle(ctx, tx, slices.Sorted(maps.Keys(touched)))
}

// Settle decides again, for each tag of the customers, which of its values counts: the newest, at equal times that with the greatest
// number. Call it when handles have come under another customer, with all customers that gained or lost one.
func Settle(ctx context.Context, tx *store.Tx, customers []profile.Row) error {
	if len(customers) == 0 {
		return nil
	}
	const hidden = "EXISTS (SELECT 1 FROM customer_tags newer WHERE newer.customer_id = customer_tags.customer_id AND newer.tag_id = customer_tags.tag_id" +
		" AND (newer.computed_at, newer.id) > (customer_tags.computed_at, customer_tags.id))"
	var args store.Args
	given := store.Relation(tx.Dialect(), "given", &args, store.Int64s("customer", int64s(customers)))
	_, err := tx.Exec(ctx, "UPDATE customer_tags SET current = NOT current WHERE customer_id IN (SELECT customer FROM "+given+") AND current = "+hidden, args...)
	if err != nil {
		return fmt.Errorf("settle tags: %w", err)
	}
	return nil
}

func int64s(rows []profile.Row) []int64 {
	numbers := make([]int64, len(rows))
	for i, row := range rows {
		numbers[i] = int64(row)
	}
	return numbers
}

// numbers reads rows of one number each.
func numbers(rows *sql.Rows, err error) ([]int64, error) {
	return store.Collect(rows, err, func(row store.Row, into *int64) error { return row.Scan(into) })
}
