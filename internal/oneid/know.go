package oneid

import (
	"context"
	"slices"

	"github.com/onecdp/onecdp/internal/identity"
	"github.com/onecdp/onecdp/internal/store"
)

// known is what the tables say about the identities of a batch.
type known struct {
	Facts
	number map[identity.Identity]int64 // the numbers of identities that exist
}

func (s *Service) know(ctx context.Context, tx *store.Tx, stars []Star) (known, error) {
	k := known{
		Facts:  Facts{Owner: map[identity.Identity]Row{}, Standings: map[Row]Standing{}},
		number: map[identity.Identity]int64{},
	}
	shown := identitiesOf(stars)
	all := append(slices.Clone(shown), s.hashesOf(shown)...)
	keys, numbers := make([][]byte, len(all)), make([]int64, len(all))
	var owners []int64
	for i, id := range all {
		key := id.Key()
		keys[i], numbers[i] = key[:], int64(i)
	}
	var args store.Args
	given := store.Relation(tx.Dialect(), "given", &args, store.Int64s("n", numbers), store.Bytes("key", keys))
	rows, err := tx.Query(ctx, "SELECT given.n, i.id, coalesce(i.customer_id, 0) FROM "+given+" JOIN identities i ON i.key = given.key", args...)
	if _, err := store.Collect(rows, err, func(row store.Row, _ *struct{}) error {
		var n, number, owner int64
		if err := row.Scan(&n, &number, &owner); err != nil {
			return err
		}
		k.number[all[n]], k.Owner[all[n]] = number, Row(owner)
		owners = append(owners, owner)
		return nil
	}); err != nil {
		return k, err
	}
	emails, err := s.emailsOf(ctx, tx, shown, &k)
	if err != nil {
		return k, err
	}
	for _, email := range emails {
		owners = append(owners, int64(k.Owner[email]))
	}
	k.Derived = s.derived(shown, emails, k.number)
	if len(owners) == 0 {
		return k, nil
	}
	slices.Sort(owners)
	args = nil
	given = store.Relation(tx.Dialect(), "given", &args, store.Int64s("id", slices.Compact(owners)))
	rows, err = tx.Query(ctx, "SELECT c.id, c.public_id, c.created_at, c.identity_count, EXISTS (SELECT 1 FROM identities i"+
		" JOIN identity_types t ON t.id = i.type_id WHERE i.customer_id = c.id AND t.strength = 'STRONG') FROM "+given+
		" JOIN customers c ON c.id = given.id", args...)
	_, err = store.Collect(rows, err, func(row store.Row, _ *struct{}) error {
		var number Row
		var standing Standing
		var created store.Instant
		if err := row.Scan(&number, &standing.Handle, &created, &standing.Size, &standing.Strong); err != nil {
			return err
		}
		standing.CreatedAt = created.Time
		k.Standings[number] = standing
		return nil
	})
	return k, err
}

func identitiesOf(stars []Star) []identity.Identity {
	seen := map[identity.Identity]bool{}
	var all []identity.Identity
	for _, star := range stars {
		for _, id := range star.Identities {
			if !seen[id] {
				seen[id] = true
				all = append(all, id)
			}
		}
	}
	return all
}
