// Package attribute keeps how each attribute survives, and makes golden records from all that was said.
//
// A statement that comes competes with the one that survived, where two statements are enough to tell (see golden.Policy). Everything
// else goes back to the observations: folds, customers that were split, evidence that was withdrawn, policies that were changed.
package attribute

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/onecdp/onecdp/ent"
	"github.com/onecdp/onecdp/ent/attributetype"
	"github.com/onecdp/onecdp/internal/golden"
	"github.com/onecdp/onecdp/internal/store"
)

// MaxName is the length of the longest name of an attribute or a source, in Unicode code points.
const MaxName = 512

// Type is how an attribute survives.
type Type struct {
	ID           int32
	Name         string
	Survivorship golden.Survivorship
	Sources      []string // the most trusted first; they count for SOURCE_PRIORITY alone
}

// Service keeps attribute types. It is safe for concurrent use.
type Service struct {
	db    *store.DB
	known atomic.Pointer[Policies]
}

// New returns the service of a migrated database.
func New(db *store.DB) *Service { return &Service{db: db} }

// All are the attributes that anything was ever said of or that were defined, by name.
func (s *Service) All(ctx context.Context) ([]Type, error) {
	rows, err := s.db.Ent().AttributeType.Query().All(ctx)
	if err != nil {
		return nil, fmt.Errorf("read attribute types: %w", err)
	}
	types := make([]Type, len(rows))
	for i, row := range rows {
		types[i] = typeOf(row)
	}
	slices.SortFunc(types, func(a, b Type) int { return strings.Compare(a.Name, b.Name) }) // the databases' orders of texts differ
	return types, nil
}

// ByIDs finds attribute types. The result is in order, nil where there is none.
func (s *Service) ByIDs(ctx context.Context, ids []int32) ([]*Type, error) {
	rows, err := s.db.Ent().AttributeType.Query().Where(attributetype.IDIn(ids...)).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("find attribute types: %w", err)
	}
	found := map[int32]*Type{}
	for _, row := range rows {
		one := typeOf(row)
		found[one.ID] = &one
	}
	all := make([]*Type, len(ids))
	for i, id := range ids {
		all[i] = found[id]
	}
	return all, nil
}

func typeOf(row *ent.AttributeType) Type {
	return Type{ID: row.ID, Name: row.Name, Survivorship: golden.Survivorship(row.Survivorship), Sources: row.Sources}
}
