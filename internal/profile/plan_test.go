package profile_test

import (
	"database/sql/driver"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lib/pq"

	"github.com/onecdp/onecdp/internal/dbtest"
	"github.com/onecdp/onecdp/internal/identity"
	"github.com/onecdp/onecdp/internal/profile"
	"github.com/onecdp/onecdp/internal/store"
)

// step is a part of a plan as PostgreSQL's EXPLAIN (ANALYZE, FORMAT JSON) tells it.
type step struct {
	Index string  `json:"Index Name"`
	Table string  `json:"Relation Name"`
	Rows  float64 `json:"Actual Rows"` // of one loop
	Loops float64 `json:"Actual Loops"`
	Plans []step  `json:"Plans"`
}

// reads lists what a plan reads from tables, as index or "all of table", and how many rows that gave.
func (s step) reads() (all []string, rows float64) {
	if s.Table != "" {
		all, rows = append(all, s.Index), s.Rows*s.Loops
		if s.Index == "" {
			all[0] = "all of " + s.Table
		}
	}
	for _, below := range s.Plans {
		more, moreRows := below.reads()
		all, rows = append(all, more...), rows+moreRows
	}
	return all, rows
}

// explained is the plan of a statement with fresh statistics.
func explained(t *testing.T, db *store.DB, statement string, args store.Args) step {
	t.Helper()
	if err := db.WithTx(t.Context(), func(tx *store.Tx) error { _, err := tx.Exec(t.Context(), "ANALYZE"); return err }); err != nil {
		t.Fatal(err)
	}
	rows, err := db.QueryFresh(t.Context(), "EXPLAIN (ANALYZE, FORMAT JSON) "+statement, args...)
	texts, err := store.Collect(rows, err, func(row store.Row, into *[]byte) error { return row.Scan(into) })
	if err != nil {
		t.Fatal(err)
	}
	var plans []struct{ Plan step }
	if err := json.Unmarshal(texts[0], &plans); err != nil {
		t.Fatal(err)
	}
	return plans[0].Plan
}

