package doctor

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/onecdp/onecdp/internal/meter"
)

// someRows is how many broken rows are told by number.
const someRows = 5

// invariant is something that is always true of the data.
type invariant struct {
	name  string
	says  string // what is true
	table string // whose numbers the query yields
	heavy bool   // reads whole tables of records or events
	// broken yields the numbers of the rows of which it is not true, as one set-wise statement.
	broken string
}

// repair is what there is to do about broken rows: they are derived, but not yet derivable again while the server stands.
const repair = "stop the servers and restore the last backup before it, then let the senders send again; report it with this line"

// invariants are those of One ID, of what hangs on it, and of the records. The first of them is the promise of the product: at every moment an
// identity has exactly one customer.
func invariants(object func(column string) string) []invariant {
	return []invariant{
		{
			name: "identity-customer", says: "every identity points to a living customer", table: "identities",
			broken: `SELECT i.id FROM identities i LEFT JOIN customers c ON c.id = i.customer_id WHERE i.customer_id IS NOT NULL AND c.id IS NULL`,
		}, {
			name: "identity-count", says: "every customer counts the identities that it has, one at least", table: "customers",
			broken: `SELECT c.id FROM customers c LEFT JOIN (SELECT customer_id, count(*) AS n FROM identities WHERE customer_id IS NOT NULL GROUP BY customer_id) h
				ON h.customer_id = c.id WHERE h.n IS NULL OR h.n <> c.identity_count`,
		}, {
			// Only links by hand, and those of emails with their hashes, go beyond the cap.
			name: "identity-cap", says: "no customer has more identities than the setting allows, unless links by hand or of hashes say so", table: "customers",
			broken: `SELECT c.id FROM customers c JOIN settings s ON s.name = 'max_identities' WHERE c.identity_count > CAST(s.value AS integer)
				AND NOT EXISTS (SELECT 1 FROM identities i WHERE i.customer_id = c.id AND (i.ruled OR i.derived_key IS NOT NULL))`,
		}, {
			name: "handle-customer", says: "every customer id leads to a living customer or to nobody, in one step", table: "customer_handles",
			broken: `SELECT h.id FROM customer_handles h LEFT JOIN customers c ON c.id = h.customer_id WHERE h.customer_id IS NOT NULL AND c.id IS NULL`,
		}, {
			name: "handle-seat", says: "every customer id leads to whoever has the identity that its birth identity has moved on to", table: "customer_handles",
			broken: `SELECT h.id FROM customer_handles h LEFT JOIN identities b ON b.id = h.birth_identity_id LEFT JOIN identities i ON i.id = h.seat_identity_id
				WHERE b.id IS NULL OR i.id IS NULL OR coalesce(i.customer_id, 0) <> coalesce(h.customer_id, 0)`,
		}, {
			name: "customer-id", says: "every customer has the oldest of the ids that lead to it", table: "customers",
			broken: `SELECT c.id FROM customers c LEFT JOIN (SELECT id, customer_id, created_at, row_number() OVER (PARTITION BY customer_id ORDER BY created_at, id) AS place
				FROM customer_handles WHERE customer_id IS NOT NULL) h ON h.customer_id = c.id AND h.place = 1
				WHERE h.id IS NULL OR h.id <> c.public_id OR h.created_at <> c.created_at`,
		}, {
			name: "owner-customer", says: "every set of identities belongs to a living customer", table: "identity_sets",
			broken: `SELECT DISTINCT o.set_id AS id FROM set_owners o LEFT JOIN customers c ON c.id = o.customer_id WHERE c.id IS NULL`,
		}, {
			name: "owner-set", says: "every owner is a stored set's", table: "identity_sets",
			broken: `SELECT DISTINCT o.set_id AS id FROM set_owners o LEFT JOIN identity_sets s ON s.id = o.set_id WHERE s.id IS NULL`,
		}, {
			name: "owner-one", says: "a set has one owner at any time: intervals neither overlap nor leave gaps, before, between or after", table: "identity_sets",
			broken: `SELECT DISTINCT o.set_id AS id FROM (SELECT set_id, dated, since, until, count(*) OVER sets AS n, lead(since) OVER (PARTITION BY set_id ORDER BY since) AS following,
				lag(since) OVER (PARTITION BY set_id ORDER BY since) AS previous FROM set_owners WINDOW sets AS (PARTITION BY set_id)) o
				WHERE o.since >= o.until OR (o.n > 1 AND NOT o.dated) OR o.following <> o.until
				OR (o.previous IS NULL AND o.since <> (SELECT min(since) FROM set_owners)) OR (o.following IS NULL AND o.until <> (SELECT max(until) FROM set_owners))`,
		}, {
			name: "set-owner", says: "a set has an owner when an identity of it counts, and only then", table: "identity_sets",
			broken: `SELECT DISTINCT s.id FROM identity_sets s LEFT JOIN set_owners o ON o.set_id = s.id WHERE (s.anchor_id IS NULL) <> (o.set_id IS NULL)`,
		}, {
			name: "set-anchor", says: "a set belongs to the customer of its strongest identity; one of a weak identity to him or to those who showed it", table: "identity_sets",
			broken: `SELECT DISTINCT s.id FROM identity_sets s JOIN set_owners o ON o.set_id = s.id LEFT JOIN identities i ON i.id = s.anchor_id LEFT JOIN identity_types t ON t.id = i.type_id
				WHERE s.anchor_id IS NOT NULL AND (i.customer_id IS NULL OR i.customer_id <> o.customer_id) AND (t.strength IS NULL OR t.strength <> 'WEAK' OR i.shared
				OR NOT EXISTS (SELECT 1 FROM identity_set_members m JOIN identity_set_members n ON n.set_id = m.set_id JOIN identities p ON p.id = n.identity_id
				WHERE m.identity_id = i.id AND p.customer_id = o.customer_id AND p.id <> i.id))`,
		}, {
			name: "set-members", says: "the members of sets are stored sets and identities", table: "identity_sets",
			broken: `SELECT DISTINCT m.set_id AS id FROM identity_set_members m LEFT JOIN identity_sets s ON s.id = m.set_id LEFT JOIN identities i ON i.id = m.identity_id
				WHERE s.id IS NULL OR i.id IS NULL`,
		}, {
			name: "golden-record", says: "every golden record is an object in JSON", table: "customers",
			broken: `SELECT c.id FROM customers c WHERE ` + object("c.attributes") + ` OR ` + object("c.provenance"),
		}, {
			name: "tag-customer", says: "every tag is where its customer id leads, and one that exists", table: "customer_tags",
			broken: `SELECT t.id FROM customer_tags t LEFT JOIN customer_handles h ON h.id = t.handle_id LEFT JOIN tags k ON k.id = t.tag_id
				WHERE h.id IS NULL OR h.customer_id <> t.customer_id OR k.id IS NULL`,
		}, {
			name: "tag-current", says: "of the values of a tag under one customer the newest counts, and no other", table: "customer_tags",
			broken: `SELECT t.id FROM (SELECT id, current, row_number() OVER (PARTITION BY customer_id, tag_id ORDER BY computed_at DESC, id DESC) AS place
				FROM customer_tags) t WHERE t.current <> (t.place = 1)`,
		}, {
			name: "merge", says: "the two customer ids of a merge that was not undone lead to one customer", table: "merges",
			broken: `SELECT m.id FROM merges m LEFT JOIN customer_handles a ON a.id = m.survivor_id LEFT JOIN customer_handles b ON b.id = m.merged_id
				WHERE a.id IS NULL OR b.id IS NULL OR (m.undone_at IS NULL AND coalesce(a.customer_id, 0) <> coalesce(b.customer_id, 0))`,
		}, {
			name: "id-counter", says: "the counter of ids is ahead of all that were given out", table: "id_blocks",
			broken: `SELECT n.next AS id FROM id_blocks n WHERE n.next <= (SELECT coalesce(max(id), 0) FROM identities) OR n.next <= (SELECT coalesce(max(id), 0) FROM identity_sets)
				OR n.next <= (SELECT coalesce(max(id), 0) FROM customer_handles) OR n.next <= (SELECT coalesce(max(id), 0) FROM customers)
				OR n.next <= (SELECT coalesce(max(id), 0) FROM merges) OR n.next <= (SELECT coalesce(max(id), 0) FROM customer_tags)`,
		}, {
			// What came with a withdrawn record lies under the negative of its set's number.
			name: "record-set", says: "every record has its set of identities, a withdrawn one out of sight", table: "identity_sets", heavy: true,
			broken: `SELECT r.set_id AS id FROM (SELECT DISTINCT set_id, withdrawn FROM records) r LEFT JOIN identity_sets s ON s.id = abs(r.set_id)
				WHERE s.id IS NULL OR (r.set_id < 0) <> r.withdrawn`,
		}, {
			name: "event-set", says: "every event has its set of identities", table: "identity_sets", heavy: true,
			broken: `SELECT e.set_id AS id FROM (SELECT DISTINCT set_id FROM events) e LEFT JOIN identity_sets s ON s.id = abs(e.set_id) WHERE s.id IS NULL`,
		}, {
			name: "observation-set", says: "every statement about an attribute has its set of identities", table: "identity_sets", heavy: true,
			broken: `SELECT o.set_id AS id FROM (SELECT DISTINCT set_id FROM observations) o LEFT JOIN identity_sets s ON s.id = abs(o.set_id) WHERE s.id IS NULL`,
		}, {
			name: "event-record", says: "every event has its record, and is of the same set", table: "events", heavy: true,
			broken: `SELECT e.id FROM events e LEFT JOIN records r ON r.id = e.id WHERE r.id IS NULL OR r.set_id <> e.set_id`,
		},
	}
}

