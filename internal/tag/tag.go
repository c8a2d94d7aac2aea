// Package tag keeps tags and the tags of customers.
//
// A tag set by hand belongs to the handle it was set on and follows it through merges. Of several values of one tag that come together
// under one customer the newest counts; the others are kept, hidden, for the day the handles part.
package tag

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/onecdp/onecdp/internal/fault"
	"github.com/onecdp/onecdp/internal/profile"
	"github.com/onecdp/onecdp/internal/store"
	"github.com/onecdp/onecdp/internal/value"
)

// Kind says how a tag's value comes about.
type Kind string

// The kinds: set by hand or by another system, counted, derived by a rule, found by a model.
const (
	Attribute   Kind = "ATTRIBUTE"
	Statistical Kind = "STATISTICAL"
	Rule        Kind = "RULE"
	Mined       Kind = "MINED"
)

// Tag describes customers along one dimension.
type Tag struct {
	ID         int64
	Key        string
	Name       string
	Kind       Kind
	Version    int
	Definition json.RawMessage // a JSON object; its shape depends on the kind
	CreatedAt  time.Time
}

// Value is a tag's value on a customer.
type Value struct {
	Tag        Tag
	Customer   profile.Row
	Value      json.RawMessage
	Score      *float64 // nil: it has none
	ComputedAt time.Time
	ValidUntil *time.Time // the first instant at which it no longer counts; nil: for good
	Source     string
}

// Service keeps tags. It is safe for concurrent use.
type Service struct {
	db       *store.DB
	profiles *profile.Reader
	known    known
}

// New returns the service of a migrated database.
func New(db *store.DB, profiles *profile.Reader) *Service {
	return &Service{db: db, profiles: profiles}
}

// cleanKey returns a key in NFC; what cannot be a key is a BAD_USER_INPUT at key.
func cleanKey(key string) (string, error) {
	return value.Name(key, fault.Path{"key"}, value.MaxName)
}

const tagColumns = "t.id, t.key, t.name, t.kind, t.version, t.definition, t.created_at"

// scanned are the targets for tagColumns; the time goes through created.
func (t *Tag) scanned(created *store.Instant) []any {
	return []any{&t.ID, &t.Key, &t.Name, &t.Kind, &t.Version, (*[]byte)(&t.Definition), created}
}

// ByKeys finds tags. The result is in order, nil where there is none.
func (s *Service) ByKeys(ctx context.Context, keys []string) ([]*Tag, error) {
	tags, err := s.find(ctx, "t.key IN (SELECT key FROM ", store.Texts("key", storable(keys)))
	return inOrder(keys, tags, func(t *Tag) string { return t.Key }, nfc), err
}

// ByIDs finds tags. The result is in order, nil where there is none.
func (s *Service) ByIDs(ctx context.Context, ids []int64) ([]*Tag, error) {
	tags, err := s.find(ctx, "t.id IN (SELECT id FROM ", store.Int64s("id", ids))
	return inOrder(ids, tags, func(t *Tag) int64 { return t.ID }, func(id int64) int64 { return id }), err
}

func (s *Service) find(ctx context.Context, condition string, wanted store.Column) ([]Tag, error) {
	var args store.Args
	rows, err := s.db.Query(ctx, "SELECT "+tagColumns+" FROM tags t WHERE "+condition+store.Relation(s.db.Dialect(), "wanted", &args, wanted)+")", args...)
	tags, err := store.Collect(rows, err, func(row store.Row, t *Tag) error {
		var created store.Instant
		err := row.Scan(t.scanned(&created)...)
		t.CreatedAt = created.Time
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("find tags: %w", err)
	}
	return tags, nil
}

// OfCustomers returns the tags of each customer that count at asOf, by key. keys are the keys wanted; nil: all.
func (s *Service) OfCustomers(ctx context.Context, customers []profile.Row, keys []string, asOf time.Time) ([][]Value, error) {
	return s.OfCustomersWithin(ctx, s.db, customers, keys, asOf)
}

// OfCustomersWithin is OfCustomers as a transaction sees it.
func (s *Service) OfCustomersWithin(ctx context.Context, q store.Querier, customers []profile.Row, keys []string, asOf time.Time) ([][]Value, error) {
	if len(customers) == 0 {
		return nil, nil
	}
	rows := make([]int64, len(customers))
	for i, row := range customers {
		rows[i] = int64(row)
	}
	slices.Sort(rows)
	var args store.Args
	query := "SELECT " + valueColumns + " FROM " +
		store.Relation(s.db.Dialect(), "given", &args, store.Int64s("customer", slices.Compact(rows))) +
		" JOIN customer_tags v ON v.customer_id = given.customer JOIN tags t ON t.id = v.tag_id WHERE " + s.counting(keys, asOf, &args)
	found, err := q.Query(ctx, query, args...)
	values, err := store.Collect(found, err, scanValue)
	if err != nil {
		return nil, fmt.Errorf("read the tags of customers: %w", err)
	}
	byKey(values)
	share := map[profile.Row][]Value{}
	for _, v := range values {
		share[v.Customer] = append(share[v.Customer], v)
	}
	all := make([][]Value, len(customers))
	for i, row := range customers {
		all[i] = share[row]
	}
	return all, nil
}

// valueColumns are those of a value v and its tag t.
const valueColumns = "v.customer_id, v.value, v.score, v.computed_at, v.valid_until, v.source, " + tagColumns

// counting is the condition on values v of tags t that they count at asOf. keys are the keys wanted; nil: all.
func (s *Service) counting(keys []string, asOf time.Time, args *store.Args) string {
	condition := "v.current AND (v.valid_until IS NULL OR v.valid_until > " + args.Bind(asOf.UTC()) + ")"
	if keys != nil {
		condition += " AND t.key IN (SELECT key FROM " + store.Relation(s.db.Dialect(), "wanted", args, store.Texts("key", storable(keys))) + ")"
	}
	return condition
}

// byKey sorts values here: the databases sort texts each in its own way.
func byKey(values []Value) {
	slices.SortFunc(values, func(a, b Value) int { return strings.Compare(a.Tag.Key, b.Tag.Key) })
}

func scanValue(row store.Row, v *Value) error {
	var computed, created store.Instant
	var until *store.Instant
	targets := append([]any{&v.Customer, (*[]byte)(&v.Value), &v.Score, &computed, &until, &v.Source}, v.Tag.scanned(&created)...)
	err := row.Scan(targets...)
	v.ComputedAt, v.Tag.CreatedAt = computed.Time, created.Time
	if until != nil {
		v.ValidUntil = &until.Time
	}
	return err
}

// storable leaves out what cannot be a key: no tag has it, and the databases refuse some of it.
func storable(keys []string) []string {
	kept := make([]string, 0, len(keys))
	for _, key := range keys {
		if key, err := cleanKey(key); err == nil {
			kept = append(kept, key)
		}
	}
	return kept
}

func nfc(key string) string {
	cleaned, _ := cleanKey(key)
	return cleaned
}

func inOrder[K, N comparable](wanted []K, tags []Tag, name func(*Tag) N, same func(K) N) []*Tag {
	by := make(map[N]*Tag, len(tags))
	for i := range tags {
		by[name(&tags[i])] = &tags[i]
	}
	all := make([]*Tag, len(wanted))
	for i, one := range wanted {
		all[i] = by[same(one)]
	}
	return all
}
