package oneid

import (
	"context"
	"slices"

	"github.com/onecdp/onecdp/internal/identity"
	"github.com/onecdp/onecdp/internal/store"
)

// meetHashes makes, in one order, the rows at which those who show an email and those who show its hash meet.
func meetHashes(ctx context.Context, tx *store.Tx, rules *Rules, stars []Star) error {
	var hashes []string
	for _, id := range identitiesOf(stars) {
		if hash, ok := rules.Registry.Derived(id); ok {
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
func hashesOf(rules *Rules, shown []identity.Identity) []identity.Identity {
	among := set(shown)
	var hashes []identity.Identity
	for _, id := range shown {
		if hash, ok := rules.Registry.Derived(id); ok && !among[hash] {
			hashes = append(hashes, hash)
		}
	}
	return hashes
}

// emailsOf finds the emails that hashes among the identities belong to, and notes in k what is known of them.
func (s *Service) emailsOf(ctx context.Context, tx *store.Tx, rules *Rules, shown []identity.Identity, k *known) ([]identity.Identity, error) {
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
	rows, err := tx.Query(ctx, "SELECT i.id, i.type_id, i.scope, i.value, coalesce(i.customer_id, 0), i.shared, i.ruled FROM "+given+
		" JOIN identities i ON i.derived_key = given.key WHERE i.derived_key IS NOT NULL ORDER BY i.id", args...)
	return store.Collect(rows, err, func(row store.Row, email *identity.Identity) error {
		var number int64
		var owner Row
		var typ int32
		var shared, ruled bool
		if err := row.Scan(&number, &typ, &email.Scope, &email.Value, &owner, &shared, &ruled); err != nil {
			return err
		}
		email.Type = rules.TypeName(typ)
		k.note(*email, number, owner, shared, ruled)
		return nil
	})
}

// derived lists the emails and hashes of which both are shown or have an owner.
func derived(rules *Rules, shown, found []identity.Identity, owner map[identity.Identity]Row) []Derived {
	among, told := set(shown), map[identity.Identity]bool{}
	var all []Derived
	for _, email := range append(slices.Clone(shown), found...) {
		hash, ok := rules.Registry.Derived(email)
		if ok && !told[email] && (among[email] || owner[email] != 0) && (among[hash] || owner[hash] != 0) {
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
