package doctor_test

import (
	"context"
	"strings"
	"testing"

	"github.com/onecdp/onecdp/internal/dbtest"
	"github.com/onecdp/onecdp/internal/doctor"
	"github.com/onecdp/onecdp/internal/store"
)

// Each breaks one thing by hand, and takes it back, so that all can be tried in one world.
var breaks = []struct {
	check     string
	do, undo  string
	alsoFails []string // what else is then not so
}{
	{
		check: "identity-customer",
		do:    "UPDATE identities SET customer_id = -customer_id WHERE id = (SELECT min(id) FROM identities)", undo: "UPDATE identities SET customer_id = -customer_id WHERE customer_id < 0",
		alsoFails: []string{"identity-count", "handle-seat", "set-anchor"},
	},
	{
		check: "identity-count",
		do:    "UPDATE customers SET identity_count = identity_count + 1 WHERE id = (SELECT min(id) FROM customers)", undo: "UPDATE customers SET identity_count = identity_count - 1 WHERE id = (SELECT min(id) FROM customers)",
	},
	{
		check: "identity-cap",
		do:    "UPDATE settings SET value = '1' WHERE name = 'max_identities'", undo: "UPDATE settings SET value = '500' WHERE name = 'max_identities'",
		alsoFails: []string{"max-identities-stored"},
	},
	{
		check: "handle-customer",
		do:    "UPDATE customer_handles SET customer_id = -customer_id WHERE id = (SELECT max(id) FROM customer_handles)", undo: "UPDATE customer_handles SET customer_id = -customer_id WHERE customer_id < 0",
		alsoFails: []string{"handle-seat", "customer-id", "tag-customer", "merge"},
	},
	{
		check: "handle-seat",
		do:    "UPDATE customer_handles SET seat_identity_id = -seat_identity_id WHERE id = (SELECT max(id) FROM customer_handles)", undo: "UPDATE customer_handles SET seat_identity_id = -seat_identity_id WHERE seat_identity_id < 0",
	},
	{
		check: "customer-id",
		do:    "UPDATE customers SET public_id = -public_id WHERE id = (SELECT max(id) FROM customers)", undo: "UPDATE customers SET public_id = -public_id WHERE public_id < 0",
	},
	{
		check: "owner-customer",
		do:    "UPDATE set_owners SET customer_id = -customer_id WHERE set_id = (SELECT max(set_id) FROM set_owners)", undo: "UPDATE set_owners SET customer_id = -customer_id WHERE customer_id < 0",
		alsoFails: []string{"set-anchor"},
	},
	{
		check: "owner-set",
		do:    "INSERT INTO set_owners (set_id, since, dated, until, customer_id) SELECT -1, since, false, until, customer_id FROM set_owners ORDER BY set_id LIMIT 1", undo: "DELETE FROM set_owners WHERE set_id = -1",
	},
	{
		check: "owner-one",
		do:    "INSERT INTO set_owners (set_id, since, dated, until, customer_id) SELECT set_id, until, true, since, customer_id FROM set_owners WHERE NOT dated ORDER BY set_id LIMIT 1", undo: "DELETE FROM set_owners WHERE since > until",
	},
	{
		check: "set-owner",
		do:    "UPDATE identity_sets SET anchor_id = NULL WHERE id = (SELECT max(id) FROM identity_sets WHERE anchor_id IS NOT NULL)",
	},
	{
		check: "set-anchor",
		do:    "UPDATE identity_sets SET anchor_id = -anchor_id WHERE id = (SELECT min(id) FROM identity_sets WHERE anchor_id IS NOT NULL)", undo: "UPDATE identity_sets SET anchor_id = -anchor_id WHERE anchor_id < 0",
	},
	{
		check: "set-members",
		do:    "INSERT INTO identity_set_members (set_id, identity_id) SELECT id, -1 FROM identity_sets WHERE id = (SELECT min(id) FROM identity_sets)", undo: "DELETE FROM identity_set_members WHERE identity_id = -1",
	},
	{
		check: "golden-record",
		do:    "UPDATE customers SET attributes = '[]' WHERE id = (SELECT min(id) FROM customers)", undo: "UPDATE customers SET attributes = '{}' WHERE id = (SELECT min(id) FROM customers)",
	},
	{
		check: "tag-customer",
		do:    "UPDATE customer_tags SET tag_id = -tag_id WHERE id = (SELECT min(id) FROM customer_tags)", undo: "UPDATE customer_tags SET tag_id = -tag_id WHERE tag_id < 0",
	},
	{
		check: "tag-current",
		do:    "UPDATE customer_tags SET current = NOT current WHERE id = (SELECT min(id) FROM customer_tags)", undo: "UPDATE customer_tags SET current = NOT current WHERE id = (SELECT min(id) FROM customer_tags)",
	},
	{
		check: "merge",
		do:    "INSERT INTO merges (id, survivor_id, merged_id, cause, reason, actor, merged_at) SELECT -1, min(id), max(id), 'record', '', '', min(created_at) FROM customer_handles", undo: "DELETE FROM merges WHERE id = -1",
	},
	{
		check: "id-counter",
		do:    "UPDATE id_blocks SET next = -next", undo: "UPDATE id_blocks SET next = -next",
	},
	{
		check: "record-set",
		do:    "UPDATE records SET set_id = set_id + 1000000000 WHERE id = (SELECT max(id) FROM records)", undo: "UPDATE records SET set_id = set_id - 1000000000 WHERE set_id > 1000000000",
	},
	{
		check: "event-set",
		do:    "UPDATE events SET set_id = set_id + 1000000000 WHERE id = (SELECT max(id) FROM events)", undo: "UPDATE events SET set_id = set_id - 1000000000 WHERE set_id > 1000000000",
		alsoFails: []string{"event-record"},
	},
	{
		check: "observation-set",
		do:    "UPDATE observations SET set_id = set_id + 1000000000 WHERE record_id = (SELECT max(record_id) FROM observations)", undo: "UPDATE observations SET set_id = set_id - 1000000000 WHERE set_id > 1000000000",
	},
	{
		check: "event-record",
		do:    "UPDATE events SET id = -id WHERE id = (SELECT max(id) FROM events)", undo: "UPDATE events SET id = -id WHERE id < 0",
	},
}

