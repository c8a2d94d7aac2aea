package oneid

import (
	"cmp"
	"context"
	"strings"

	"github.com/onecdp/onecdp/internal/identity"
	"github.com/onecdp/onecdp/internal/store"
)

// Order breaks ties between statements of one instant, reading the identities concerned when it must.
// Err is the first error that stood in its way; look at it when done.
type Order struct {
	Err error

	ctx   context.Context
	tx    *store.Tx
	names *Service
	seen  map[int64]identity.Identity
}

// Order returns the order of statements, for one transaction.
func (s *Service) Order(ctx context.Context, tx *store.Tx) *Order {
	return &Order{ctx: ctx, tx: tx, names: s, seen: map[int64]identity.Identity{}}
}

// CompareIdentities compares two identities, by number, by (type, scope, value).
func (o *Order) CompareIdentities(a, b int64) int {
	x, y := o.identity(a), o.identity(b)
	return cmp.Or(strings.Compare(string(x.Type), string(y.Type)), strings.Compare(x.Scope, y.Scope), strings.Compare(x.Value, y.Value))
}

// CompareSources compares two sources, by number, by name.
func (o *Order) CompareSources(a, b int32) int {
	if err := o.tx.LoadWords(o.ctx, store.Sources, []int32{a, b}); err != nil && o.Err == nil {
		o.Err = err
	}
	return strings.Compare(o.names.db.Word(store.Sources, a), o.names.db.Word(store.Sources, b))
}

func (o *Order) identity(number int64) identity.Identity {
	if id, known := o.seen[number]; known {
		return id
	}
	rows, err := o.tx.Query(o.ctx, "SELECT type_id, scope, value FROM identities WHERE id = $1", number)
	found, err := store.Collect(rows, err, func(row store.Row, into *identity.Identity) error {
		var typ int32
		err := row.Scan(&typ, &into.Scope, &into.Value)
		into.Type = o.names.TypeName(typ)
		return err
	})
	if err != nil && o.Err == nil {
		o.Err = err
	}
	var id identity.Identity
	if len(found) == 1 {
		id = found[0]
	}
	o.seen[number] = id
	return id
}
