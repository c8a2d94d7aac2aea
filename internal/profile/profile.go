// Package profile reads customers: who they are, what identifies them, what they did, which merges made them.
//
// Every method takes many and answers with one statement, in the order asked: a page of fifty customers costs what one costs in
// round trips. The words of dictionaries (names of events, channels, sources) are remembered; one more statement reads them
// when a number is met for the first time.
package profile

import (
	"context"
	"slices"
	"sync"

	"github.com/onecdp/onecdp/internal/identity"
	"github.com/onecdp/onecdp/internal/store"
)

// Types knows the identity types in force and their numbers in the database. The service that keeps the types implements it;
// reading them must not need everything that service does.
type Types interface {
	Registry() *identity.Registry
	TypeID(name identity.TypeName) (int32, bool)
	TypeName(number int32) identity.TypeName
}

// Reader reads customers. It is safe for concurrent use.
type Reader struct {
	db    source
	words func(d store.Dictionary, number int32) string
	types Types
	texts sync.Map // of statements, see columns
}

// source is what is read from: a database, or a transaction that sees its own writes.
type source interface {
	store.Querier
	LoadWords(ctx context.Context, d store.Dictionary, numbers []int32) error
}

// New returns a reader of a migrated database.
func New(db *store.DB, types Types) *Reader { return &Reader{db: db, words: db.Word, types: types} }

// Within returns a reader of what a transaction sees. It is good until that ends.
func (r *Reader) Within(tx *store.Tx) *Reader { return &Reader{db: tx, words: r.words, types: r.types} }

// places numbers the rows of a relation, so that answers find their way back.
func places(n int) store.Column {
	numbers := make([]int64, n)
	for i := range numbers {
		numbers[i] = int64(i)
	}
	return store.Int64s("place", numbers)
}

func int64s[T ~int64](values []T) []int64 {
	numbers := make([]int64, len(values))
	for i, value := range values {
		numbers[i] = int64(value)
	}
	return numbers
}

// distinct is the rows once each, as a column.
func distinct(rows []Row) store.Column {
	numbers := int64s(rows)
	slices.Sort(numbers)
	return store.Int64s("customer", slices.Compact(numbers))
}

// inOrder gives each of the rows its share.
func inOrder[T any](rows []Row, share map[Row]T) []T {
	all := make([]T, len(rows))
	for i, row := range rows {
		all[i] = share[row]
	}
	return all
}
