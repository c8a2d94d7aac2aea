package attribute

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/onecdp/onecdp/ent"
	"github.com/onecdp/onecdp/ent/attributetype"
	"github.com/onecdp/onecdp/internal/customer"
	"github.com/onecdp/onecdp/internal/feed"
	"github.com/onecdp/onecdp/internal/golden"
	"github.com/onecdp/onecdp/internal/job"
	"github.com/onecdp/onecdp/internal/store"
)

// JobKind is the kind of the jobs that make one attribute again in all golden records.
const JobKind = "attribute"

// chunk is how many customers a step of such a job looks at.
const chunk = 500

// Step does a step of a job of JobKind, in a transaction of its own: the next customers, in the order of their rows.
func (s *Service) Step(ctx context.Context, j job.Job) (job.Step, error) {
	var step job.Step
	err := s.db.WithTx(ctx, func(tx *store.Tx) (err error) {
		if step, err = s.step(ctx, tx, j); err != nil {
			return err
		}
		return step.Save(ctx, tx, j)
	})
	if err != nil {
		return job.Step{}, fmt.Errorf("make an attribute again: %w", err)
	}
	return step, nil
}

func (s *Service) step(ctx context.Context, tx *store.Tx, j job.Job) (job.Step, error) {
	one, err := tx.Ent().AttributeType.Query().Where(attributetype.Name(j.Subject)).Only(ctx)
	if err != nil {
		return job.Step{}, err
	}
	numbers := func(rows *sql.Rows, err error) ([]int64, error) {
		return store.Collect(rows, err, func(row store.Row, into *int64) error { return row.Scan(into) })
	}
	total := []int64{j.Total}
	if j.Done == 0 {
		if total, err = numbers(tx.Query(ctx, "SELECT count(*) FROM customers")); err != nil {
			return job.Step{}, err
		}
	}
	found, err := numbers(tx.Query(ctx, "SELECT id FROM customers WHERE id > $1 ORDER BY id LIMIT $2", j.Cursor, chunk))
	if err != nil {
		return job.Step{}, err
	}
	step := job.Step{Cursor: j.Cursor, Done: int64(len(found)), Total: total[0], Finished: len(found) < chunk}
	if len(found) > 0 {
		step.Cursor = found[len(found)-1]
		if step.Changed, err = s.again(ctx, tx, one, found); err != nil {
			return job.Step{}, err
		}
	}
	if step.Finished {
		return step, settle(ctx, tx, one.ID, j.ID)
	}
	return step, nil
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
