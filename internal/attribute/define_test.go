package attribute_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/onecdp/onecdp/internal/attribute"
	"github.com/onecdp/onecdp/internal/customer"
	"github.com/onecdp/onecdp/internal/dbtest"
	"github.com/onecdp/onecdp/internal/fault"
	"github.com/onecdp/onecdp/internal/feed"
	"github.com/onecdp/onecdp/internal/golden"
	"github.com/onecdp/onecdp/internal/store"
)

func by(s golden.Survivorship) *golden.Survivorship { return &s }

func TestWhatIsWrongAboutADefinitionIsSaidWithItsPlace(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db)
		for want, in := range map[string]attribute.Input{
			"input.name":                         {Name: " "},
			"input.survivorship":                 {Name: "a", Survivorship: by("OFTEN")},
			"input.sources":                      {Name: "a", Survivorship: by(golden.Sum), Sources: []string{"crm"}},
			"input.sources[1]":                   {Name: "a", Survivorship: by(golden.SourcePriority), Sources: []string{"crm", "crm"}},
			"input.sources[0]":                   {Name: "a", Survivorship: by(golden.SourcePriority), Sources: []string{""}},
			"input.name input.survivorship":      {Name: strings.Repeat("x", 513), Survivorship: by("x")},
			"input.sources of an unknown policy": {Name: "a", Sources: []string{"crm"}},
		} {
			_, err := w.s.Define(t.Context(), in, "tester", fault.Path{"input"})
			var places []string
			for _, one := range fault.All(err) {
				places = append(places, one.Path.String())
				if one.Code != fault.BadUserInput {
					t.Errorf("%s: %s", want, one.Code)
				}
			}
			if got := strings.Join(places, " "); got != want && !strings.HasPrefix(want, got+" of") {
				t.Errorf("%+v: %v, want %s", in, err, want)
			}
		}
		if types, err := w.s.All(t.Context()); err != nil || len(types) != 0 {
			t.Errorf("what was refused was kept: %v, %v", types, err)
		}
	})
}

func TestWhatIsLeftOutOfADefinitionKeepsItsValue(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db)
		steps := []struct {
			in   attribute.Input
			want attribute.Type
		}{
			{attribute.Input{Name: "a"}, attribute.Type{Survivorship: golden.Latest}},
			{attribute.Input{Name: "a", Survivorship: by(golden.SourcePriority), Sources: []string{"kyc", "crm"}}, attribute.Type{Survivorship: golden.SourcePriority, Sources: []string{"kyc", "crm"}}},
			{attribute.Input{Name: "a"}, attribute.Type{Survivorship: golden.SourcePriority, Sources: []string{"kyc", "crm"}}},
			{attribute.Input{Name: "a", Sources: []string{"crm"}}, attribute.Type{Survivorship: golden.SourcePriority, Sources: []string{"crm"}}},
			{attribute.Input{Name: "a", Survivorship: by(golden.Sum)}, attribute.Type{Survivorship: golden.Sum, Sources: []string{"crm"}}},
			{attribute.Input{Name: "a", Sources: []string{}}, attribute.Type{Survivorship: golden.Sum}},
		}
		for i, step := range steps {
			defined, err := w.s.Define(t.Context(), step.in, "tester", nil)
			w.must(err)
			all, err := w.s.All(t.Context())
			w.must(err)
			same := func(a attribute.Type) bool {
				return a.Name == "a" && a.Survivorship == step.want.Survivorship && slices.Equal(a.Sources, step.want.Sources)
			}
			if !same(defined.Type) || len(all) != 1 || !same(all[0]) || all[0].ID != defined.Type.ID {
				t.Errorf("step %d: %+v, kept %+v", i, defined.Type, all)
			}
		}
	})
}

func TestADefinitionCountsForWhatWasSaidBefore(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db)
		row, silent := w.customer(), w.customer()
		set := w.set(w.identity("a@x.cn"))
		w.own(set, row)
		w.say(said{set: set, attribute: "orders", source: "crm", hour: 1, value: `3`}, said{set: set, attribute: "orders", source: "shop", hour: 2, value: `4`})
		for _, step := range []struct {
			survivorship golden.Survivorship
			sources      []string
			want         string
			changed      int64
		}{
			{golden.Sum, nil, `{"orders":7}`, 1},
			{golden.Min, nil, `{"orders":3}`, 1},
			{golden.Earliest, nil, `{"orders":3}`, 0},
			{golden.SourcePriority, []string{"shop"}, `{"orders":4}`, 1},
			{golden.SourcePriority, []string{"crm"}, `{"orders":3}`, 1},
			{golden.Latest, nil, `{"orders":4}`, 1},
		} {
			j := w.define("orders", step.survivorship, step.sources...)
			if got := w.stored(row); got != step.want || j == nil || j.Changed != step.changed || j.Done != 2 {
				t.Errorf("%s: %s, job %+v; want %s", step.survivorship, got, j, step.want)
			}
		}
		if got := w.stored(silent); got != `{}` {
			t.Errorf("of whom nothing was said: %s", got)
		}
		if j := w.define("orders", golden.Latest); j != nil {
			t.Errorf("the same definition again has a job: %+v", j)
		}
		if j := w.define("never heard of", golden.Sum); j != nil {
			t.Errorf("an attribute of which nothing was said has a job: %+v", j)
		}
	})
}