// keptPlan is the plan of a statement that is kept: made without knowing the arguments. EXPLAIN itself would know them.
func keptPlan(t *testing.T, db *store.DB, statement string, args store.Args) (plan step) {
	t.Helper()
	err := db.WithTx(t.Context(), func(tx *store.Tx) error {
		for _, text := range []string{"ANALYZE", "PREPARE kept AS " + statement} {
			if _, err := tx.Exec(t.Context(), text); err != nil {
				return err
			}
		}
		rows, err := tx.Query(t.Context(), "EXPLAIN (ANALYZE, FORMAT JSON) EXECUTE kept("+strings.Join(literals(t, args), ", ")+")")
		texts, err := store.Collect(rows, err, func(row store.Row, into *[]byte) error { return row.Scan(into) })
		if err != nil {
			return err
		}
		var plans []struct{ Plan step }
		if err := json.Unmarshal(texts[0], &plans); err != nil {
			return err
		}
		plan = plans[0].Plan
		_, err = tx.Exec(t.Context(), "DEALLOCATE kept")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return plan
}

func literals(t *testing.T, args store.Args) []string {
	t.Helper()
	texts := make([]string, len(args))
	for i, arg := range args {
		value, err := driver.DefaultParameterConverter.ConvertValue(arg)
		if err != nil {
			t.Fatal(err)
		}
		if at, isTime := value.(time.Time); isTime {
			value = at.Format(time.RFC3339Nano)
		}
		texts[i] = pq.QuoteLiteral(fmt.Sprint(value))
	}
	return texts
}

// scanned are the lines of SQLite's plan that read a whole table.
func scanned(t *testing.T, db *store.DB, statement string, args store.Args) []string {
	t.Helper()
	rows, err := db.QueryFresh(t.Context(), "EXPLAIN QUERY PLAN "+statement, args...)
	lines, err := store.Collect(rows, err, func(row store.Row, into *string) error {
		var ignored int
		return row.Scan(&ignored, &ignored, &ignored, into)
	})
	if err != nil {
		t.Fatal(err)
	}
	return slices.DeleteFunc(lines, func(line string) bool {
		return !strings.HasPrefix(line, "SCAN") || strings.Contains(line, "json_each") || strings.Contains(line, "SCAN newest") ||
			strings.Contains(line, "SCAN (subquery")
	})
}

func TestFindingACustomerIsOneProbeAndOneFetch(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db)
		const people = 20_000
		var rows, numbers []int64
		var keys, documents [][]byte
		var values []string
		for i := range int64(people) {
			value := fmt.Sprintf("user-%d", i)
			key := identity.Identity{Type: "user_id", Value: value}.Key()
			rows, numbers, keys, values, documents = append(rows, i+1), append(numbers, 1), append(keys, key[:]), append(values, value), append(documents, []byte("{}"))
		}
		times := slices.Repeat([]time.Time{morning}, people)
		w.insert("customers", store.Int64s("id", rows), store.Int64s("public_id", rows), store.Times("created_at", times), store.Times("updated_at", times),
			store.Documents("attributes", documents), store.Documents("provenance", documents))
		w.insert("identities", store.Int64s("id", rows), store.Int64s("type_id", numbers), store.Texts("scope", make([]string, people)), store.Texts("value", values),
			store.Bytes("key", keys), store.Int64s("customer_id", rows), store.Int64s("source_id", numbers))

		view, since, until := w.number(store.EventNames, "view"), slices.Repeat([]time.Time{dawnTime}, people), slices.Repeat([]time.Time{endless}, people)
		w.insert("set_owners", store.Int64s("set_id", rows), store.Int64s("customer_id", rows), store.Bools("dated", make([]bool, people)),
			store.Times("since", since), store.Times("until", until))
		w.insert("events", store.Int64s("set_id", rows), store.Times("occurred_at", times), store.Int64s("id", rows), store.Times("received_at", times),
			store.Int64s("name_id", slices.Repeat([]int64{view}, people)), store.Int64s("source_id", numbers), store.Documents("properties", documents))
		statements, bound := w.reader.WithListsAhead(keys[7], profile.EventQuery{EventFilter: profile.EventFilter{AsOf: minute(1)}, Request: start(20)})
		for i, most := range []float64{5, 51 * 4} { // of each customer: themselves, what found them, an identity, an owner, an event
			if i >= len(statements) {
				break
			}
			reads, read := keptPlan(t, db, statements[i], bound[i]).reads()
			if read > most || slices.ContainsFunc(reads, func(table string) bool { return strings.HasPrefix(table, "all of") }) {
				t.Errorf("with lists read ahead: reads %v rows of %q", read, reads)
			}
		}
		statement, args := profile.HoldersOf(db.Dialect(), [][]byte{keys[7], keys[19_000], keys[12_345]})
		if db.Dialect().Name() == "sqlite" {
			if lines := scanned(t, db, statement, args); len(lines) > 0 {
				t.Errorf("got %q", lines)
			}
			return
		}
		reads, read := explained(t, db, statement, args).reads()
		slices.Sort(reads)
		if !slices.Equal(reads, []string{"customers_pkey", "identity_key"}) || read != 6 {
			t.Errorf("reads %v rows of %q", read, reads)
		}
	})
}

func TestThePageOfALongHistoryReadsAPageOfEachSet(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db)
		const events, sets = 100_000, 10
		view := w.number(store.EventNames, "view")
		in, ids, names, sources := make([]int64, events), make([]int64, events), make([]int64, events), make([]int64, events)
		times, documents := make([]time.Time, events), make([][]byte, events)
		for i := range events {
			in[i], ids[i], names[i], sources[i] = int64(i%sets+1), int64(i+1), view, 1
			times[i], documents[i] = morning.Add(time.Duration(i)*time.Second), []byte(`{"sku":"A"}`)
		}
		w.insert("events", store.Int64s("set_id", in), store.Times("occurred_at", times), store.Int64s("id", ids), store.Times("received_at", times),
			store.Int64s("name_id", names), store.Int64s("source_id", sources), store.Documents("properties", documents))
		for set := range int64(sets) {
			w.owner(set+1, 1)
		}
		for _, filter := range []profile.EventFilter{{}, {Names: []string{"view", "purchase"}}} {
			filter.AsOf = minute(1_000_000)
			query := profile.EventQuery{EventFilter: filter, Request: start(20)}
			if got := w.newest(1, filter, start(20)); len(got.Items) != 20 || got.Items[0].ID != events || got.Items[19].ID != events-19 {
				t.Errorf("got %v", numbers(got.Items))
			}
			statement, args := profile.NewestEvents(db.Dialect(), []profile.Row{1}, query)
			if db.Dialect().Name() == "sqlite" {
				if lines := scanned(t, db, statement, args); len(lines) > 0 {
					t.Errorf("got %q", lines)
				}
				continue
			}
			// Of each set: its owner, a page to find where the page begins, and the page.
			if reads, read := explained(t, db, statement, args).reads(); read > sets*(1+2*21)+4 {
				t.Errorf("reads %v rows of %q", read, reads)
			}
		}
	})
}