func TestEveryBrokenInvariantIsNamed(t *testing.T) {
	t.Parallel()
	dbtest.EachURL(t, func(t *testing.T, databaseURL string) {
		db := dbtest.Open(t, databaseURL)
		fill(t, db)
		exec := func(statement string) {
			t.Helper()
			if err := db.WithTx(context.Background(), func(tx *store.Tx) error {
				_, err := tx.Exec(context.Background(), statement)
				return err
			}); err != nil {
				t.Fatalf("%s: %v", statement, err)
			}
		}
		for i, one := range breaks {
			exec(one.do)
			found := examine(t, doctor.Options{DatabaseURL: databaseURL, Settings: good()})
			f := found[one.check]
			if f.Verdict != doctor.Fail || f.Advice == "" || f.Count < 1 || len(f.Rows) == 0 || len(f.Rows) > 5 {
				t.Errorf("%s: %v", one.check, f)
			}
			expected := map[string]bool{one.check: true}
			for _, also := range one.alsoFails {
				expected[also] = true
			}
			for name, finding := range found {
				if finding.Verdict == doctor.Fail && !expected[name] && !ofTheMachine[name] {
					t.Errorf("breaking %s also says: %v", one.check, finding)
				}
			}
			if one.undo == "" {
				exec("UPDATE identity_sets SET anchor_id = (SELECT i.id FROM identity_set_members m JOIN identities i ON i.id = m.identity_id WHERE m.set_id = identity_sets.id LIMIT 1)" +
					" WHERE anchor_id IS NULL AND id IN (SELECT set_id FROM set_owners)")
			} else {
				exec(one.undo)
			}
			if t.Failed() {
				t.Fatalf("after %d", i)
			}
		}
		told := map[string]bool{}
		for _, one := range breaks {
			told[one.check] = true
		}
		for name, finding := range examine(t, doctor.Options{DatabaseURL: databaseURL, Settings: good()}) {
			if strings.Contains(finding.Message, "every ") && !told[name] {
				t.Errorf("nobody has broken %s", name)
			}
		}
	})
}
