package tag

import (
	"context"
	"fmt"
	"time"

	"github.com/onecdp/onecdp/internal/fault"
	"github.com/onecdp/onecdp/internal/feed"
	"github.com/onecdp/onecdp/internal/profile"
	"github.com/onecdp/onecdp/internal/store"
	"github.com/onecdp/onecdp/internal/value"
)

// Set gives a customer a tag's value and returns the customer. A key that no tag has becomes a tag of kind ATTRIBUTE. The value is any JSON
// value but null; validUntil is the first instant at which it no longer counts, nil: for good.
//
// It fails with NOT_FOUND at customer, and with BAD_USER_INPUT at key or value. Setting again replaces.
func (s *Service) Set(ctx context.Context, customer profile.Handle, key string, tagged any, validUntil *time.Time, source string) (*profile.Customer, error) {
	key, err := cleanKey(key)
	if err != nil {
		return nil, err
	}
	cleaned, err := value.Clean(tagged, fault.Path{"value"})
	if err != nil {
		return nil, err
	}
	if cleaned == nil {
		return nil, fault.Bad(fault.Path{"value"}, "a tag has a value").WithHint("untagCustomer takes a tag away")
	}
	if validUntil != nil {
		validUntil = new(validUntil.UTC().Truncate(time.Microsecond))
	}
	ids, err := s.db.ReserveIDs(ctx, 1)
	if err != nil {
		return nil, fmt.Errorf("draw an id: %w", err)
	}
	id := ids.Next() // one for all attempts
	err = s.db.WithTx(ctx, func(tx *store.Tx) error {
		row, err := lock(ctx, tx, customer)
		if err != nil {
			return err
		}
		tag, err := ensure(ctx, tx, key)
		if err != nil {
			return err
		}
		others, err := held(ctx, tx, row, tag)
		if err != nil {
			return err
		}
		at := tx.Now
		for _, other := range others { // the clocks of two servers differ: what is set last is the newest all the same
			if !other.Before(at) {
				at = other.Add(time.Microsecond)
			}
		}
		if len(others) > 0 {
			if _, err := tx.Exec(ctx, "UPDATE customer_tags SET current = false WHERE customer_id = $1 AND tag_id = $2 AND current", row, tag); err != nil {
				return err
			}
		}
		document := store.Documents("value", [][]byte{value.JSON(cleaned)})
		if err := put(ctx, tx, id, customer, row, tag, document, at, validUntil, source); err != nil {
			return err
		}
		return touch(ctx, tx, row, tag)
	})
	if err != nil {
		return nil, fmt.Errorf("set a tag: %w", err)
	}
	return s.customer(ctx, customer)
}

// Unset takes a tag away from a customer, under whichever of its ids it was set, and returns the customer. A tag that is not there
// is no error. It fails with NOT_FOUND at customer and BAD_USER_INPUT at key.
func (s *Service) Unset(ctx context.Context, customer profile.Handle, key string) (*profile.Customer, error) {
	key, err := cleanKey(key)
	if err != nil {
		return nil, err
	}
	err = s.db.WithTx(ctx, func(tx *store.Tx) error {
		row, err := lock(ctx, tx, customer)
		if err != nil {
			return err
		}
		tag, known, err := number(ctx, tx, key)
		if err != nil || !known {
			return err
		}
		taken, err := tx.Exec(ctx, "DELETE FROM customer_tags WHERE customer_id = $1 AND tag_id = $2", row, tag)
		if err != nil || taken == 0 {
			return err
		}
		return touch(ctx, tx, row, tag)
	})
	if err != nil {
		return nil, fmt.Errorf("take a tag away: %w", err)
	}
	return s.customer(ctx, customer)
}

func (s *Service) customer(ctx context.Context, handle profile.Handle) (*profile.Customer, error) {
	found, err := s.profiles.ByHandles(ctx, []profile.Handle{handle})
	if err != nil {
		return nil, err
	}
	return found[0], nil
}

