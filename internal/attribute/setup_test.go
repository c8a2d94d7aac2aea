package attribute_test

import (
	"strconv"
	"testing"
	"time"

	"github.com/onecdp/onecdp/ent/identitytype"
	"github.com/onecdp/onecdp/internal/attribute"
	"github.com/onecdp/onecdp/internal/customer"
	"github.com/onecdp/onecdp/internal/golden"
	"github.com/onecdp/onecdp/internal/job"
	"github.com/onecdp/onecdp/internal/store"
)

// world is a database in which tests say whose the sets are and what was said under them.
type world struct {
	*testing.T

	db   *store.DB
	s    *attribute.Service
	jobs *job.Runner
	last int64 // number given to anything
}

func newWorld(t *testing.T, db *store.DB) *world {
	t.Helper()
	w := &world{T: t, db: db, s: attribute.New(db), jobs: job.New(db, job.Defaults()), last: 1e6}
	w.jobs.Register(attribute.JobKind, w.s.Step)
	w.must(db.WithTx(t.Context(), func(tx *store.Tx) error {
		return tx.Ent().IdentityType.Create().SetID(1).SetName("email").SetStrength(identitytype.StrengthSTRONG).SetPriority(1).
			SetOnConflict(identitytype.OnConflictLATEST).SetNormalizer("email").SetScope(identitytype.ScopeNONE).SetBlocked([]string{}).Exec(t.Context())
	}))
	return w
}

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

func (w *world) next() int64 {
	w.last++
	return w.last
}

// insert adds one row to a table.
func (w *world) insert(table string, columns ...store.Column) {
	w.Helper()
	w.must(w.db.WithTx(w.Context(), func(tx *store.Tx) error {
		_, err := tx.InsertRows(w.Context(), table, "", columns...)
		return err
	}))
}

func number(name string, n int64) store.Column { return store.Int64s(name, []int64{n}) }

// customer makes a customer of whom nothing is known.
func (w *world) customer() customer.Row {
	w.Helper()
	row := w.next()
	w.insert("customers", number("id", row), number("public_id", row), store.Documents("attributes", [][]byte{[]byte("{}")}),
		store.Documents("provenance", [][]byte{[]byte("{}")}), store.AlwaysAt("created_at", at(0)), store.AlwaysAt("updated_at", at(0)), number("identity_count", 1))
	return customer.Row(row)
}

// identity makes an email.
func (w *world) identity(email string) int64 {
	w.Helper()
	id := w.next()
	w.insert("identities", number("id", id), number("type_id", 1), store.Texts("scope", []string{""}), store.Texts("value", []string{email}),
		store.Bytes("key", [][]byte{[]byte(email)}), number("source_id", 1), store.Bools("shared", []bool{false}))
	return id
}

// set makes a set with its anchor, 0 for none.
func (w *world) set(anchor int64) int64 {
	w.Helper()
	id := w.next()
	column := store.NullInt64s("anchor_id", []*int64{nil})
	if anchor != 0 {
		column = store.NullInt64s("anchor_id", []*int64{&anchor})
	}
	w.insert("identity_sets", number("id", id), store.Bytes("digest", [][]byte{[]byte(strconv.FormatInt(id, 10))}),
		store.Documents("claims", [][]byte{[]byte("[]")}), column)
	return id
}

var beginning, end = time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC)

// own gives a set to a customer, for all time.
func (w *world) own(set int64, owner customer.Row) { w.ownFrom(set, owner, false, beginning, end) }

// ownFrom gives a set to a customer from a time until another.
func (w *world) ownFrom(set int64, owner customer.Row, dated bool, since, until time.Time) {
	w.Helper()
	w.insert("set_owners", number("set_id", set), store.Bools("dated", []bool{dated}), store.Times("since", []time.Time{since}),
		store.Times("until", []time.Time{until}), number("customer_id", int64(owner)))
}

// said is what a source said under a set.
type said struct {
	set       int64
	attribute string
	source    string
	hour      int
	value     string
	record    int64
}