// One server defines, another knows at once, and goes back to all statements until all golden records obey.
func TestOtherServersObeyAtOnce(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db)
		other := attribute.New(db)
		set := w.set(w.identity("a@x.cn"))
		w.own(set, w.customer())
		w.say(said{set: set, attribute: "first", source: "crm", hour: 1, value: `3`})
		see := func() (golden.Survivorship, bool) {
			var policies *attribute.Policies
			w.must(db.WithTx(t.Context(), func(tx *store.Tx) (err error) {
				policies, err = other.InForce(t.Context(), tx)
				return err
			}))
			return policies.Of("first").Survivorship, policies.OneByOne("first")
		}
		if survivorship, simply := see(); survivorship != "" || !simply {
			t.Errorf("before: %s, %v", survivorship, simply)
		}
		defined, err := w.s.Define(t.Context(), attribute.Input{Name: "first", Survivorship: by(golden.Earliest)}, "tester", nil)
		w.must(err)
		if survivorship, simply := see(); survivorship != golden.Earliest || simply {
			t.Errorf("defined: %s, %v", survivorship, simply)
		}
		again, err := w.s.Define(t.Context(), attribute.Input{Name: "first", Survivorship: by(golden.Consent)}, "tester", nil)
		w.must(err)
		_, err = w.jobs.Wait(t.Context(), defined.Job, longWait)
		w.must(err)
		if survivorship, simply := see(); survivorship != golden.Consent || simply {
			t.Errorf("while the second job waits: %s, %v", survivorship, simply)
		}
		_, err = w.jobs.Wait(t.Context(), again.Job, longWait)
		w.must(err)
		if survivorship, simply := see(); survivorship != golden.Consent || !simply {
			t.Errorf("settled: %s, %v", survivorship, simply)
		}
	})
}

func TestAJobGoesThroughManyCustomers(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db)
		var rows []customer.Row
		var sets []int64
		const n = 1203
		w.many(n, &rows, &sets)
		var all []said
		for i, set := range sets {
			all = append(all, said{set: set, attribute: "a", source: "crm", hour: 1, value: fmt.Sprint(i)}, said{set: set, attribute: "a", source: "crm", hour: 2, value: "-1"})
		}
		w.say(all...)
		j := w.define("a", golden.Earliest)
		if j == nil || j.Done != n || j.Total != n || j.Changed != n {
			t.Fatalf("%+v", j)
		}
		for _, i := range []int{0, 499, 500, 501, 1000, n - 1} {
			if got, want := w.stored(rows[i]), fmt.Sprintf(`{"a":%d}`, i); got != want {
				t.Errorf("customer %d: %s, want %s", i, got, want)
			}
		}
	})
}

func TestTheFeedTellsWhoseValuesADefinitionChanged(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db)
		changed, same := w.customer(), w.customer()
		one, other := w.set(w.identity("a@x.cn")), w.set(w.identity("b@x.cn"))
		w.own(one, changed)
		w.own(other, same)
		w.say(said{set: one, attribute: "a", source: "crm", hour: 1, value: "1"}, said{set: one, attribute: "a", source: "crm", hour: 2, value: "2"},
			said{set: other, attribute: "a", source: "crm", hour: 1, value: "3"})
		w.define("a", golden.Earliest)
		w.define("a", golden.Latest)
		before, _, err := feed.Read(t.Context(), db, feed.Position{}, 100)
		w.must(err)
		w.define("a", golden.Earliest)
		all, _, err := feed.Read(t.Context(), db, feed.Position{}, 100)
		w.must(err)
		told := all[len(before):]
		if len(told) != 1 || told[0].Customer != int64(changed) || !slices.Equal(told[0].Kinds, []feed.Kind{feed.Attributed}) {
			t.Errorf("%+v", told)
		}
		rows, err := db.Query(t.Context(), "SELECT updated_at FROM customers WHERE id = $1", int64(changed))
		times, err := store.Collect(rows, err, func(row store.Row, into *store.Instant) error { return row.Scan(into) })
		w.must(err)
		if !times[0].After(at(0)) {
			t.Errorf("updated at %s", times[0])
		}
	})
}