// lock finds the living customer behind a handle and locks its row. Whoever merges locks the same row, so under the lock the
// handle is read again; when it has moved, the transaction starts over.
func lock(ctx context.Context, tx *store.Tx, handle profile.Handle) (profile.Row, error) {
	before, err := rowOf(ctx, tx, handle)
	if err != nil {
		return 0, err
	}
	if before == 0 {
		return 0, fault.New(fault.NotFound, "there is no such customer").At(fault.Path{"customer"})
	}
	locked, err := numbers(tx.Query(ctx, "SELECT id FROM customers WHERE id = $1"+tx.Dialect().ForUpdate(), before))
	if err != nil {
		return 0, err
	}
	after, err := rowOf(ctx, tx, handle)
	if err != nil {
		return 0, err
	}
	if len(locked) == 0 || after != before {
		return 0, store.ErrStartOver
	}
	return before, nil
}

// rowOf is where a handle leads; 0: nowhere.
func rowOf(ctx context.Context, tx *store.Tx, handle profile.Handle) (profile.Row, error) {
	rows, err := numbers(tx.Query(ctx, "SELECT coalesce(customer_id, 0) FROM customer_handles WHERE id = $1", handle))
	if err != nil || len(rows) == 0 {
		return 0, err
	}
	return profile.Row(rows[0]), nil
}

func number(ctx context.Context, tx *store.Tx, key string) (tag int64, known bool, err error) {
	ids, err := numbers(tx.Query(ctx, "SELECT id FROM tags WHERE key = $1", key))
	if err != nil || len(ids) == 0 {
		return 0, false, err
	}
	return ids[0], true, nil
}

// ensure is the tag's number; an unknown key becomes a tag.
func ensure(ctx context.Context, tx *store.Tx, key string) (int64, error) {
	tag, known, err := number(ctx, tx, key)
	if err != nil || known {
		return tag, err
	}
	// The one who comes second waits here for the first, and then finds its row.
	_, err = tx.Exec(ctx, "INSERT INTO tags (key, name, kind, version, definition, created_at) VALUES ($1, $1, $2, 1, '{}', $3) ON CONFLICT DO NOTHING",
		key, string(Attribute), tx.Now)
	if err != nil {
		return 0, err
	}
	tag, known, err = number(ctx, tx, key)
	if err == nil && !known {
		return 0, store.ErrStartOver
	}
	return tag, err
}

// held are the times of a tag's values under a customer.
func held(ctx context.Context, tx *store.Tx, row profile.Row, tag int64) ([]time.Time, error) {
	rows, err := tx.Query(ctx, "SELECT computed_at FROM customer_tags WHERE customer_id = $1 AND tag_id = $2", row, tag)
	return store.Collect(rows, err, func(row store.Row, into *time.Time) error {
		var at store.Instant
		err := row.Scan(&at)
		*into = at.Time
		return err
	})
}

func put(ctx context.Context, tx *store.Tx, id int64, handle profile.Handle, row profile.Row, tag int64, document store.Column, at time.Time, until *time.Time, source string) error {
	var args store.Args
	given := store.Relation(tx.Dialect(), "given", &args, document, store.Int64s("id", []int64{id}), store.Int64s("handle_id", []int64{int64(handle)}),
		store.Int64s("customer_id", []int64{int64(row)}), store.Int64s("tag_id", []int64{tag}), store.Times("computed_at", []time.Time{at}),
		store.Texts("source", []string{source}))
	columns := "id, handle_id, customer_id, tag_id, value, computed_at, source"
	_, err := tx.Exec(ctx, "INSERT INTO customer_tags ("+columns+", valid_until, current) SELECT "+columns+", "+args.Bind(until)+", true FROM "+given+
		" WHERE true ON CONFLICT (handle_id, tag_id) DO UPDATE SET customer_id = excluded.customer_id, value = excluded.value, score = NULL,"+
		" computed_at = excluded.computed_at, source = excluded.source, valid_until = excluded.valid_until, current = true", args...)
	return err
}

// touch notes that a customer's tags have changed.
func touch(ctx context.Context, tx *store.Tx, row profile.Row, tag int64) error {
	var args store.Args
	_, err := tx.Exec(ctx, "UPDATE customers SET updated_at = "+tx.Dialect().Greatest("updated_at", args.Bind(tx.Now))+" WHERE id = "+args.Bind(row), args...)
	if err != nil {
		return err
	}
	return feed.Append(ctx, tx, []feed.Change{{Kinds: []feed.Kind{feed.Tagged}, Customer: int64(row), Subject: tag}})
}
