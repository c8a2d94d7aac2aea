package ingest

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/onecdp/onecdp/internal/attribute"
	"github.com/onecdp/onecdp/internal/golden"
	"github.com/onecdp/onecdp/internal/oneid"
	"github.com/onecdp/onecdp/internal/store"
	"github.com/onecdp/onecdp/internal/value"
)

// statement is one attribute that a record of the batch states.
type statement struct {
	*entry

	name  string
	value []byte
}

// addObservations stores what the records state, and brings the golden records up to date with it: a value competes with the one that
// survived or, where two statements are not enough to tell, all that was ever said of the attribute is read again.
func (s *Service) addObservations(ctx context.Context, tx *store.Tx, batch []*entry, resolution *oneid.Resolution) error {
	statements := statementsOf(batch)
	if len(statements) == 0 {
		return nil
	}
	if err := s.insertObservations(ctx, tx, statements); err != nil {
		return err
	}
	attributes := s.one.Attributes()
	policies, err := attributes.InForce(ctx, tx)
	if err != nil {
		return err
	}
	order := attributes.Order(ctx, tx)
	again, names := map[oneid.Row]*oneid.Customer{}, map[string]bool{}
	for _, one := range statements {
		row, _ := one.set.At(one.OccurredAt)
		held := resolution.Customers[row]
		if held == nil {
			continue // nobody's statement
		}
		if !policies.OneByOne(one.name) {
			again[row], names[one.name] = held, true
			continue
		}
		compete(held, one, policies, order)
	}
	if order.Err != nil || len(again) == 0 {
		return order.Err
	}
	customers := slices.Collect(maps.Values(again))
	return s.one.Remake(ctx, tx, customers, slices.Sorted(maps.Keys(names)))
}

// compete lets a statement compete in the golden record of its customer.
func compete(held *oneid.Customer, one statement, policies *attribute.Policies, order golden.Order) {
	origin := golden.Provenance{Time: one.OccurredAt.UnixMicro(), Source: one.source, Identity: one.set.Anchor, Record: one.id}
	if held.Golden.Compete(one.name, policies.Of(one.name), golden.Statement{Value: one.value, Provenance: origin}, order) {
		held.Changed, held.Attributed = true, true
	}
}

// statementsOf lists what the records of a batch state. null says nothing.
func statementsOf(batch []*entry) []statement {
	var statements []statement
	for _, e := range batch {
		for _, name := range slices.Sorted(maps.Keys(e.Attributes)) {
			if v := e.Attributes[name]; v != nil {
				statements = append(statements, statement{e, name, value.JSON(v)})
			}
		}
	}
	return statements
}

func (s *Service) insertObservations(ctx context.Context, tx *store.Tx, statements []statement) error {
	n := len(statements)
	records, sets, attributes, sources := make([]int64, n), make([]int64, n), make([]int64, n), make([]int64, n)
	observed, values := make([]time.Time, n), make([][]byte, n)
	for i, one := range statements {
		number, _ := s.db.Number(store.AttributeNames, one.name)
		records[i], sets[i], attributes[i], sources[i] = one.id, one.set.ID, int64(number), int64(one.source)
		observed[i], values[i] = one.OccurredAt, one.value
	}
	_, err := tx.InsertRows(ctx, "observations", "", store.Int64s("set_id", sets), store.Int64s("attribute_id", attributes),
		store.Times("observed_at", observed), store.Int64s("record_id", records), store.Int64s("source_id", sources),
		store.Documents("value", values))
	return err
}
