package segment_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/onecdp/onecdp/internal/identity"
	"github.com/onecdp/onecdp/internal/page"
	"github.com/onecdp/onecdp/internal/profile"
	"github.com/onecdp/onecdp/internal/segment"
	"github.com/onecdp/onecdp/internal/store"
	"github.com/onecdp/onecdp/internal/value"
)

// person is a customer as a test describes one.
type person struct {
	name       string
	attributes string // JSON
	identities []identity.Identity
	tags       []tagged
	events     []event
}

type tagged struct {
	key, value string // value is JSON
	until      *time.Time
}

type event struct {
	name       string
	at         time.Time
	amount     *int64 // micro-units
	channel    string // "": none
	source     string
	properties string // JSON; "" is {}
	device     bool   // of a set that has its owner by time
}

// types are the identity types that exist from the start, numbered.
type types struct {
	registry *identity.Registry
	names    []identity.TypeName
}

func newTypes(tb testing.TB) *types {
	tb.Helper()
	registry, err := identity.NewRegistry(identity.Defaults(), "CN")
	if err != nil {
		tb.Fatal(err)
	}
	t := &types{registry: registry}
	for _, one := range registry.Types() {
		t.names = append(t.names, one.Name)
	}
	return t
}

func (t *types) Registry() *identity.Registry { return t.registry }

func (t *types) TypeID(name identity.TypeName) (int32, bool) {
	i := slices.Index(t.names, name)
	return int32(i + 1), i >= 0
}

func (t *types) TypeName(number int32) identity.TypeName { return t.names[number-1] }

// world is a database with people in it.
type world struct {
	db      *store.DB
	types   *types
	service *segment.Service
	people  []person
}

// row is the number of a person's row; public ids run the other way, to tell the two apart.
func row(i int) int64               { return int64(1000 + i) }
func (w *world) handle(i int) int64 { return int64(len(w.people) - i) }

var shanghai = location("Asia/Shanghai")

func location(name string) *time.Location {
	zone, err := time.LoadLocation(name)
	if err != nil {
		panic(err)
	}
	return zone
}

// newWorld inserts people by hand, and events that are nobody's.
func newWorld(tb testing.TB, db *store.DB, people []person) *world {
	tb.Helper()
	w := &world{db: db, types: newTypes(tb), people: people}
	w.service = segment.New(db, w.types, shanghai)
	ctx := tb.Context()
	names, channels, sources, tags := w.vocabulary()
	for dictionary, words := range map[store.Dictionary][]string{store.EventNames: names, store.Channels: channels, store.Sources: sources} {
		if err := db.EnsureWords(ctx, dictionary, words); err != nil {
			tb.Fatal(err)
		}
	}
	if err := db.WithTx(ctx, func(tx *store.Tx) error { return w.insert(ctx, tx, tags) }); err != nil {
		tb.Fatal(err)
	}
	return w
}

func (w *world) vocabulary() (names, channels, sources, tags []string) {
	for _, p := range w.people {
		for _, e := range p.events {
			names, sources = append(names, e.name), append(sources, e.source)
			if e.channel != "" {
				channels = append(channels, e.channel)
			}
		}
		for _, t := range p.tags {
			tags = append(tags, t.key)
		}
	}
	names = append(names, "nobody's")
	slices.Sort(tags)
	return names, channels, sources, slices.Compact(tags)
}

func canonical(document string) []byte {
	if document == "" {
		document = "{}"
	}
	decoded, err := value.Decode([]byte(document))
	if err != nil {
		panic(fmt.Sprint(document, ": ", err))
	}
	cleaned, err := value.Clean(decoded, nil)
	if err != nil {
		panic(fmt.Sprint(document, ": ", err))
	}
	return value.JSON(cleaned)
}

