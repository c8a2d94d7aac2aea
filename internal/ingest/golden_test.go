package ingest_test

import (
	"context"
	"encoding/json"
	"slices"
	"testing"

	"github.com/onecdp/onecdp/internal/dbtest"
	"github.com/onecdp/onecdp/internal/store"
)

// attributes are those of the only customer there is.
func (h *house) attributes() map[string]any {
	h.Helper()
	rows, err := h.db.Query(context.Background(), "SELECT attributes FROM customers")
	all, err := store.Collect(rows, err, func(row store.Row, into *map[string]any) error {
		var text []byte
		if err := row.Scan(&text); err != nil {
			return err
		}
		return json.Unmarshal(text, into)
	})
	if err != nil || len(all) != 1 {
		h.Fatalf("%d customers: %v", len(all), err)
	}
	return all[0]
}

func TestTheNewestStatementSurvivesWhateverTheOrder(t *testing.T) {
	statements := []string{
		`{"source":"crm","occurredAt":"2024-01-01T01:00:00Z","identities":[` + claims("phone=13912345601") + `],"attributes":{"name":"old","city":"Xi'an","level":"gold"}}`,
		`{"source":"shop","occurredAt":"2024-01-01T03:00:00Z","identities":[` + claims("email=a@b.cn") + `],"attributes":{"name":"new","city":"","level":null,"tags":[]}}`,
		`{"source":"crm","occurredAt":"2024-01-01T02:00:00Z","identities":[` + claims("email=a@b.cn") + `],"attributes":{"name":"middle","tie":"crm"}}`,
		`{"source":"shop","occurredAt":"2024-01-01T02:00:00Z","identities":[` + claims("email=a@b.cn") + `],"attributes":{"tie":"shop"}}`,
		`{"source":"crm","occurredAt":"2024-01-01T02:00:00Z","identities":[` + claims("phone=13912345601") + `],"attributes":{"tie":"phone","same":1.50}}`,
		`{"source":"crm","occurredAt":"2024-01-01T02:00:00Z","identities":[` + claims("phone=13912345601") + `],"attributes":{"same":1.5}}`,
		`{"occurredAt":"2020-01-01T00:00:00Z","identities":[` + claims("phone=13912345601", "email=a@b.cn") + `]}`,
	}
	want := map[string]any{"name": "new", "city": "Xi'an", "level": "gold", "tags": []any{}, "tie": "phone", "same": 1.5}
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		h := enter(t, db)
		for turn := range len(statements) {
			order := append(slices.Clone(statements[turn:]), statements[:turn]...)
			if turn%2 == 1 {
				slices.Reverse(order)
			}
			for _, one := range order {
				h.send(one)
			}
			got, _ := json.Marshal(h.attributes())
			wanted, _ := json.Marshal(want)
			if string(got) != string(wanted) {
				t.Errorf("turn %d: %s, want %s", turn, got, wanted)
			}
			h.clear()
		}
	})
}

// clear forgets all customers and what was said of them.
func (h *house) clear() {
	h.Helper()
	err := h.db.WithTx(context.Background(), func(tx *store.Tx) error {
		for _, table := range []string{"customers", "customer_handles", "identities", "identity_sets", "identity_set_members", "set_owners", "records", "observations"} {
			if _, err := tx.Exec(context.Background(), "DELETE FROM "+table); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		h.Fatal(err)
	}
}
