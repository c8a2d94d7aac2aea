package profile_test

import (
	"context"
	"encoding/json"
	"slices"
	"testing"
	"time"

	"github.com/onecdp/onecdp/internal/identity"
	"github.com/onecdp/onecdp/internal/page"
	"github.com/onecdp/onecdp/internal/profile"
	"github.com/onecdp/onecdp/internal/store"
)

// morning is when the tests' world begins.
var morning = time.Date(2026, time.March, 15, 8, 0, 0, 0, time.UTC)

func minute(n int) time.Time { return morning.Add(time.Duration(n) * time.Minute) }

var (
	endless  = time.Date(9999, time.December, 31, 0, 0, 0, 0, time.UTC)
	dawnTime = time.Date(1, time.January, 1, 0, 0, 0, 0, time.UTC)
)

// types are the types from the start, numbered in their order from 1.
type types struct {
	registry *identity.Registry
	names    []identity.TypeName
}

func (k types) Registry() *identity.Registry { return k.registry }

func (k types) TypeID(name identity.TypeName) (int32, bool) {
	i := slices.Index(k.names, name)
	return int32(i + 1), i >= 0
}

func (k types) TypeName(number int32) identity.TypeName { return k.names[number-1] }

// world is a database with rows written by hand.
type world struct {
	*testing.T

	db     *store.DB
	types  types
	reader *profile.Reader
}

func newWorld(t *testing.T, db *store.DB) *world {
	t.Helper()
	registry, err := identity.NewRegistry(identity.Defaults(), "CN")
	if err != nil {
		t.Fatal(err)
	}
	known := types{registry: registry}
	for _, one := range registry.Types() {
		known.names = append(known.names, one.Name)
	}
	w := &world{T: t, db: db, types: known, reader: profile.New(db, known)}
	for dictionary, words := range map[store.Dictionary][]string{
		store.EventNames: {"purchase", "view", "login"}, store.Channels: {"tmall", "mini_program"}, store.Sources: {"api", "shop"},
	} {
		if err := db.EnsureWords(t.Context(), dictionary, words); err != nil {
			t.Fatal(err)
		}
	}
	return w
}

func (w *world) number(d store.Dictionary, word string) int64 {
	w.Helper()
	number, ok := w.db.Number(d, word)
	if !ok {
		w.Fatalf("%s has no %q", d, word)
	}
	return int64(number)
}

func (w *world) insert(table string, columns ...store.Column) {
	w.Helper()
	err := w.db.WithTx(w.Context(), func(tx *store.Tx) error {
		_, err := tx.InsertRows(context.WithoutCancel(w.Context()), table, "", columns...)
		return err
	})
	if err != nil {
		w.Fatalf("%s: %v", table, err)
	}
}

// customer adds a living customer to whom these handles lead, the oldest first.
func (w *world) customer(row int64, attributes, provenance string, handles ...int64) {
	w.Helper()
	w.insert("customers", store.Int64s("id", []int64{row}), store.Int64s("public_id", handles[:1]),
		store.Times("created_at", []time.Time{minute(0)}), store.Times("updated_at", []time.Time{minute(1)}),
		store.Documents("attributes", [][]byte{[]byte(attributes)}), store.Documents("provenance", [][]byte{[]byte(provenance)}))
	rows, births, times := make([]int64, len(handles)), make([]int64, len(handles)), make([]time.Time, len(handles))
	for i := range handles {
		rows[i], times[i] = row, minute(i)
	}
	w.insert("customer_handles", store.Int64s("id", handles), store.Int64s("customer_id", rows), store.Int64s("birth_identity_id", births), store.Int64s("seat_identity_id", births),
		store.Times("created_at", times))
}