func (w *world) insert(ctx context.Context, tx *store.Tx, tagKeys []string) error {
	early, late := time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)
	var (
		next                  int64
		rows, publics, counts []int64
		attributes, empties   [][]byte
		created               []time.Time
		i                     identityRows
		e                     eventRows
		o                     ownerRows
		t                     tagRows
	)
	for n, p := range w.people {
		rows, publics = append(rows, row(n)), append(publics, w.handle(n))
		counts = append(counts, int64(len(p.identities)))
		attributes, empties, created = append(attributes, canonical(p.attributes)), append(empties, []byte("{}")), append(created, tx.Now)
		for _, id := range p.identities {
			next++
			number, _ := w.types.TypeID(id.Type)
			key := id.Key()
			i.add(next, int64(number), row(n), id, key[:])
		}
		for _, tag := range p.tags {
			next++
			place, _ := slices.BinarySearch(tagKeys, tag.key)
			until := late
			if tag.until != nil {
				until = *tag.until
			}
			t.add(next, row(n), int64(place+1), canonical(tag.value), until, tx.Now)
		}
		own, second, device := int64(10*n+100_000), int64(10*n+100_001), int64(10*(n/2)+200_000)
		o.add(own, row(n), false, early, late)
		o.add(second, row(n), false, early, late)
		for place, event := range p.events {
			next++
			set := own + int64(place%2)
			if event.device {
				set = device // a device changes hands at this very event, and right after it
				o.add(set, row(n), true, event.at, event.at.Add(time.Microsecond))
			}
			e.add(w.db, next, set, event)
		}
	}
	for minute := range 5 {
		next++
		e.add(w.db, next, 7, event{name: "nobody's", source: "api", at: time.Date(2026, 1, 1, 0, minute, 0, 0, time.UTC)})
	}
	if _, err := tx.InsertRows(ctx, "customers", "", store.Int64s("id", rows), store.Int64s("public_id", publics), store.Times("created_at", created),
		store.Times("updated_at", created), store.Documents("attributes", attributes), store.Documents("provenance", empties),
		store.Int64s("identity_count", counts)); err != nil {
		return err
	}
	var numbers []int64
	var kinds []string
	for place := range tagKeys {
		numbers, kinds = append(numbers, int64(place+1)), append(kinds, "ATTRIBUTE")
	}
	if len(tagKeys) > 0 {
		if _, err := tx.InsertRows(ctx, "tags", "", store.Int64s("id", numbers), store.Texts("key", tagKeys), store.Texts("name", tagKeys), store.Texts("kind", kinds),
			store.Documents("definition", slices.Repeat([][]byte{[]byte("{}")}, len(tagKeys))), store.Times("created_at", slices.Repeat([]time.Time{tx.Now}, len(tagKeys)))); err != nil {
			return err
		}
	}
	for _, rows := range []interface {
		insert(context.Context, *store.Tx) error
	}{&i, &e, &o, &t} {
		if err := rows.insert(ctx, tx); err != nil {
			return err
		}
	}
	return nil
}

type identityRows struct {
	ids, types, customers, sources []int64
	scopes, values                 []string
	keys                           [][]byte
}

func (r *identityRows) add(id, number, customer int64, of identity.Identity, key []byte) {
	r.ids, r.types, r.customers, r.sources = append(r.ids, id), append(r.types, number), append(r.customers, customer), append(r.sources, 1)
	r.scopes, r.values, r.keys = append(r.scopes, of.Scope), append(r.values, of.Value), append(r.keys, key)
}

func (r *identityRows) insert(ctx context.Context, tx *store.Tx) error {
	_, err := tx.InsertRows(ctx, "identities", "", store.Int64s("id", r.ids), store.Int64s("type_id", r.types), store.Int64s("customer_id", r.customers),
		store.Int64s("source_id", r.sources), store.Texts("scope", r.scopes), store.Texts("value", r.values), store.Bytes("key", r.keys))
	return err
}

type eventRows struct {
	ids, sets, names, sources []int64
	channels, amounts         []*int64
	times                     []time.Time
	properties                [][]byte
}

func (r *eventRows) add(db *store.DB, id, set int64, e event) {
	name, _ := db.Number(store.EventNames, e.name)
	source, _ := db.Number(store.Sources, e.source)
	var channel *int64
	if number, ok := db.Number(store.Channels, e.channel); ok && e.channel != "" {
		channel = new(int64(number))
	}
	r.ids, r.sets, r.names, r.sources = append(r.ids, id), append(r.sets, set), append(r.names, int64(name)), append(r.sources, int64(source))
	r.channels, r.amounts, r.times = append(r.channels, channel), append(r.amounts, e.amount), append(r.times, e.at)
	r.properties = append(r.properties, canonical(e.properties))
}

