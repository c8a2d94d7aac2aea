package attribute

import (
	"context"
	"fmt"
	"slices"

	"github.com/onecdp/onecdp/internal/customer"
	"github.com/onecdp/onecdp/internal/golden"
	"github.com/onecdp/onecdp/internal/store"
	"github.com/onecdp/onecdp/internal/value"
)

// Rebuild makes golden records from all that was said of customers, by the policies in force: of the attributes named, or of all when
// names is nil. Each row has a record, in which an attribute is missing of which nothing was said.
//
// The transaction holds the customers locked, and their sets are theirs already. The number of statements does not depend on how many
// customers there are.
func (s *Service) Rebuild(ctx context.Context, tx *store.Tx, rows []customer.Row, names []string) (map[customer.Row]golden.Record, error) {
	records := make(map[customer.Row]golden.Record, len(rows))
	for _, row := range rows {
		records[row] = golden.Record{}
	}
	if len(rows) == 0 || names != nil && len(names) == 0 {
		return records, nil
	}
	policies, err := s.InForce(ctx, tx)
	if err != nil {
		return nil, err
	}
	said, err := s.statements(ctx, tx, policies, rows, names)
	if err != nil {
		return nil, fmt.Errorf("read what was said of customers: %w", err)
	}
	order := s.Order(ctx, tx)
	order.Load(tied(said))
	for about, statements := range said {
		if survivor, ok := golden.Survive(policies.Of(about.attribute), statements, order); ok {
			records[about.customer][about.attribute] = survivor
		}
	}
	return records, order.Err
}

// about is an attribute of a customer.
type about struct {
	customer  customer.Row
	attribute string
}

// tied are the identities of statements that were made at one instant about one attribute.
func tied(said map[about][]golden.Statement) []int64 {
	var identities []int64
	for _, statements := range said {
		first := map[int64]int64{} // by time
		for _, s := range statements {
			if identity, seen := first[s.Time]; !seen {
				first[s.Time] = s.Identity
			} else if identity != s.Identity {
				identities = append(identities, identity, s.Identity)
			}
		}
	}
	slices.Sort(identities)
	return slices.Compact(identities)
}

// statements reads what can survive: of what one source said under one set about an attribute the newest, or the oldest where the policy asks for it.
// A customer of whom much was said sends no more than that.
func (s *Service) statements(ctx context.Context, tx *store.Tx, policies *Policies, rows []customer.Row, names []string) (map[about][]golden.Statement, error) {
	var oldest []string
	for name, policy := range policies.byName {
		if policy.Survivorship == golden.Earliest && (names == nil || slices.Contains(names, name)) {
			oldest = append(oldest, name)
		}
	}
	said := map[about][]golden.Statement{}
	if len(oldest) > 0 {
		if err := s.read(ctx, tx, said, rows, oldest, "observed_at"); err != nil {
			return nil, err
		}
	}
	isOldest := func(name string) bool { return slices.Contains(oldest, name) }
	if names != nil {
		if names = slices.DeleteFunc(slices.Clone(names), isOldest); len(names) == 0 {
			return said, nil
		}
	}
	newest := map[about][]golden.Statement{}
	if err := s.read(ctx, tx, newest, rows, names, "observed_at DESC"); err != nil {
		return nil, err
	}
	for about, statements := range newest {
		if !isOldest(about.attribute) {
			said[about] = statements
		}
	}
	return said, nil
}

// observed is one row of what was said.
type observed struct {
	about     customer.Row
	attribute int32
	at        store.Instant
	value     []byte
	origin    golden.Provenance
}

// read adds the first statements, in an order, of each source under each set of the customers. What is empty comes last, as it is
// everywhere.
func (s *Service) read(ctx context.Context, tx *store.Tx, said map[about][]golden.Statement, rows []customer.Row, names []string, order string) error {
	numbers := make([]int64, len(rows))
	for i, row := range rows {
		numbers[i] = int64(row)
	}
	slices.Sort(numbers)
	var args store.Args
	given := store.Relation(tx.Dialect(), "given", &args, store.Int64s("customer", slices.Compact(numbers)))
	wanted := ""
	if names != nil {
		wanted = " AND b.attribute_id IN (SELECT a.id FROM " + store.Relation(tx.Dialect(), "wanted", &args, store.Texts("name", names)) +
			" JOIN attribute_types a ON a.name = wanted.name)"
	}
	found, err := tx.Query(ctx, "SELECT customer_id, attribute_id, observed_at, source_id, anchor_id, record_id, value FROM ("+
		"SELECT o.customer_id, b.attribute_id, b.observed_at, b.source_id, coalesce(s.anchor_id, 0) AS anchor_id, b.record_id, b.value,"+
		" rank() OVER (PARTITION BY o.customer_id, b.set_id, b.attribute_id, b.source_id"+
		" ORDER BY CASE WHEN "+isEmpty("b.value")+" THEN 1 ELSE 0 END, b."+order+") AS place"+
		" FROM "+given+" JOIN set_owners o ON o.customer_id = given.customer"+
		" JOIN observations b ON "+customer.OwnedBy("b.set_id", "b.observed_at", "o")+wanted+
		" JOIN identity_sets s ON s.id = o.set_id) AS ranked WHERE place = 1", args...)
	all, err := store.Collect(found, err, func(row store.Row, into *observed) error {
		return row.Scan(&into.about, &into.attribute, &into.at, &into.origin.Source, &into.origin.Identity, &into.origin.Record, &into.value)
	})
	if err != nil {
		return err
	}
	attributes := make([]int32, len(all))
	for i := range all {
		attributes[i] = all[i].attribute
	}
	if err := tx.LoadWords(ctx, store.AttributeNames, attributes); err != nil {
		return err
	}
	for _, one := range all {
		decoded, err := value.Decode(one.value)
		if err != nil {
			return fmt.Errorf("the value of record %d: %w", one.origin.Record, err)
		}
		one.origin.Time = one.at.UnixMicro()
		key := about{one.about, s.db.Word(store.AttributeNames, one.attribute)}
		said[key] = append(said[key], golden.Statement{Value: value.JSON(decoded), Provenance: one.origin}) // PostgreSQL orders keys in its own way
	}
	return nil
}

// isEmpty is the condition that a value survives only if there is nothing else.
func isEmpty(value string) string { return value + ` IN ('""', '[]', '{}')` }