func (w *world) identity(id, customer int64, typ, scope, value string) {
	w.Helper()
	known, reason := w.types.registry.Normalise(identity.Claim{Type: typ, Scope: scope, Value: value})
	if reason != nil {
		w.Fatalf("%s %s: %v", typ, value, reason)
	}
	number, _ := w.types.TypeID(known.Type)
	key := known.Key()
	w.insert("identities", store.Int64s("id", []int64{id}), store.Int64s("type_id", []int64{int64(number)}), store.Texts("scope", []string{known.Scope}),
		store.Texts("value", []string{known.Value}), store.Bytes("key", [][]byte{key[:]}), store.NullInt64s("customer_id", []*int64{present(customer)}),
		store.Int64s("source_id", []int64{w.number(store.Sources, "shop")}), store.Bools("shared", []bool{false}))
}

// owner gives a set to a customer for all time.
func (w *world) owner(set, customer int64) {
	w.Helper()
	w.ownership(set, customer, false, dawnTime, endless)
}

func (w *world) ownership(set, customer int64, dated bool, since, until time.Time) {
	w.Helper()
	w.insert("set_owners", store.Int64s("set_id", []int64{set}), store.Bools("dated", []bool{dated}), store.Times("since", []time.Time{since}),
		store.Times("until", []time.Time{until}), store.Int64s("customer_id", []int64{customer}))
}

func (w *world) event(set, id int64, name string, at time.Time) {
	w.Helper()
	var channel, amount *int64
	if name == "purchase" {
		channel, amount = new(w.number(store.Channels, "tmall")), new(int64(1_500_000))
	}
	w.insert("events", store.Int64s("set_id", []int64{set}), store.Times("occurred_at", []time.Time{at}), store.Int64s("id", []int64{id}),
		store.Times("received_at", []time.Time{at.Add(time.Second)}), store.Int64s("name_id", []int64{w.number(store.EventNames, name)}),
		store.Int64s("source_id", []int64{w.number(store.Sources, "api")}), store.NullInt64s("channel_id", []*int64{channel}),
		store.NullInt64s("amount", []*int64{amount}), store.Documents("properties", [][]byte{[]byte(`{"sku":"A"}`)}))
}

// record is one without an event.
func (w *world) record(set, id int64, at time.Time, withdrawn bool) {
	w.Helper()
	w.insert("records", store.Int64s("id", []int64{id}), store.Int64s("source_id", []int64{1}), store.Texts("message_id", []string{"m" + at.String()}),
		store.Int64s("set_id", []int64{set}), store.Times("occurred_at", []time.Time{at}), store.Times("received_at", []time.Time{at}),
		store.Int64s("digest", []int64{1}), store.Bools("quiet", []bool{true}), store.Bools("withdrawn", []bool{withdrawn}))
}

func (w *world) member(set, id int64) {
	w.Helper()
	w.insert("identity_set_members", store.Int64s("set_id", []int64{set}), store.Int64s("identity_id", []int64{id}))
}

// newest asks for the first events of one customer.
func (w *world) newest(customer profile.Row, filter profile.EventFilter, request page.Request) page.Page[profile.Event] {
	w.Helper()
	if filter.AsOf.IsZero() {
		filter.AsOf = minute(1_000_000)
	}
	pages, err := w.reader.Events(w.Context(), []profile.Row{customer}, profile.EventQuery{EventFilter: filter, Request: request})
	if err != nil {
		w.Fatal(err)
	}
	return pages[0]
}

func numbers(events []profile.Event) []int64 {
	ids := make([]int64, len(events))
	for i, e := range events {
		ids[i] = e.ID
	}
	return ids
}

func present(n int64) *int64 {
	if n == 0 {
		return nil
	}
	return &n
}

func sameJSON(t *testing.T, got []byte, want string) {
	t.Helper()
	var a, b any
	if err := json.Unmarshal(got, &a); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(want), &b); err != nil {
		t.Fatal(err)
	}
	x, _ := json.Marshal(a)
	y, _ := json.Marshal(b)
	if string(x) != string(y) {
		t.Errorf("got %s, want %s", x, y)
	}
}
