package segment_test

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/onecdp/onecdp/internal/dbtest"
	"github.com/onecdp/onecdp/internal/segment"
	"github.com/onecdp/onecdp/internal/store"
)

// benchmarkAsOf is the end of the year that the benchmark's events fill.
var benchmarkAsOf = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// questions are marketing's usual ones, as rules and as the SQL that a person would write for the same tables.
// :since(n) in the SQL is n days before asOf.
var questions = []struct{ name, rule, hand string }{
	{
		"attribute", `{"attribute":{"name":"level","is":{"equals":"gold"}}}`,
		`SELECT count(*) FROM customers WHERE attributes ->> 'level' = 'gold'`,
	},
	{
		"tag", `{"tag":{"key":"city","is":{"in":["a","b","c"]}}}`,
		`SELECT count(DISTINCT customer_id) FROM customer_tags WHERE tag_id = 1 AND current AND (valid_until IS NULL OR valid_until > :since(0)) AND value IN ('"a"', '"b"', '"c"')`,
	},
	{
		"three orders in 30 days", `{"event":{"names":["order"],"within":{"last":"P30D"},"is":{"gte":3}}}`,
		`SELECT count(*) FROM (SELECT o.customer_id FROM events e JOIN set_owners o ON o.set_id = e.set_id AND (NOT o.dated OR (e.occurred_at >= o.since AND e.occurred_at < o.until))
		WHERE e.name_id = 1 AND e.occurred_at BETWEEN :since(30) AND :since(0) GROUP BY o.customer_id HAVING count(*) >= 3) a`,
	},
	{
		"500 in 90 days, and a tag", `{"all":[{"event":{"names":["order"],"within":{"last":"P90D"},"aggregate":"SUM","property":"amount","is":{"gt":500}}},{"tag":{"key":"city","is":{"equals":"a"}}}]}`,
		`SELECT count(*) FROM (SELECT o.customer_id FROM events e JOIN set_owners o ON o.set_id = e.set_id AND (NOT o.dated OR (e.occurred_at >= o.since AND e.occurred_at < o.until))
		WHERE e.name_id = 1 AND e.occurred_at BETWEEN :since(90) AND :since(0) GROUP BY o.customer_id HAVING sum(e.amount) > 500000000) a
		JOIN customer_tags t ON t.customer_id = a.customer_id AND t.tag_id = 1 AND t.current AND t.value = '"a"' AND (t.valid_until IS NULL OR t.valid_until > :since(0))`,
	},
	{
		"ordered ever, no login in 60 days", `{"all":[{"event":{"names":["order"]}},{"not":{"event":{"names":["login"],"within":{"last":"P60D"}}}}]}`,
		`SELECT count(*) FROM (SELECT DISTINCT o.customer_id FROM events e JOIN set_owners o ON o.set_id = e.set_id AND (NOT o.dated OR (e.occurred_at >= o.since AND e.occurred_at < o.until))
		WHERE e.name_id = 1 AND e.occurred_at <= :since(0)) a WHERE NOT EXISTS (SELECT 1 FROM (SELECT o.customer_id FROM events e
		JOIN set_owners o ON o.set_id = e.set_id AND (NOT o.dated OR (e.occurred_at >= o.since AND e.occurred_at < o.until))
		WHERE e.name_id = 2 AND e.occurred_at BETWEEN :since(60) AND :since(0)) b WHERE b.customer_id = a.customer_id)`,
	},
	{
		"5 orders of 1,000, the last in 30 days", `{"all":[{"event":{"names":["order"],"is":{"gte":5},"last":{"last":"P30D"}}},{"event":{"names":["order"],"aggregate":"SUM","property":"amount","is":{"gte":1000}}}]}`,
		`SELECT count(*) FROM (SELECT o.customer_id FROM events e JOIN set_owners o ON o.set_id = e.set_id AND (NOT o.dated OR (e.occurred_at >= o.since AND e.occurred_at < o.until))
		WHERE e.name_id = 1 AND e.occurred_at <= :since(0) GROUP BY o.customer_id HAVING count(*) >= 5 AND sum(e.amount) >= 1000000000 AND max(e.occurred_at) >= :since(30)) a`,
	},
	{
		"five conditions, all", `{"all":[{"attribute":{"name":"level","is":{"equals":"gold"}}},{"attribute":{"name":"points","is":{"gte":50}}},{"tag":{"key":"city","is":{"in":["a","b"]}}},
		{"event":{"names":["order"],"within":{"last":"P30D"}}},{"not":{"event":{"names":["refund"],"within":{"last":"P90D"}}}}]}`,
		`SELECT count(*) FROM customers c WHERE c.attributes ->> 'level' = 'gold' AND c.attributes -> 'points' >= '50'
		AND c.id IN (SELECT customer_id FROM customer_tags WHERE tag_id = 1 AND current AND (valid_until IS NULL OR valid_until > :since(0)) AND value IN ('"a"', '"b"'))
		AND c.id IN (SELECT o.customer_id FROM events e JOIN set_owners o ON o.set_id = e.set_id AND (NOT o.dated OR (e.occurred_at >= o.since AND e.occurred_at < o.until))
		WHERE e.name_id = 1 AND e.occurred_at BETWEEN :since(30) AND :since(0))
		AND NOT EXISTS (SELECT 1 FROM (SELECT o.customer_id FROM events e JOIN set_owners o ON o.set_id = e.set_id AND (NOT o.dated OR (e.occurred_at >= o.since AND e.occurred_at < o.until))
		WHERE e.name_id = 3 AND e.occurred_at BETWEEN :since(90) AND :since(0)) b WHERE b.customer_id = c.id)`,
	},
	{
		"six conditions, any", `{"any":[{"attribute":{"name":"level","is":{"equals":"gold"}}},{"attribute":{"name":"points","is":{"gte":95}}},{"tag":{"key":"city","is":{"equals":"a"}}},
		{"event":{"names":["order"],"within":{"last":"P7D"}}},{"event":{"names":["refund"],"within":{"last":"P30D"}}},{"event":{"names":["share"],"within":{"last":"P30D"},"is":{"gte":2}}}]}`,
		`SELECT count(*) FROM (SELECT id FROM customers WHERE attributes ->> 'level' = 'gold' OR attributes -> 'points' >= '95'
		UNION SELECT customer_id FROM customer_tags WHERE tag_id = 1 AND current AND (valid_until IS NULL OR valid_until > :since(0)) AND value = '"a"'
		UNION SELECT o.customer_id FROM events e JOIN set_owners o ON o.set_id = e.set_id AND (NOT o.dated OR (e.occurred_at >= o.since AND e.occurred_at < o.until))
		WHERE e.name_id = 1 AND e.occurred_at BETWEEN :since(7) AND :since(0)
		UNION SELECT o.customer_id FROM events e JOIN set_owners o ON o.set_id = e.set_id AND (NOT o.dated OR (e.occurred_at >= o.since AND e.occurred_at < o.until))
		WHERE e.name_id = 3 AND e.occurred_at BETWEEN :since(30) AND :since(0)
		UNION SELECT o.customer_id FROM events e JOIN set_owners o ON o.set_id = e.set_id AND (NOT o.dated OR (e.occurred_at >= o.since AND e.occurred_at < o.until))
		WHERE e.name_id = 4 AND e.occurred_at BETWEEN :since(30) AND :since(0) GROUP BY o.customer_id HAVING count(*) >= 2) a`,
	},
}

