package attribute_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"testing"

	"github.com/onecdp/onecdp/internal/customer"
	"github.com/onecdp/onecdp/internal/dbtest"
	"github.com/onecdp/onecdp/internal/golden"
	"github.com/onecdp/onecdp/internal/store"
)

func TestARecordIsMadeOfWhatIsSaidUnderTheSetsThatACustomerHas(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db)
		one, other := w.customer(), w.customer()
		first, second, third := w.set(w.identity("a@x.cn")), w.set(w.identity("b@x.cn")), w.set(w.identity("c@x.cn"))
		w.own(first, one)
		w.own(second, one)
		w.own(third, other)
		w.say(said{set: first, attribute: "name", source: "crm", hour: 1, value: `"old"`}, said{set: second, attribute: "name", source: "crm", hour: 2, value: `"new"`},
			said{set: first, attribute: "address", source: "crm", hour: 2, value: `{"zip":"1","city":"x"}`},
			said{set: third, attribute: "name", source: "crm", hour: 9, value: `"other"`},
			said{set: -third, attribute: "name", source: "crm", hour: 10, value: `"withdrawn"`})
		records := w.rebuild([]customer.Row{one, other, 77}, nil)
		for row, want := range map[customer.Row]string{one: `{"address":{"city":"x","zip":"1"},"name":"new"}`, other: `{"name":"other"}`, 77: `{}`} {
			if got := attributes(records[row]); got != want {
				t.Errorf("%s, want %s", got, want)
			}
		}
		if got := attributes(w.rebuild([]customer.Row{one}, []string{"name", "unheard of"})[one]); got != `{"name":"new"}` {
			t.Errorf("of one attribute: %s", got)
		}
	})
}

func TestWhatIsSaidOfADeviceIsWhoseItIsAtThatTime(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db)
		one, other := w.customer(), w.customer()
		device := w.set(w.identity("device"))
		w.ownFrom(device, one, true, beginning, at(5))
		w.ownFrom(device, other, true, at(5), end)
		w.say(said{set: device, attribute: "theme", source: "app", hour: 4, value: `"dark"`}, said{set: device, attribute: "theme", source: "app", hour: 5, value: `"light"`})
		records := w.rebuild([]customer.Row{one, other}, nil)
		if attributes(records[one]) != `{"theme":"dark"}` || attributes(records[other]) != `{"theme":"light"}` {
			t.Errorf("%s and %s", attributes(records[one]), attributes(records[other]))
		}
	})
}

// The same statements, made of one customer by one and of all at once.
func TestARebuiltRecordIsWhatSurvivesOfAllStatements(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db)
		random := rand.New(rand.NewPCG(1, 2))
		values := []string{`""`, `[]`, `{}`, `1`, `1.0`, `2.50`, `"denied"`, `"granted"`, `["b","a"]`, `["c"]`, `{"z":1,"a":[2]}`, `true`}
		sources := []string{"crm", "shop", "web"}
		policies := map[string]golden.Policy{}
		var names []string
		for _, survivorship := range golden.Survivorships() {
			name := "by " + string(survivorship)
			names = append(names, name)
			policy := golden.Policy{Survivorship: survivorship}
			if survivorship == golden.SourcePriority {
				w.define(name, survivorship, "web", "shop")
				policy.Sources = []int32{w.source("web"), w.source("shop")}
			} else {
				w.define(name, survivorship)
			}
			policies[name] = policy
		}
		var rows []customer.Row
		var all []said
		owner, anchor := map[int64]customer.Row{}, map[int64]int64{}
		for i := range 12 {
			row := w.customer()
			rows = append(rows, row)
			for j := range 1 + random.IntN(3) {
				id := w.identity(fmt.Sprintf("%d-%d@x.cn", random.IntN(9), i*10+j))
				for range 1 + random.IntN(2) {
					set := w.set(id)
					w.own(set, row)
					owner[set], anchor[set] = row, id
					for range 1 + random.IntN(10) {
						all = append(all, said{
							set: set, attribute: names[random.IntN(len(names))], source: sources[random.IntN(3)], hour: random.IntN(3),
							value: values[random.IntN(len(values))], record: w.next(),
						})
					}
				}
			}
		}
		w.say(all...)

		byAttribute := map[customer.Row]map[string][]golden.Statement{}
		for _, one := range all {
			row := owner[one.set]
			if byAttribute[row] == nil {
				byAttribute[row] = map[string][]golden.Statement{}
			}
			byAttribute[row][one.attribute] = append(byAttribute[row][one.attribute], golden.Statement{Value: json.RawMessage(canonical(one.value)), Provenance: golden.Provenance{
				Time: at(one.hour).UnixMicro(), Source: w.source(one.source), Identity: anchor[one.set], Record: one.record,
			}})
		}
		w.must(db.WithTx(t.Context(), func(tx *store.Tx) error {
			order := w.s.Order(t.Context(), tx)
			together, err := w.s.Rebuild(t.Context(), tx, rows, nil)
			if err != nil {
				return err
			}
			for _, row := range rows {
				alone, err := w.s.Rebuild(t.Context(), tx, []customer.Row{row}, names)
				if err != nil {
					return err
				}
				want, taken := golden.Record{}, golden.Record{}
				for name, statements := range byAttribute[row] {
					want[name], _ = golden.Survive(policies[name], statements, order)
					for _, s := range statements {
						taken.Compete(name, policies[name], s, order)
					}
					if policies[name].Pairwise() && (string(taken[name].Value) != string(want[name].Value) || taken[name].Provenance != want[name].Provenance) {
						t.Errorf("%s: one by one %s, of all %s", name, taken[name].Value, want[name].Value)
					}
				}
				wanted, origins := want.Documents()
				for _, record := range []golden.Record{together[row], alone[row]} {
					if got, from := record.Documents(); string(got) != string(wanted) || string(from) != string(origins) {
						t.Errorf("rebuilt %s %s, want %s %s", got, from, wanted, origins)
					}
				}
			}
			return order.Err
		}))
	})
}

func canonical(text string) string {
	if text == `{"z":1,"a":[2]}` {
		return `{"a":[2],"z":1}`
	}
	return text
}

func (w *world) source(name string) int32 {
	w.Helper()
	w.must(w.db.EnsureWords(w.Context(), store.Sources, []string{name}))
	number, _ := w.db.Number(store.Sources, name)
	return number
}

func TestRebuildingTakesNoMoreStatementsForMoreCustomers(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db)
		var rows []customer.Row
		for i := range 20 {
			row := w.customer()
			rows = append(rows, row)
			for _, name := range []string{"a", "b"} {
				set := w.set(w.identity(fmt.Sprintf("%s%d@x.cn", name, i)))
				w.own(set, row)
				w.say(said{set: set, attribute: "name", source: "crm", hour: 1, value: `"` + name + `"`}) // of one instant
			}
		}
		statements := func(rows []customer.Row) int64 {
			var n atomic.Int64
			w.must(db.WithTx(t.Context(), func(tx *store.Tx) error {
				records, err := w.s.Rebuild(store.CountStatements(context.WithoutCancel(t.Context()), &n), tx, rows, nil)
				for _, record := range records {
					if attributes(record) != `{"name":"b"}` {
						t.Errorf("%s", attributes(record))
					}
				}
				return err
			}))
			return n.Load()
		}
		statements(rows[:1])
		if few, many := statements(rows[:1]), statements(rows); few != many || many > 4 {
			t.Errorf("%d statements for one customer and %d for all", few, many)
		}
	})
}
