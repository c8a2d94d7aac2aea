package graph_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/onecdp/onecdp/ent/migrate"
	"github.com/onecdp/onecdp/internal/dbtest"
	"github.com/onecdp/onecdp/internal/store"
)

func TestAPreviewWritesNothing(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db)
		answer := w.ask(`mutation {
			a: track(record: {identities: [{type: "member_no", value: "a"}, {type: "device_id", value: "d"}], attributes: {level: 1}, event: {name: "x"}}) { customer { id } }
			b: track(record: {identities: [{type: "member_no", value: "b"}, {type: "phone", value: "13812345671"}], attributes: {level: 2}, event: {name: "y"}}) { customer { id } }
			createSegment(key: "s", name: "s", where: {attribute: {name: "level", is: {equals: 1}}}) { userErrors { code } }
		}`, nil)
		sides := map[string]any{"a": at(answer, "data", "a", "customer", "id"), "b": at(answer, "data", "b", "customer", "id")}
		w.ask(`mutation($a: ID!) { tagCustomer(customer: $a, key: "k", value: 1) { userErrors { code } } }`, map[string]any{"a": sides["a"]})
		before := contents(t, db)
		answer = w.ask(`query($a: ID!, $b: ID!) { previewMerge(a: $a, b: $b) { mergedId segmentChanges { enters } identities { value } } }`, sides)
		if at(answer, "data", "previewMerge", "mergedId") == nil || at(answer, "data", "previewMerge", "segmentChanges", 0) == nil || at(answer, "data", "previewMerge", "identities", 3) == nil {
			t.Fatal(answer)
		}
		after := contents(t, db)
		for table, rows := range before {
			if !slices.Equal(rows, after[table]) {
				t.Errorf("%s: %q, before %q", table, after[table], rows)
			}
		}
		if len(after) != len(before) || len(before) < 20 {
			t.Errorf("%d tables, before %d", len(after), len(before))
		}
	})
}

// contents are the rows of all tables as texts.
func contents(t *testing.T, db *store.DB) map[string][]string {
	t.Helper()
	all := map[string][]string{}
	for _, table := range migrate.Tables {
		all[table.Name] = rowsOf(t, db, table.Name)
	}
	return all
}

func rowsOf(t *testing.T, db *store.DB, table string) []string {
	t.Helper()
	rows, err := db.Query(t.Context(), "SELECT * FROM "+table)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	columns, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	var texts []string
	for rows.Next() {
		values, targets := make([]any, len(columns)), make([]any, len(columns))
		for i := range values {
			targets[i] = &values[i]
		}
		if err := rows.Scan(targets...); err != nil {
			t.Fatal(err)
		}
		texts = append(texts, strings.TrimSpace(fmt.Sprintln(values...)))
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	slices.Sort(texts)
	return texts
}