// BenchmarkQuestions counts each question by rule and by hand, on 200,000 customers with 2,000,000 events on PostgreSQL and a tenth
// of that on SQLite (ONECDP_BENCH_CUSTOMERS chooses another size); ratio is the median by rule over the median by hand. -v prints both.
func BenchmarkQuestions(b *testing.B) {
	dbtest.Bench(b, func(b *testing.B, db *store.DB) {
		customers := 200_000
		if n, err := strconv.Atoi(os.Getenv("ONECDP_BENCH_CUSTOMERS")); err == nil {
			customers = n
		}
		if db.Dialect().Name() == "sqlite" {
			customers /= 10
		}
		populate(b, db, customers)
		service := segment.New(db, newTypes(b), shanghai)
		for _, q := range questions {
			b.Run(strings.ReplaceAll(q.name, " ", "_"), func(b *testing.B) {
				read, err := service.Read(object(b, q.rule), nil)
				if err != nil {
					b.Fatal(err)
				}
				var byRule, byHand []time.Duration
				for b.Loop() {
					started := time.Now()
					count, err := service.Count(b.Context(), segment.Question{Rule: read, AsOf: benchmarkAsOf, Zone: shanghai})
					byRule = append(byRule, time.Since(started))
					if err != nil {
						b.Fatal(err)
					}
					started = time.Now()
					want := numberOf(b, db, dated(q.hand))
					byHand = append(byHand, time.Since(started))
					if count != want {
						b.Fatalf("by rule %d, by hand %d", count, want)
					}
				}
				slices.Sort(byRule)
				slices.Sort(byHand)
				rule, hand := byRule[len(byRule)/2], byHand[len(byHand)/2]
				b.ReportMetric(float64(rule)/float64(hand), "ratio")
				b.ReportMetric(float64(rule.Microseconds())/1000, "rule-ms")
				b.ReportMetric(float64(hand.Microseconds())/1000, "hand-ms")
			})
		}
	})
}

