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

// know reads what a plan rests on.
func (s *Service) know(ctx context.Context, tx *store.Tx, rules *Rules, stars []Star) (known, error) {
	k, err := s.meet(ctx, tx, rules, stars)
	if err != nil {
		return k, err
	}
	var owners []int64
	for _, owner := range k.Owner {
		if owner != 0 {
			owners = append(owners, int64(owner))
		}
	}
	if len(owners) == 0 {
		return k, nil
	}
	slices.Sort(owners)
	return k, s.stand(ctx, tx, rules, slices.Compact(owners), k.Standings)
}

// meet reads all that a plan rests on but how customers stand.
func (s *Service) meet(ctx context.Context, tx *store.Tx, rules *Rules, stars []Star) (known, error) {
	k := known{
		Facts: Facts{
			Owner: map[identity.Identity]Row{}, Shared: map[identity.Identity]bool{}, Ruled: map[identity.Identity]bool{},
			Standings: map[Row]Standing{},
		},
		number: map[identity.Identity]int64{},
	}
	shown := identitiesOf(stars)
	all := append(slices.Clone(shown), hashesOf(rules, shown)...)
	keys, numbers := make([][]byte, len(all)), make([]int64, len(all))
	for i, id := range all {
		key := id.Key()
		keys[i], numbers[i] = key[:], int64(i)
	}
	var args store.Args
	given := store.Relation(tx.Dialect(), "given", &args, store.Int64s("n", numbers), store.Bytes("key", keys))
	rows, err := tx.Query(ctx, "SELECT given.n, i.id, coalesce(i.customer_id, 0), i.shared, i.ruled FROM "+given+" JOIN identities i ON i.key = given.key", args...)
	if _, err := store.Collect(rows, err, func(row store.Row, _ *struct{}) error {
		var n, number int64
		var owner Row
		var shared, ruled bool
		if err := row.Scan(&n, &number, &owner, &shared, &ruled); err != nil {
			return err
		}
		k.note(all[n], number, owner, shared, ruled)
		return nil
	}); err != nil {
		return k, err
	}
	emails, err := s.emailsOf(ctx, tx, rules, shown, &k)
	if err != nil {
		return k, err
	}
	k.Derived = derived(rules, shown, emails, k.Owner)
	return k, nil
}

func (k *known) note(id identity.Identity, number int64, owner Row, shared, ruled bool) {
	k.number[id], k.Owner[id] = number, owner
	if shared {
		k.Shared[id] = true
	}
	if ruled {
		k.Ruled[id] = true
	}
}

// stand finds out how customers stand.
func (s *Service) stand(ctx context.Context, tx *store.Tx, rules *Rules, owners []int64, into map[Row]Standing) error {
	var args store.Args
	given := store.Relation(tx.Dialect(), "given", &args, store.Int64s("id", owners))
	rows, err := tx.Query(ctx, "SELECT c.id, c.public_id, c.created_at, c.identity_count, coalesce(c.part_id, 0), i.type_id, i.scope, count(*) FROM "+given+
		" JOIN customers c ON c.id = given.id JOIN identities i ON i.customer_id = c.id GROUP BY c.id, c.public_id, c.created_at, c.identity_count, c.part_id, i.type_id, i.scope", args...)
	_, err = store.Collect(rows, err, func(row store.Row, _ *struct{}) error {
		var (
			number  Row
			found   Standing
			created store.Instant
			typ     int32
			scope   string
			n       int
		)
		if err := row.Scan(&number, &found.Handle, &created, &found.Size, &found.Part, &typ, &scope, &n); err != nil {
			return err
		}
		standing, known := into[number]
		if !known {
			standing, standing.CreatedAt, standing.Counts = found, created.Time, map[Kind]int{}
		}
		standing.Counts[Kind{rules.TypeName(typ), scope}] += n
		into[number] = standing
		return nil
	})
	return err
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
