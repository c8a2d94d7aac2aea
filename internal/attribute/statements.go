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

// choice is some attributes: those named or, where names is nil, all but the others.
type choice struct{ names, others []string }

// statements reads what can survive of what was said of customers, about the attributes named, or about all when names is nil.
//
// Where the newest or the oldest survives, that is one statement of each set, which the primary key leads to: of whom much was said costs
// no more than others. Where sources are told apart all statements are gone through, but the newest of each source is all that comes back.
func (s *Service) statements(ctx context.Context, tx *store.Tx, policies *Policies, rows []customer.Row, names []string) (map[about][]golden.Statement, error) {
	numbers := make([]int64, len(rows))
	for i, row := range rows {
		numbers[i] = int64(row)
	}
	slices.Sort(numbers)
	r := &reading{Service: s, tx: tx, customers: slices.Compact(numbers), said: map[about][]golden.Statement{}}
	newest := choice{names: names}
	var oldest, bySource []string
	for name, policy := range policies.byName {
		if names != nil && !slices.Contains(names, name) || policy.Survivorship == golden.Latest || policy.Survivorship == golden.Consent {
			continue
		}
		if policy.Survivorship == golden.Earliest {
			oldest = append(oldest, name)
		} else {
			bySource = append(bySource, name)
		}
		newest.others = append(newest.others, name)
	}
	if names != nil {
		newest.names = slices.DeleteFunc(slices.Clone(names), func(name string) bool { return slices.Contains(newest.others, name) })
	}
	if err := r.ends(ctx, newest, "DESC"); err != nil {
		return nil, err
	}
	if err := r.ends(ctx, choice{names: append([]string{}, oldest...)}, "ASC"); err != nil {
		return nil, err
	}
	return r.said, r.newestOfSources(ctx, bySource)
}

// reading gathers statements.
type reading struct {
	*Service

	tx        *store.Tx
	customers []int64
	said      map[about][]golden.Statement
}

// anchor is an expression: the identity that what is said under a set is said of. No join, which the planner would begin with all sets.
func anchor(set string) string {
	return "coalesce((SELECT s.anchor_id FROM identity_sets s WHERE s.id = " + set + "), 0)"
}

// mostAtOnce bounds the statements about one attribute under one set at one instant; nobody comes near it.
const mostAtOnce = "1000000"

// ends reads the first statements in an order of time, all that were made at one instant, about each of the chosen attributes under each set. Empty
// ones come only where there are no others.
func (r *reading) ends(ctx context.Context, chosen choice, order string) error {
	if chosen.names != nil && len(chosen.names) == 0 {
		return nil
	}
	var args store.Args
	query := r.pairs(chosen, &args)
	at := func(condition string) string {
		return "(SELECT b.observed_at FROM observations b WHERE " + customer.OwnedBy("b.set_id", "b.observed_at", "p") + " AND b.attribute_id = p.attribute_id" +
			condition + " ORDER BY b.observed_at " + order + " LIMIT 1)"
	}
	// Materialized, so that the time is found once for each pair.
	query += ", ends AS MATERIALIZED (SELECT p.*, coalesce(" + at(" AND NOT "+isEmpty("b.value")) + ", " + at("") + ") AS at FROM pairs p" + r.condition(chosen, &args) + ")" +
		" SELECT p.customer_id, p.attribute_id, b.observed_at, b.source_id, " + anchor("p.set_id") + ", b.record_id, b.value FROM ends p" +
		r.tx.Dialect().FirstOfEach("observations", "b", "b.set_id = p.set_id AND b.attribute_id = p.attribute_id AND b.observed_at = p.at", "b.record_id", mostAtOnce)
	return r.collect(ctx, query, args)
}