// dated replaces :since(n), as a literal that both engines take with a cast.
func dated(query string) string {
	for {
		before, rest, found := strings.Cut(query, ":since(")
		if !found {
			return query
		}
		days, after, _ := strings.Cut(rest, ")")
		n, _ := strconv.Atoi(days)
		query = before + literal(benchmarkAsOf.AddDate(0, 0, -n)) + after
	}
}

var literal = func(at time.Time) string { return "'" + at.Format(time.RFC3339) + "'" }

func numberOf(tb testing.TB, db *store.DB, query string) int64 {
	tb.Helper()
	if db.Dialect().Name() == "sqlite" {
		for n := range 91 {
			at := benchmarkAsOf.AddDate(0, 0, -n)
			query = strings.ReplaceAll(query, literal(at), strconv.FormatInt(at.UnixMicro(), 10))
		}
		query = strings.ReplaceAll(query, "attributes -> 'points' >= ", "attributes ->> 'points' >= 0+")
	}
	rows, err := db.QueryFresh(tb.Context(), query)
	found, err := store.Collect(rows, err, func(row store.Row, into *int64) error { return row.Scan(into) })
	if err != nil {
		tb.Fatal(query, err)
	}
	return found[0]
}

// populate fills a database by SQL: events by customer are about Zipf's, two sets for every other customer.
func populate(tb testing.TB, db *store.DB, customers int) {
	tb.Helper()
	ctx := tb.Context()
	if err := db.EnsureWords(ctx, store.Sources, []string{"api"}); err != nil {
		tb.Fatal(err)
	}
	for _, name := range []string{"order", "login", "refund", "share", "view", "cart", "visit", "open"} {
		if err := db.EnsureWords(ctx, store.EventNames, []string{name}); err != nil {
			tb.Fatal(err)
		}
	}
	series := func(n int) string { return fmt.Sprintf("generate_series(1, %d) AS s(n)", n) }
	instant := func(micros string) string {
		return "'1970-01-01Z'::timestamptz + (" + micros + ") * interval '1 microsecond'"
	}
	object, typed, yes, power := "jsonb_build_object", "to_jsonb", "true", "power(U, 3)"
	if db.Dialect().Name() == "sqlite" {
		series = func(n int) string {
			return fmt.Sprintf("(WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < %d) SELECT n FROM s)", n)
		}
		instant = func(micros string) string { return "(" + micros + ")" }
		object, typed, yes, power = "json_object", "json_quote", "1", "(U * U * U)"
	}
	random := func(prime int) string { return fmt.Sprintf("((n * %d) %% 1000003)", prime) }
	letter := "substr('abcdefghij', 1 + (" + random(15485863) + " % 10), 1)"
	if db.Dialect().Name() != "sqlite" {
		letter = "substr('abcdefghij', 1 + (" + random(15485863) + " % 10)::int, 1)"
		series = func(n int) string {
			return fmt.Sprintf("(SELECT n::bigint FROM generate_series(1, %d) AS s(n)) AS s", n)
		}
	}
	start := benchmarkAsOf.AddDate(-1, 0, 0).UnixMicro()
	always := instant("-62135596800000000") + ", " + instant("253370764800000000")
	level := "CASE WHEN " + random(7919) + " % 10 = 0 THEN 'gold' ELSE 'basic' END"
	skewed := fmt.Sprintf("1 + CAST(floor(%d * ", customers) + strings.ReplaceAll(power, "U", "("+random(104729)+" / 1000003.0)") + ") AS bigint)"
	statements := []string{
		"INSERT INTO customers (id, public_id, created_at, updated_at, attributes, provenance, identity_count) SELECT n, n, " + instant("0") + ", " + instant("0") +
			", " + object + "('level', " + level + ", 'points', " + random(31) + " % 100, 'name', 'somebody with a name', 'birthday', '1990-03-0' || (1 + n % 9)), '{}', 1 FROM " + series(customers),
		"INSERT INTO set_owners (set_id, since, until, dated, customer_id) SELECT n, " + always + ", NOT " + yes + ", n FROM " + series(customers),
		fmt.Sprintf("INSERT INTO set_owners (set_id, since, until, dated, customer_id) SELECT %d + n, %s, NOT %s, 2 * n FROM %s", customers, always, yes, series(customers/2)),
		"INSERT INTO tags (id, key, name, kind, definition, created_at) VALUES (1, 'city', 'city', 'ATTRIBUTE', '{}', " + instant("0") + ")",
		"INSERT INTO customer_tags (id, handle_id, customer_id, tag_id, value, computed_at, source) SELECT n, n, n, 1, " + typed + "(" + letter + "), " + instant("0") + ", 'api' FROM " + series(customers) + " WHERE n % 3 > 0",
		fmt.Sprintf("INSERT INTO events (set_id, occurred_at, id, received_at, name_id, source_id, amount, properties) SELECT CASE WHEN n %% 2 = 0 AND c %% 2 = 0 THEN %d + c / 2 ELSE c END, "+
			"at, n, at, 1 + n %% 8, 1, CASE WHEN n %% 8 = 0 THEN (%s %% 30000) * 10000 END, %s('sku', 'sku-' || n %% 1000) FROM (SELECT n, %s AS c, %s AS at FROM %s) AS e",
			customers, random(32452843), object, skewed, instant(fmt.Sprintf("%d + %s * 31536000 + n %% 1000", start, random(49979687))), series(customers*10)),
	}
	if err := db.WithTx(ctx, func(tx *store.Tx) error {
		for _, statement := range statements {
			if _, err := tx.Exec(ctx, statement); err != nil {
				return fmt.Errorf("%s: %w", statement, err)
			}
		}
		return nil
	}); err != nil {
		tb.Fatal(err)
	}
	analyze(tb, db)
}

func analyze(tb testing.TB, db *store.DB) {
	tb.Helper()
	for _, table := range []string{"customers", "set_owners", "customer_tags", "events"} {
		if err := db.WithTx(context.Background(), func(tx *store.Tx) error {
			_, err := tx.Exec(tb.Context(), "ANALYZE "+table)
			return err
		}); err != nil {
			tb.Fatal(err)
		}
	}
}