// say stores statements.
func (w *world) say(statements ...said) {
	w.Helper()
	ctx := w.Context()
	n := len(statements)
	records, sets, attributes, sources := make([]int64, n), make([]int64, n), make([]int64, n), make([]int64, n)
	times, values := make([]time.Time, n), make([][]byte, n)
	for i, one := range statements {
		w.must(w.db.EnsureWords(ctx, store.AttributeNames, []string{one.attribute}))
		w.must(w.db.EnsureWords(ctx, store.Sources, []string{one.source}))
		name, _ := w.db.Number(store.AttributeNames, one.attribute)
		source, _ := w.db.Number(store.Sources, one.source)
		if statements[i].record = one.record; one.record == 0 {
			statements[i].record = w.next()
		}
		records[i], sets[i], attributes[i], sources[i] = statements[i].record, one.set, int64(name), int64(source)
		times[i], values[i] = at(one.hour), []byte(one.value)
	}
	w.insert("observations", store.Int64s("set_id", sets), store.Int64s("attribute_id", attributes), store.Times("observed_at", times),
		store.Int64s("record_id", records), store.Int64s("source_id", sources), store.Documents("value", values))
}

func at(hour int) time.Time { return time.Date(2024, 1, 1, hour, 0, 0, 0, time.UTC) }

// rebuild makes golden records.
func (w *world) rebuild(rows []customer.Row, names []string) map[customer.Row]golden.Record {
	w.Helper()
	var records map[customer.Row]golden.Record
	w.must(w.db.WithTx(w.Context(), func(tx *store.Tx) (err error) {
		records, err = w.s.Rebuild(w.Context(), tx, rows, names)
		return err
	}))
	return records
}

// attributes are those of a rebuilt record.
func attributes(record golden.Record) string {
	text, _ := record.Documents()
	return string(text)
}

// stored are the attributes of a customer's row.
func (w *world) stored(row customer.Row) string {
	w.Helper()
	rows, err := w.db.Query(w.Context(), "SELECT attributes, provenance FROM customers WHERE id = $1", int64(row))
	all, err := store.Collect(rows, err, func(row store.Row, into *golden.Record) error {
		var values, origins []byte
		if err := row.Scan(&values, &origins); err != nil {
			return err
		}
		var err error
		*into, err = golden.Read(values, origins)
		return err
	})
	w.must(err)
	if len(all) != 1 {
		w.Fatalf("%d rows", len(all))
	}
	return attributes(all[0])
}

// longWait is longer than any job takes.
const longWait = time.Minute

// define sets a policy and waits until all golden records obey. It returns the job that made them; nil when there was none.
func (w *world) define(name string, survivorship golden.Survivorship, sources ...string) *job.Job {
	w.Helper()
	defined, err := w.s.Define(w.Context(), attribute.Input{Name: name, Survivorship: &survivorship, Sources: sources}, "tester", nil)
	w.must(err)
	if defined.Job == 0 {
		return nil
	}
	j, err := w.jobs.Wait(w.Context(), defined.Job, longWait)
	w.must(err)
	if j == nil || j.State != job.Done {
		w.Fatalf("the job: %+v", j)
	}
	return j
}

// many makes customers with a set each, all at once.
func (w *world) many(n int, rows *[]customer.Row, sets *[]int64) {
	w.Helper()
	var numbers, places []int64
	empty, digests := make([][]byte, n), make([][]byte, n)
	dated, since, until := make([]bool, n), make([]time.Time, n), make([]time.Time, n)
	for i := range n {
		row, set := w.next(), w.next()
		*rows, *sets = append(*rows, customer.Row(row)), append(*sets, set)
		numbers, places = append(numbers, row), append(places, set)
		empty[i], digests[i], since[i], until[i] = []byte("{}"), []byte(strconv.FormatInt(set, 10)), beginning, end
	}
	w.insert("customers", store.Int64s("id", numbers), store.Int64s("public_id", numbers), store.Documents("attributes", empty),
		store.Documents("provenance", empty), store.AlwaysAt("created_at", at(0)), store.AlwaysAt("updated_at", at(0)))
	w.insert("identity_sets", store.Int64s("id", places), store.Bytes("digest", digests), store.Documents("claims", empty))
	w.insert("set_owners", store.Int64s("set_id", places), store.Bools("dated", dated), store.Times("since", since), store.Times("until", until),
		store.Int64s("customer_id", numbers))
}