// pairs begins a statement with the table pairs: the sets of the customers, each with its owner and one of the attributes.
func (r *reading) pairs(chosen choice, args *store.Args) string {
	const columns = "o.customer_id, o.set_id, o.dated, o.since, o.until"
	owned := r.owned(args)
	if chosen.names != nil {
		return "WITH pairs AS (SELECT " + columns + ", a.id AS attribute_id FROM " + owned + " CROSS JOIN (" + numbered(r.tx, chosen.names, args) + ") AS a)"
	}
	// From each attribute that was stated under a set to the next, however often each was.
	next := func(set, condition string) string {
		return "(SELECT b.attribute_id FROM observations b WHERE b.set_id = " + set + condition + " ORDER BY b.attribute_id LIMIT 1)"
	}
	return "WITH RECURSIVE pairs AS (SELECT " + columns + ", " + next("o.set_id", "") + " AS attribute_id FROM " + owned +
		" UNION ALL SELECT " + columns + ", " + next("o.set_id", " AND b.attribute_id > o.attribute_id") + " FROM pairs o WHERE o.attribute_id IS NOT NULL)"
}

// owned is a FROM clause: the rows o of set_owners of the customers.
func (r *reading) owned(args *store.Args) string {
	return store.Relation(r.tx.Dialect(), "given", args, store.Int64s("customer", r.customers)) + " JOIN set_owners o ON o.customer_id = given.customer"
}

// numbered is a query: the numbers of attributes.
func numbered(tx *store.Tx, names []string, args *store.Args) string {
	return "SELECT a.id FROM " + store.Relation(tx.Dialect(), "named", args, store.Texts("name", names)) + " JOIN attribute_types a ON a.name = named.name"
}

func (r *reading) condition(chosen choice, args *store.Args) string {
	if chosen.names != nil || len(chosen.others) == 0 {
		return " WHERE p.attribute_id IS NOT NULL"
	}
	return " WHERE p.attribute_id NOT IN (" + numbered(r.tx, chosen.others, args) + ")"
}

// newestOfSources reads the newest statements of each source under each set. Empty ones come only where the source says nothing else.
func (r *reading) newestOfSources(ctx context.Context, names []string) error {
	if len(names) == 0 {
		return nil
	}
	var args store.Args
	query := "SELECT customer_id, attribute_id, observed_at, source_id, " + anchor("ranked.set_id") + ", record_id, value FROM (" +
		"SELECT o.customer_id, b.set_id, b.attribute_id, b.observed_at, b.source_id, b.record_id, b.value," +
		" rank() OVER (PARTITION BY o.customer_id, b.set_id, b.attribute_id, b.source_id ORDER BY CASE WHEN " + isEmpty("b.value") + " THEN 1 ELSE 0 END, b.observed_at DESC) AS place" +
		" FROM " + r.owned(&args) + " JOIN observations b ON " + customer.OwnedBy("b.set_id", "b.observed_at", "o") +
		" AND " + r.tx.Dialect().Among("b.attribute_id", numbered(r.tx, names, &args)) + ") AS ranked WHERE place = 1"
	return r.collect(ctx, query, args)
}

// isEmpty is the condition that a value survives only if there is nothing else.
func isEmpty(value string) string { return value + ` IN ('""', '[]', '{}')` }

// observed is one row of what was said.
type observed struct {
	about     customer.Row
	attribute int32
	at        store.Instant
	value     []byte
	origin    golden.Provenance
}

// collect adds the statements that a query finds.
func (r *reading) collect(ctx context.Context, query string, args store.Args) error {
	found, err := r.tx.Query(ctx, query, args...)
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
	if err := r.tx.LoadWords(ctx, store.AttributeNames, attributes); err != nil {
		return err
	}
	for _, one := range all {
		decoded, err := value.Decode(one.value)
		if err != nil {
			return fmt.Errorf("the value of record %d: %w", one.origin.Record, err)
		}
		one.origin.Time = one.at.UnixMicro()
		key := about{one.about, r.db.Word(store.AttributeNames, one.attribute)}
		r.said[key] = append(r.said[key], golden.Statement{Value: value.JSON(decoded), Provenance: one.origin}) // PostgreSQL orders keys in its own way
	}
	return nil
}
