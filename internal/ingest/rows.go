package ingest

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/onecdp/onecdp/internal/store"
)

// addRecords stores the records and returns those whose message was new; the others are answered as
// duplicates. It inserts in the order of their keys, so that two batches with the same messages wait for each
// other and never in a circle.
func (s *Service) addRecords(ctx context.Context, tx *store.Tx, batch []*entry) ([]*entry, error) {
	sorted := slices.SortedFunc(slices.Values(batch), func(a, b *entry) int {
		return cmp.Or(cmp.Compare(a.source, b.source), strings.Compare(a.key, b.key))
	})
	n := len(sorted)
	numbers, sources, sets, digests := make([]int64, n), make([]int64, n), make([]int64, n), make([]int64, n)
	channels, keys, occurred, quiet := make([]*int64, n), make([]string, n), make([]time.Time, n), make([]bool, n)
	for i, e := range sorted {
		numbers[i], sources[i], sets[i], digests[i] = e.id, int64(e.source), e.set.ID, e.digest
		channels[i], keys[i], occurred[i], quiet[i] = e.channel, e.key, e.OccurredAt, e.Event == nil
	}
	added, err := tx.InsertRows(ctx, "records", "ON CONFLICT DO NOTHING", store.Int64s("id", numbers), store.Int64s("source_id", sources),
		store.Texts("message_id", keys), store.Int64s("set_id", sets), store.NullInt64s("channel_id", channels),
		store.Times("occurred_at", occurred), store.AlwaysAt("received_at", tx.Now), store.Int64s("digest", digests), store.Bools("quiet", quiet))
	if err != nil || added == int64(n) {
		return batch, err
	}
	known, err := s.answerKnown(ctx, tx, batch, func(*entry) bool { return true })
	for e := range known {
		if e.hasEffects() {
			return nil, store.ErrStartOver // another transaction has just stored it: it must have no effect here
		}
	}
	return slices.DeleteFunc(slices.Clone(batch), func(e *entry) bool { return known[e] }), err
}

func (s *Service) addEvents(ctx context.Context, tx *store.Tx, batch []*entry) error {
	var (
		numbers, sets, names, sources []int64
		channels, amounts             []*int64
		occurred                      []time.Time
		properties                    [][]byte
	)
	for _, e := range batch {
		if e.Event == nil {
			continue
		}
		name, _ := s.db.Number(store.EventNames, e.Event.Name)
		amount, _, _ := e.Event.amount()
		numbers, sets, names, sources = append(numbers, e.id), append(sets, e.set.ID), append(names, int64(name)), append(sources, int64(e.source))
		channels, amounts = append(channels, e.channel), append(amounts, amount)
		occurred = append(occurred, e.OccurredAt)
		properties = append(properties, e.properties)
	}
	_, err := tx.InsertRows(ctx, "events", "", store.Int64s("set_id", sets), store.Times("occurred_at", occurred), store.Int64s("id", numbers),
		store.AlwaysAt("received_at", tx.Now), store.Int64s("name_id", names), store.Int64s("source_id", sources),
		store.NullInt64s("channel_id", channels), store.NullInt64s("amount", amounts), store.Documents("properties", properties))
	return err
}