func (r *eventRows) insert(ctx context.Context, tx *store.Tx) error {
	_, err := tx.InsertRows(ctx, "events", "", store.Int64s("set_id", r.sets), store.Times("occurred_at", r.times), store.Int64s("id", r.ids),
		store.Times("received_at", r.times), store.Int64s("name_id", r.names), store.Int64s("source_id", r.sources),
		store.NullInt64s("channel_id", r.channels), store.NullInt64s("amount", r.amounts), store.Documents("properties", r.properties))
	return err
}

type ownerRows struct {
	sets, customers []int64
	dated           []bool
	since, until    []time.Time
}

func (r *ownerRows) add(set, customer int64, dated bool, since, until time.Time) {
	r.sets, r.customers, r.dated = append(r.sets, set), append(r.customers, customer), append(r.dated, dated)
	r.since, r.until = append(r.since, since), append(r.until, until)
}

func (r *ownerRows) insert(ctx context.Context, tx *store.Tx) error {
	_, err := tx.InsertRows(ctx, "set_owners", "ON CONFLICT DO NOTHING", store.Int64s("set_id", r.sets), store.Bools("dated", r.dated),
		store.Times("since", r.since), store.Times("until", r.until), store.Int64s("customer_id", r.customers))
	return err
}

type tagRows struct {
	ids, customers, tags []int64
	values               [][]byte
	until, computed      []time.Time
}

func (r *tagRows) add(id, customer, tag int64, document []byte, until, computed time.Time) {
	r.ids, r.customers, r.tags = append(r.ids, id), append(r.customers, customer), append(r.tags, tag)
	r.values, r.until, r.computed = append(r.values, document), append(r.until, until), append(r.computed, computed)
}

func (r *tagRows) insert(ctx context.Context, tx *store.Tx) error {
	_, err := tx.InsertRows(ctx, "customer_tags", "", store.Int64s("id", r.ids), store.Int64s("handle_id", r.customers), store.Int64s("customer_id", r.customers),
		store.Int64s("tag_id", r.tags), store.Documents("value", r.values), store.Times("computed_at", r.computed), store.Times("valid_until", r.until),
		store.Texts("source", slices.Repeat([]string{"api"}, len(r.ids))))
	return err
}

// ask reads a rule and returns the names of the people it means, in the order of their description. It checks that the
// count, the pages and the question about one customer agree.
func (w *world) ask(tb testing.TB, text string, asOf time.Time, zone *time.Location) []string {
	tb.Helper()
	read, err := w.service.Read(object(tb, text), nil)
	if err != nil {
		tb.Fatalf("%s: %v", text, err)
	}
	return w.found(tb, text, segment.Question{Rule: read, AsOf: asOf, Zone: zone})
}

// found are the names of the people that a question means; text is its rule.
func (w *world) found(tb testing.TB, text string, question segment.Question) []string {
	tb.Helper()
	var found []string
	request := segment.Members.Start(page.Most)
	seen := map[profile.Row]bool{}
	for {
		members, err := w.service.Page(tb.Context(), question, request)
		if err != nil {
			tb.Fatalf("%s: %v", text, err)
		}
		for _, m := range members.Items {
			seen[m.Row] = true
		}
		if !members.HasNext {
			break
		}
		_, end := members.Ends()
		if request, err = segment.Members.Read(nil, end, page.Most, nil); err != nil {
			tb.Fatal(err)
		}
	}
	for i, p := range w.people {
		if seen[profile.Row(row(i))] {
			found = append(found, p.name)
		}
	}
	count, err := w.service.Count(tb.Context(), question)
	if err != nil {
		tb.Fatalf("%s: %v", text, err)
	}
	if int(count) != len(found) {
		tb.Errorf("%s: the count is %d, the page has %d", text, count, len(found))
	}
	return found
}

func object(tb testing.TB, text string) map[string]any {
	tb.Helper()
	decoded, err := value.Decode([]byte(text))
	if err != nil {
		tb.Fatalf("%s: %v", text, err)
	}
	return decoded.(map[string]any)
}

func quoted(text string) string {
	encoded, _ := json.Marshal(text)
	return string(encoded)
}
