package ingest

import (
	"context"
	"slices"

	"github.com/onecdp/onecdp/internal/customer"
	"github.com/onecdp/onecdp/internal/oneid"
	"github.com/onecdp/onecdp/internal/store"
)

// withoutRepeats leaves out the records whose message came earlier in the same batch.
func withoutRepeats(batch []*entry) []*entry {
	type message struct{ source, id string }
	seen := map[message]*entry{}
	var fresh []*entry
	for _, e := range batch {
		if e.MessageID != "" {
			if first := seen[message{e.Source, e.MessageID}]; first != nil {
				e.first = first
				continue
			}
			seen[message{e.Source, e.MessageID}] = e
		}
		fresh = append(fresh, e)
	}
	return fresh
}

// withoutKnown looks the sets up, and answers the records whose message is stored already where storing them
// again would have an effect beyond a row: on who is who, or on a golden record. Of the others, most of a
// steady stream, addRecords finds out for free.
func (s *Service) withoutKnown(ctx context.Context, tx *store.Tx, a *oneid.Attempt, batch []*entry) ([]*entry, error) {
	sets := foldSets(batch)
	if err := s.one.Find(ctx, tx, a, sets); err != nil {
		return nil, err
	}
	known, err := s.answerKnown(ctx, tx, batch, (*entry).hasEffects)
	if err != nil || len(known) == 0 {
		return batch, err
	}
	fresh := slices.DeleteFunc(slices.Clone(batch), func(e *entry) bool { return known[e] })
	// What only repeated records show must not count: the sets are folded and looked up again without them.
	return fresh, s.one.Find(ctx, tx, a, foldSets(fresh))
}

// hasEffects tells that storing the record changes more than its own rows.
func (e *entry) hasEffects() bool { return e.set.New() || speaks(e.Attributes) }

// answerKnown answers those of the chosen records whose message another record has used, and returns them.
func (s *Service) answerKnown(ctx context.Context, tx *store.Tx, batch []*entry, chosen func(*entry) bool) (map[*entry]bool, error) {
	var numbers, own, sources []int64
	var keys []string
	for i, e := range batch {
		if e.MessageID != "" && chosen(e) {
			numbers, own, sources, keys = append(numbers, int64(i)), append(own, e.id), append(sources, int64(e.source)), append(keys, e.key)
		}
	}
	if len(numbers) == 0 {
		return nil, nil
	}
	var args store.Args
	given := store.Relation(tx.Dialect(), "given", &args, store.Int64s("n", numbers), store.Int64s("id", own),
		store.Int64s("source_id", sources), store.Texts("message_id", keys))
	rows, err := tx.Query(ctx, "SELECT given.n, coalesce(c.public_id, 0), coalesce(o.customer_id, 0) FROM "+given+
		" JOIN records r ON r.source_id = given.source_id AND r.message_id = given.message_id AND r.id <> given.id"+
		" LEFT JOIN set_owners o ON "+customer.OwnedBy("r.set_id", "r.occurred_at", "o")+
		" LEFT JOIN customers c ON c.id = o.customer_id", args...)
	known := map[*entry]bool{}
	_, err = store.Collect(rows, err, func(row store.Row, _ *struct{}) error {
		var n int
		var handle oneid.Handle
		var owner oneid.Row
		if err := row.Scan(&n, &handle, &owner); err != nil {
			return err
		}
		batch[n].owner = owner
		known[batch[n]] = true
		*batch[n].result = Result{Status: Duplicate, Customer: handle}
		return nil
	})
	return known, err
}