// noObject is a condition on a document, in each engine's words: it is no object in JSON.
var noObject = map[string]func(column string) string{
	"postgres": func(column string) string { return "jsonb_typeof(" + column + ") <> 'object'" },
	"sqlite": func(column string) string {
		return "CASE WHEN json_valid(" + column + ") THEN json_type(" + column + ") <> 'object' ELSE true END"
	},
}

// invariants asks for the broken rows of each, one statement each.
func (e *examination) invariants(ctx context.Context) error {
	for _, i := range invariants(noObject[e.db.Dialect().Name()]) {
		if i.heavy && e.options.Quick {
			continue
		}
		seconds := meter.Stopwatch()
		finding, err := e.hold(ctx, i)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil { // a damaged table, or a role that may not read it: the others are looked at all the same
			finding = failed(i.name, "cannot be looked at: "+oneLine(err), "give the role the right to read, or restore what is damaged")
		}
		if finding.Verdict == OK {
			finding.Message += fmt.Sprintf(" (%.3f s)", seconds())
		}
		e.report(finding)
	}
	return nil
}

// hold says whether an invariant holds.
func (e *examination) hold(ctx context.Context, i invariant) (Finding, error) {
	var total int64
	rows, err := e.numbersAndTotal(ctx, "SELECT id, count(*) OVER () FROM ("+i.broken+") AS broken ORDER BY id LIMIT "+strconv.Itoa(someRows), &total)
	if err != nil {
		return Finding{}, err
	}
	if total == 0 {
		return ok(i.name, i.says), nil
	}
	numbers := make([]string, len(rows))
	for n, row := range rows {
		numbers[n] = strconv.FormatInt(row, 10)
	}
	finding := failed(i.name, fmt.Sprintf("not so for %d of %s (%s): %s", total, i.table, strings.Join(numbers, ", "), i.says), repair)
	finding.Count, finding.Rows = total, rows
	return finding, nil
}
