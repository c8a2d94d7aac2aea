package attribute

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/onecdp/onecdp/internal/identity"
	"github.com/onecdp/onecdp/internal/store"
)

// Order breaks ties between statements of one instant, reading the identities concerned when it must.
// Err is the first error that stood in its way; look at it when done.
type Order struct {
	Err error

	ctx  context.Context
	tx   *store.Tx
	db   *store.DB
	seen map[int64]identity.Identity
}

// Order returns the order of statements, for one transaction.
func (s *Service) Order(ctx context.Context, tx *store.Tx) *Order {
	return &Order{ctx: ctx, tx: tx, db: s.db, seen: map[int64]identity.Identity{}}
}

// CompareIdentities compares two identities, by number, by (type, scope, value).
func (o *Order) CompareIdentities(a, b int64) int {
	o.Load([]int64{a, b})
	x, y := o.seen[a], o.seen[b]
	return cmp.Or(strings.Compare(string(x.Type), string(y.Type)), strings.Compare(x.Scope, y.Scope), strings.Compare(x.Value, y.Value))
}

// CompareSources compares two sources, by number, by name.
func (o *Order) CompareSources(a, b int32) int {
	if err := o.tx.LoadWords(o.ctx, store.Sources, []int32{a, b}); err != nil && o.Err == nil {
		o.Err = err
	}
	return strings.Compare(o.db.Word(store.Sources, a), o.db.Word(store.Sources, b))
}

// Load reads identities that are going to be compared, all at once. One that there is not compares as empty.
func (o *Order) Load(identities []int64) {
	missing := slices.DeleteFunc(slices.Clone(identities), func(id int64) bool {
		_, known := o.seen[id]
		return known
	})
	if len(missing) == 0 {
		return
	}
	for _, id := range missing {
		o.seen[id] = identity.Identity{}
	}
	var args store.Args
	given := store.Relation(o.tx.Dialect(), "given", &args, store.Int64s("id", missing))
	rows, err := o.tx.Query(o.ctx, "SELECT i.id, t.name, i.scope, i.value FROM identities i JOIN identity_types t ON t.id = i.type_id"+
		" WHERE i.id IN (SELECT id FROM "+given+")", args...)
	if _, err = store.Collect(rows, err, func(row store.Row, _ *struct{}) error {
		var (
			number int64
			id     identity.Identity
		)
		err := row.Scan(&number, &id.Type, &id.Scope, &id.Value)
		o.seen[number] = id
		return err
	}); err != nil && o.Err == nil {
		o.Err = err
	}
}
