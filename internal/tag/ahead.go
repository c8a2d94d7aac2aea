package tag

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/onecdp/onecdp/internal/profile"
	"github.com/onecdp/onecdp/internal/store"
)

// Ahead reads the tags of customers into what OfCustomers would return for those that are found. ok is false where the database has
// no use for it.
func (s *Service) Ahead(keys []string, asOf time.Time, into *[][]Value) (ahead profile.Ahead, ok bool) {
	gathered, ok := s.db.Dialect().Nested("v.value", "v.score", "v.computed_at", "v.valid_until", "v.source", "t.id", "t.version")
	if !ok {
		return profile.Ahead{}, false
	}
	shape := "tags"
	if keys != nil {
		shape = "tags+"
	}
	return profile.Ahead{
		Shape: shape,
		Bind:  func(args *store.Args) { s.counting(keys, asOf, args) },
		Expression: func(args *store.Args) string {
			return "SELECT " + gathered + " FROM customer_tags v JOIN tags t ON t.id = v.tag_id WHERE v.customer_id = c.id AND " + s.counting(keys, asOf, args)
		},
		Take: func(ctx context.Context, customers []profile.Row, lists [][]byte) error {
			all := make([][]Value, len(customers))
			for i, list := range lists {
				values, err := store.ReadNested(list, readLean)
				if err != nil {
					return fmt.Errorf("read the tags of customers: %w", err)
				}
				all[i] = values
			}
			if err := s.known.complete(ctx, s, all); err != nil {
				return err
			}
			for i, values := range all {
				values = slices.DeleteFunc(values, func(v Value) bool { return v.Tag.Key == "" }) // of a tag that has just gone
				byKey(values)
				all[i] = values
				for j := range values {
					values[j].Customer = customers[i]
				}
			}
			*into = all
			return nil
		},
	}, true
}

// readLean reads a value with no more of its tag than what tells it.
func readLean(row *store.Cells, v *Value) {
	v.Value, v.ComputedAt, v.Source, v.Tag.ID, v.Tag.Version = row.Document(0), row.Time(2), row.Text(4), row.Int(5), int(row.Int(6))
	if !row.Null(1) {
		v.Score = new(row.Float(1))
	}
	if !row.Null(3) {
		v.ValidUntil = new(row.Time(3))
	}
}

// mostKnown bounds the memory that tags take.
const mostKnown = 10_000

// known remembers tags. Whatever changes about a tag, its version does too, so that what is remembered of a version stays right.
type known struct {
	mu   sync.RWMutex
	tags map[tagVersion]Tag
}

type tagVersion struct {
	id      int64
	version int
}

// complete puts the tags of values that have nothing but number and version.
func (k *known) complete(ctx context.Context, s *Service, lists [][]Value) error {
	missing := k.fill(lists)
	if len(missing) == 0 {
		return nil
	}
	tags, err := s.ByIDs(ctx, missing)
	if err != nil {
		return err
	}
	now := map[int64]*Tag{}
	k.mu.Lock()
	if len(k.tags)+len(tags) > mostKnown || k.tags == nil {
		k.tags = map[tagVersion]Tag{}
	}
	for i, tag := range tags {
		if now[missing[i]] = tag; tag != nil {
			k.tags[tagVersion{tag.ID, tag.Version}] = *tag
		}
	}
	k.mu.Unlock()
	for _, values := range lists {
		for i := range values {
			if tag := now[values[i].Tag.ID]; tag != nil && values[i].Tag.Key == "" {
				values[i].Tag = *tag // perhaps newer than the value was read: as if it had been read a little later
			}
		}
	}
	return nil
}

// fill puts the tags that are remembered, and returns the numbers of the others.
func (k *known) fill(lists [][]Value) (missing []int64) {
	seen := map[int64]bool{}
	k.mu.RLock()
	defer k.mu.RUnlock()
	for _, values := range lists {
		for i := range values {
			tag, remembered := k.tags[tagVersion{values[i].Tag.ID, values[i].Tag.Version}]
			switch {
			case remembered:
				values[i].Tag = tag
			case !seen[values[i].Tag.ID]:
				seen[values[i].Tag.ID] = true
				missing = append(missing, values[i].Tag.ID)
			}
		}
	}
	return missing
}
