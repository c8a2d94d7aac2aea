package ingest_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/onecdp/onecdp/internal/dbtest"
	"github.com/onecdp/onecdp/internal/store"
)

// identityTables are the tables that say who is who.
var identityTables = []string{"identities", "customers", "customer_handles", "set_owners", "identity_sets", "identity_set_members", "email_hashes", "merges", "audit_entries"}

// rows tells each row of the identity tables: on PostgreSQL by what changes when a row is written or only locked, and else by what it holds.
func (h *house) rows() []string {
	h.Helper()
	var all []string
	for _, table := range identityTables {
		query := "SELECT ctid::text || ' ' || xmin::text || ' ' || xmax::text FROM " + table
		if h.db.Dialect().OneWriter() {
			query = map[string]string{
				"identities": "SELECT id || ' ' || customer_id || ' ' || shared FROM identities", "customers": "SELECT id || ' ' || updated_at || attributes || identity_count FROM customers",
				"set_owners": "SELECT set_id || ' ' || customer_id || ' ' || since FROM set_owners",
			}[table]
			if query == "" {
				query = "SELECT count(*) || '' FROM " + table
			}
		}
		found, err := h.db.Query(h.Context(), query)
		rows, err := store.Collect(found, err, func(row store.Row, into *string) error { return row.Scan(into) })
		if err != nil {
			h.Fatal(err)
		}
		for _, row := range rows {
			all = append(all, table+" "+row)
		}
	}
	slices.Sort(all)
	return all
}

// TestARecordOfWhatIsKnownLocksNoRowAndWritesNothingAboutWhoIsWho sends records that show nothing new: of a customer with whom all is plain, and of
// two who showed one telephone, the one who has it.
func TestARecordOfWhatIsKnownLocksNoRowAndWritesNothingAboutWhoIsWho(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		h := enter(t, db)
		h.show("member_no=a", "phone=13912345600")
		shown := [][]string{
			{"member_no=plain", "phone=13912345678", "email=a@b.cn"}, {"member_no=plain", "device_id=d"},
			{"member_no=b", "phone=13912345600"}, {"member_no=b"},
		}
		for _, ids := range shown {
			h.show(ids...)
		}
		before := h.rows()
		var batch []string
		for i := range 20 {
			ids := claims(shown[i%len(shown)]...)
			for _, text := range []string{
				fmt.Sprintf(`{"identities":[%s],"event":{"name":"e"},"messageId":"m%d"}`, ids, i),
				fmt.Sprintf(`{"identities":[%s],"occurredAt":"2020-01-%02dT00:00:00Z"}`, ids, i+1),
			} {
				batch = append(batch, text)
				h.send(text)
			}
		}
		h.send(batch...)
		if after := h.rows(); !slices.Equal(before, after) {
			for _, row := range after {
				if !slices.Contains(before, row) {
					t.Errorf("another row: %s", row)
				}
			}
		}
	})
}
