package ingest_test

import (
	"context"
	"strings"
	"testing"

	"github.com/onecdp/onecdp/internal/fault"
	"github.com/onecdp/onecdp/internal/ingest"
	"github.com/onecdp/onecdp/internal/oneid"
	"github.com/onecdp/onecdp/internal/store"
	"github.com/onecdp/onecdp/internal/value"
)

// house is a database with the way into it.
type house struct {
	*testing.T
	db     *store.DB
	one    *oneid.Service
	ingest *ingest.Service
}

func open(t testing.TB, db *store.DB) (*oneid.Service, *ingest.Service) {
	t.Helper()
	one, err := oneid.Open(context.Background(), db, oneid.Settings{Region: "CN", MaxIdentities: 500})
	if err != nil {
		t.Fatal(err)
	}
	return one, ingest.New(db, one)
}

func enter(t *testing.T, db *store.DB) *house {
	one, service := open(t, db)
	return &house{t, db, one, service}
}

// record reads a record written as JSON.
func record(t testing.TB, text string) map[string]any {
	t.Helper()
	decoded, err := value.Decode([]byte(text))
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return decoded.(map[string]any)
}

// send ingests records written as JSON, as one batch.
func (h *house) send(records ...string) []ingest.Result {
	h.Helper()
	raws := make([]map[string]any, len(records))
	for i, text := range records {
		raws[i] = record(h, text)
	}
	results, err := h.ingest.Ingest(context.Background(), raws, fault.Path{"records"})
	if err != nil {
		h.Fatal(err)
	}
	return results
}

// show sends a record of identities written type=value or type@scope=value, and returns whose it is.
func (h *house) show(identities ...string) oneid.Handle {
	h.Helper()
	return h.send(`{"identities":[` + claims(identities...) + `]}`)[0].Customer
}

func claims(identities ...string) string {
	texts := make([]string, len(identities))
	for i, one := range identities {
		typ, v, _ := strings.Cut(one, "=")
		typ, scope, _ := strings.Cut(typ, "@")
		texts[i] = `{"type":"` + typ + `","scope":"` + scope + `","value":"` + v + `"}`
	}
	return strings.Join(texts, ",")
}

// count runs a query that answers one number.
func (h *house) count(query string, args ...any) int {
	h.Helper()
	rows, err := h.db.Query(context.Background(), query, args...)
	numbers, err := store.Collect(rows, err, func(row store.Row, into *int) error { return row.Scan(into) })
	if err != nil {
		h.Fatal(err)
	}
	return numbers[0]
}

// leadsTo is the living customer's id that a handle leads to; 0: nobody.
func (h *house) leadsTo(handle oneid.Handle) oneid.Handle {
	h.Helper()
	return oneid.Handle(h.count("SELECT coalesce((SELECT c.public_id FROM customer_handles t JOIN customers c ON c.id = t.customer_id WHERE t.id = $1), 0)", int64(handle)))
}

// sound checks what must always hold: every identity and every set with one has a living customer, handles
// are flat, sizes are right, no event has lost its owner.
func (h *house) sound() {
	h.Helper()
	for what, query := range map[string]string{
		"identities without a living customer": "SELECT count(*) FROM identities i LEFT JOIN customers c ON c.id = i.customer_id WHERE i.customer_id IS NOT NULL AND c.id IS NULL",
		"handles that lead nowhere":            "SELECT count(*) FROM customer_handles t LEFT JOIN customers c ON c.id = t.customer_id WHERE t.customer_id IS NOT NULL AND c.id IS NULL",
		"customers without their handle":       "SELECT count(*) FROM customers c LEFT JOIN customer_handles t ON t.id = c.public_id AND t.customer_id = c.id WHERE t.id IS NULL",
		"customers that are not their oldest handle": "SELECT count(*) FROM customers c JOIN customer_handles t ON t.customer_id = c.id" +
			" WHERE t.created_at < c.created_at OR (t.created_at = c.created_at AND t.id < c.public_id)",
		"owners that are no customer": "SELECT count(*) FROM set_owners o LEFT JOIN customers c ON c.id = o.customer_id WHERE c.id IS NULL",
		"sets owned by another than their anchor's, which is strong": "SELECT count(*) FROM identity_sets s JOIN identities i ON i.id = s.anchor_id JOIN set_owners o ON o.set_id = s.id" +
			" JOIN identity_types t ON t.id = i.type_id WHERE t.strength = 'STRONG' AND o.customer_id <> i.customer_id",
		"sets with an anchor and no owner": "SELECT count(*) FROM identity_sets s LEFT JOIN set_owners o ON o.set_id = s.id WHERE s.anchor_id IS NOT NULL AND o.set_id IS NULL",
		"tags of no customer":              "SELECT count(*) FROM customer_tags t LEFT JOIN customers c ON c.id = t.customer_id WHERE c.id IS NULL",
		"emails apart from their hashes":   "SELECT count(*) FROM identities e JOIN identities h ON h.key = e.derived_key WHERE e.customer_id <> h.customer_id AND NOT e.shared AND NOT h.shared",
		"customers of wrong size":          "SELECT count(*) FROM customers c WHERE identity_count <> (SELECT count(*) FROM identities i WHERE i.customer_id = c.id)",
	} {
		if n := h.count(query); n != 0 {
			h.Errorf("%d %s", n, what)
		}
	}
}
