package attribute

import (
	"context"
	"fmt"

	"github.com/onecdp/onecdp/ent"
	"github.com/onecdp/onecdp/ent/attributetype"
	"github.com/onecdp/onecdp/internal/customer"
	"github.com/onecdp/onecdp/internal/feed"
	"github.com/onecdp/onecdp/internal/golden"
	"github.com/onecdp/onecdp/internal/store"
)

// Chunk makes one attribute again in the golden records of up to limit customers, those whose rows follow after, in a transaction of its own.
// It returns where to go on, how many customers it looked at, whose golden record changed, and whether these were the last; then the
// attribute is settled, so it must be called until done once for each time that the Walker was told. The first call has after 0; see Walker for when
// it may come.
func (s *Service) Chunk(ctx context.Context, name string, after int64, limit int) (next int64, looked int, changed []customer.Handle, done bool, err error) {
	err = s.db.WithTx(ctx, func(tx *store.Tx) error {
		next, looked, changed, done = after, 0, nil, true
		one, err := tx.Ent().AttributeType.Query().Where(attributetype.Name(name)).Only(ctx)
		if ent.IsNotFound(err) {
			return nil
		}
		if err != nil {
			return err
		}
		rows, err := tx.Query(ctx, "SELECT id FROM customers WHERE id > $1 ORDER BY id LIMIT $2", after, limit)
		found, err := store.Collect(rows, err, func(row store.Row, into *int64) error { return row.Scan(into) })
		if err != nil {
			return err
		}
		if looked = len(found); looked > 0 {
			next = found[looked-1]
			if changed, err = s.again(ctx, tx, one, found); err != nil {
				return err
			}
		}
		if done = looked < limit; done {
			return settle(ctx, tx, one.ID)
		}
		return nil
	})
	if err != nil {
		return after, 0, nil, false, fmt.Errorf("make an attribute again: %w", err)
	}
	return next, looked, changed, done, nil
}

// held is a customer whom the transaction holds locked.
type held struct {
	row    customer.Row
	handle customer.Handle
	golden golden.Record
}

// again makes an attribute again for those of the customers of whom it was ever said.
func (s *Service) again(ctx context.Context, tx *store.Tx, one *ent.AttributeType, customers []int64) ([]customer.Handle, error) {
	var args store.Args
	given := store.Relation(tx.Dialect(), "given", &args, store.Int64s("id", customers))
	rows, err := tx.Query(ctx, "SELECT c.id, c.public_id, c.attributes, c.provenance FROM customers c WHERE c.id IN (SELECT id FROM "+given+")"+
		" AND EXISTS (SELECT 1 FROM set_owners o JOIN observations b ON "+customer.OwnedBy("b.set_id", "b.observed_at", "o")+
		" WHERE o.customer_id = c.id AND b.attribute_id = "+args.Bind(one.ID)+") ORDER BY c.id"+tx.Dialect().ForUpdate(), args...)
	all, err := store.Collect(rows, err, func(row store.Row, into *held) error {
		var attributes, provenance []byte
		if err := row.Scan(&into.row, &into.handle, &attributes, &provenance); err != nil {
			return err
		}
		var err error
		into.golden, err = golden.Read(attributes, provenance)
		return err
	})
	if err != nil || len(all) == 0 {
		return nil, err
	}
	numbers := make([]customer.Row, len(all))
	for i, c := range all {
		numbers[i] = c.row
	}
	names := []string{one.Name}
	records, err := s.Rebuild(ctx, tx, numbers, names)
	if err != nil {
		return nil, err
	}
	var changed []held
	for _, c := range all {
		if c.golden.Restate(records[c.row], names) {
			changed = append(changed, c)
		}
	}
	return save(ctx, tx, changed)
}

// save writes golden records and tells the feed.
func save(ctx context.Context, tx *store.Tx, changed []held) ([]customer.Handle, error) {
	if len(changed) == 0 {
		return nil, nil
	}
	n := len(changed)
	rows, attributes, provenance := make([]int64, n), make([][]byte, n), make([][]byte, n)
	handles, changes := make([]customer.Handle, n), make([]feed.Change, n)
	for i, c := range changed {
		rows[i], handles[i] = int64(c.row), c.handle
		attributes[i], provenance[i] = c.golden.Documents()
		changes[i] = feed.Change{Kinds: []feed.Kind{feed.Attributed}, Customer: int64(c.row)}
	}
	var args store.Args
	given := store.Relation(tx.Dialect(), "given", &args, store.Int64s("id", rows), store.Documents("attributes", attributes),
		store.Documents("provenance", provenance), store.AlwaysAt("updated_at", tx.Now))
	if _, err := tx.Exec(ctx, "UPDATE customers SET attributes = given.attributes, provenance = given.provenance, updated_at = "+
		tx.Dialect().Greatest("customers.updated_at", "given.updated_at")+" FROM "+given+" WHERE customers.id = given.id", args...); err != nil {
		return nil, err
	}
	return handles, feed.Append(ctx, tx, changes)
}

// settle notes that a walk has ended. When it was the last one statements may compete again.
func settle(ctx context.Context, tx *store.Tx, id int32) error {
	name := unsettledName(id)
	if _, err := tx.Exec(ctx, "UPDATE settings SET value = CAST(CAST(value AS bigint) - 1 AS text) WHERE name = $1", name); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, "DELETE FROM settings WHERE name = $1 AND CAST(value AS bigint) <= 0", name); err != nil {
		return err
	}
	return raise(ctx, tx)
}
