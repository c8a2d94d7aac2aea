package oneid

import (
	"context"
	"slices"

	"github.com/onecdp/onecdp/internal/identity"
	"github.com/onecdp/onecdp/internal/store"
)

// meetHashes makes, in one order, the rows at which those who show an email and those who show its hash meet.
func (s *Service) meetHashes(ctx context.Context, tx *store.Tx, stars []Star) error {
	var hashes []string
	for _, id := range identitiesOf(stars) {
		if hash, ok := s.registry.Derived(id); ok {
			hashes = append(hashes, hash.Value)
		}
		if id.Type == identity.EmailSHA256 {
			hashes = append(hashes, id.Value)
		}
	}
	slices.Sort(hashes)
	_, err := tx.InsertRows(ctx, "email_hashes", "ON CONFLICT DO NOTHING", store.Texts("hash", slices.Compact(hashes)))
	return err
}

// hashesOf lists the email_sha256 of the emails among identities, where they are not among them themselves.
func (s *Service) hashesOf(shown []identity.Identity) []identity.Identity {
	among := set(shown)
	var hashes []identity.Identity
	for _, id := range shown {
		if hash, ok := s.registry.Derived(id); ok && !among[hash] {
			hashes = append(hashes, hash)
		}
	}
	return hashes
}

// emailsOf finds the emails that hashes among the identities belong to, and notes in k what is known of them.
func (s *Service) emailsOf(ctx context.Context, tx *store.Tx, shown []identity.Identity, k *known) ([]identity.Identity, error) {
	var keys [][]byte
	for _, id := range shown {
		if id.Type == identity.EmailSHA256 {
			key := id.Key()
			keys = append(keys, key[:])
		}
	}
	if len(keys) == 0 {
		return nil, nil
	}
	var args store.Args
	given := store.Relation(tx.Dialect(), "given", &args, store.Bytes("key", keys))
	rows, err := tx.Query(ctx, "SELECT i.id, i.type_id, i.scope, i.value, coalesce(i.customer_id, 0) FROM "+given+
		" JOIN identities i ON i.derived_key = given.key WHERE i.derived_key IS NOT NULL ORDER BY i.id", args...)
	return store.Collect(rows, err, func(row store.Row, email *identity.Identity) error {
		var number, owner int64
		var typ int32
		if err := row.Scan(&number, &typ, &email.Scope, &email.Value, &owner); err != nil {
			return err
		}
		email.Type = s.TypeName(typ)
		k.number[*email], k.Owner[*email] = number, Row(owner)
		return nil
	})
}

// derived lists the emails and hashes of which both exist or are shown.
func (s *Service) derived(shown, found []identity.Identity, number map[identity.Identity]int64) []Derived {
	among, told := set(shown), map[identity.Identity]bool{}
	var all []Derived
	for _, email := range append(slices.Clone(shown), found...) {
		hash, ok := s.registry.Derived(email)
		if _, exists := number[hash]; ok && (exists || among[hash]) && !told[email] {
			told[email] = true
			all = append(all, Derived{email, hash})
		}
	}
	return all
}

func set(ids []identity.Identity) map[identity.Identity]bool {
	among := make(map[identity.Identity]bool, len(ids))
	for _, id := range ids {
		among[id] = true
	}
	return among
}
