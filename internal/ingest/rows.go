package ingest

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/onecdp/onecdp/internal/golden"
	"github.com/onecdp/onecdp/internal/oneid"
	"github.com/onecdp/onecdp/internal/store"
	"github.com/onecdp/onecdp/internal/value"
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

// addObservations stores what the records state, and lets it compete for the golden records.
func (s *Service) addObservations(ctx context.Context, tx *store.Tx, batch []*entry, resolution *oneid.Resolution) error {
	var (
		records, sets, attributes, sources []int64
		observed                           []time.Time
		values                             [][]byte
	)
	order := s.one.Order(ctx, tx)
	for _, e := range batch {
		if !e.set.Speaks {
			continue
		}
		customer := resolution.Customers[e.set.Row]
		for _, name := range slices.Sorted(maps.Keys(e.Attributes)) {
			if e.Attributes[name] == nil {
				continue
			}
			number, _ := s.db.Number(store.AttributeNames, name)
			text := value.JSON(e.Attributes[name])
			records, sets, attributes = append(records, e.id), append(sets, e.set.ID), append(attributes, int64(number))
			sources, observed, values = append(sources, int64(e.source)), append(observed, e.OccurredAt), append(values, text)
			if customer == nil {
				continue // nobody's statement
			}
			origin := golden.Provenance{Time: e.OccurredAt.UnixMicro(), Source: e.source, Identity: e.set.Anchor, Record: e.id}
			if customer.Golden.Take(name, golden.Statement{Value: text, Provenance: origin}, order) {
				customer.Changed, customer.Attributed = true, true
			}
		}
	}
	if order.Err != nil {
		return order.Err
	}
	_, err := tx.InsertRows(ctx, "observations", "", store.Int64s("set_id", sets), store.Int64s("attribute_id", attributes),
		store.Times("observed_at", observed), store.Int64s("record_id", records), store.Int64s("source_id", sources),
		store.Documents("value", values))
	return err
}
