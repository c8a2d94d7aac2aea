package oneid

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/onecdp/onecdp/internal/fault"
	"github.com/onecdp/onecdp/internal/store"
)

// UndoOperation makes an operation as if it had never been made; undoing an undoing makes it again. One that is undone already is
// a CONFLICT, an unknown one NOT_FOUND.
func (s *Service) UndoOperation(ctx context.Context, operation int64, by Author) (Outcome, error) {
	return s.operate(ctx, "undoOperation", by, func(ctx context.Context, o *operating) error {
		target, err := o.stored(ctx, operation)
		if err != nil {
			return err
		}
		if target == nil {
			return fault.New(fault.NotFound, "there is no such operation").At(fault.Path{"operation"})
		}
		if target.undoneBy != nil {
			return fault.New(fault.Conflict, "this operation is undone already").At(fault.Path{"operation"}).WithHint("undo the undoing to make it again")
		}
		o.subject = &target.id
		return o.turn(ctx, target, false, &o.op.ID)
	}, ended)
}

// storedOperation is an operation as the tables have it.
type storedOperation struct {
	id                int64
	kind, key         string
	active            bool
	undoneBy, subject *int64
}

// stored finds an operation and locks it; nil when there is none.
func (o *operating) stored(ctx context.Context, id int64) (*storedOperation, error) {
	rows, err := o.tx.Query(ctx, "SELECT id, kind, subject_key, active, undone_by_id, subject_id FROM operations WHERE id = $1"+o.tx.Dialect().ForUpdate(), id)
	found, err := store.Collect(rows, err, func(row store.Row, into *storedOperation) error {
		return row.Scan(&into.id, &into.kind, &into.key, &into.active, &into.undoneBy, &into.subject)
	})
	if err != nil || len(found) == 0 {
		return nil, err
	}
	return &found[0], nil
}

// restore plans to make an operation count again that by undid, unless something else in force undoes it too.
func (o *operating) restore(ctx context.Context, target *storedOperation, by int64) error {
	rows, err := o.tx.Query(ctx, "SELECT o.id FROM operations o WHERE o.active AND o.id <> $1 AND (o.kind = 'undoOperation' AND o.subject_id = $2"+
		" OR o.kind = 'unmerge' AND o.subject_id IN (SELECT m.id FROM merges m WHERE m.operation_id = $3)) ORDER BY o.id LIMIT 1", by, target.id, target.id)
	others, err := store.Collect(rows, err, func(row store.Row, into *int64) error { return row.Scan(into) })
	if err != nil {
		return err
	}
	if len(others) == 0 {
		return o.turn(ctx, target, true, nil)
	}
	o.changes = append(o.changes, func(ctx context.Context) error {
		_, err := o.tx.Exec(ctx, "UPDATE operations SET undone_by_id = $1 WHERE id = $2", others[0], target.id)
		return err
	})
	return nil
}

// turn plans to make an operation count again, or no more. by is the operation that undid it; nil: it is undone no more.
func (o *operating) turn(ctx context.Context, target *storedOperation, active bool, by *int64) error {
	if target.active == active {
		return nil
	}
	if err := o.seedOperation(ctx, target.id); err != nil {
		return err
	}
	o.changes = append(o.changes, func(ctx context.Context) error {
		_, err := o.tx.Exec(ctx, "UPDATE operations SET active = $1, undone_by_id = $2 WHERE id = $3", active, by, target.id)
		return err
	})
	switch target.kind {
	case "retractRecord":
		source, message, _ := strings.Cut(target.key, ":")
		number, err := strconv.ParseInt(source, 10, 64)
		if err != nil {
			return err
		}
		record, err := o.record(ctx, number, message)
		if err != nil || record == nil {
			return err
		}
		if record.withdrawn == active {
			return nil
		}
		if !active {
			others, err := o.retractions(ctx, record.id, target.id)
			if err != nil || others > 0 {
				return err
			}
		}
		return o.withdraw(ctx, record, active)
	case "undoOperation":
		return o.turnSubject(ctx, *target.subject, active, target.id)
	case "unmerge":
		return o.turnMerger(ctx, *target.subject, active, target.id)
	case "blockIdentity":
		return o.rereadBlocked(ctx, target.id, active)
	}
	return nil
}

// retractions counts the retractions of a record that are in force, but for one.
func (o *operating) retractions(ctx context.Context, record, except int64) (int64, error) {
	rows, err := o.tx.Query(ctx, "SELECT count(*) FROM operations WHERE active AND kind = 'retractRecord' AND subject_id = $1 AND id <> $2", record, except)
	return oneNumber(store.Collect(rows, err, func(row store.Row, into *int64) error { return row.Scan(into) }))
}

// turnSubject turns what an undoing undid the other way.
func (o *operating) turnSubject(ctx context.Context, subject int64, undone bool, by int64) error {
	undoing, err := o.stored(ctx, subject)
	if err != nil || undoing == nil {
		return err
	}
	if undone {
		return o.turn(ctx, undoing, false, &by)
	}
	return o.restore(ctx, undoing, by)
}

// turnMerger withdraws the links of the mergeCustomers that made a merge, or brings them back; there may have been none.
func (o *operating) turnMerger(ctx context.Context, merge int64, withdraw bool, by int64) error {
	rows, err := o.tx.Query(ctx, "SELECT o.id FROM merges m JOIN operations o ON o.id = m.operation_id AND o.kind = 'mergeCustomers' WHERE m.id = $1", merge)
	mergers, err := store.Collect(rows, err, func(row store.Row, into *int64) error { return row.Scan(into) })
	if err != nil || len(mergers) == 0 {
		return err
	}
	merger, err := o.stored(ctx, mergers[0])
	if err != nil || merger == nil {
		return err
	}
	if withdraw {
		return o.turn(ctx, merger, false, &by)
	}
	return o.restore(ctx, merger, by)
}

// seedOperation makes the identities that an operation names seeds.
func (o *operating) seedOperation(ctx context.Context, id int64) error {
	rows, err := o.tx.Query(ctx, "SELECT DISTINCT identity_id FROM decisions WHERE operation_id = $1", id)
	ids, err := store.Collect(rows, err, func(row store.Row, into *int64) error { return row.Scan(into) })
	o.seeds.Identities, o.named = append(o.seeds.Identities, ids...), append(o.named, ids...)
	if err != nil {
		return err
	}
	rows, err = o.tx.Query(ctx, "SELECT DISTINCT identity_id FROM decisions WHERE operation_id = $1 AND kind = 'unlink'", id)
	unlinked, err := store.Collect(rows, err, func(row store.Row, into *int64) error { return row.Scan(into) })
	o.seeds.Anew = append(o.seeds.Anew, unlinked...)
	return err
}

func (o *operating) rereadBlocked(ctx context.Context, operation int64, active bool) error {
	rows, err := o.tx.Query(ctx, "SELECT DISTINCT identity_id FROM decisions WHERE operation_id = $1 AND kind = 'block'", operation)
	ids, err := store.Collect(rows, err, func(row store.Row, into *int64) error { return row.Scan(into) })
	if err != nil {
		return err
	}
	if active {
		o.blocked = append(o.blocked, ids...)
	} else {
		o.unblocked = append(o.unblocked, ids...)
	}
	for _, id := range slices.Compact(ids) {
		if err := o.rereadNaming(ctx, id); err != nil {
			return err
		}
	}
	return nil
}
