package access

import (
	"context"
	"time"

	"github.com/onecdp/onecdp/ent/apikey"
	"github.com/onecdp/onecdp/internal/fault"
	"github.com/onecdp/onecdp/internal/rule"
	"github.com/onecdp/onecdp/internal/store"
)

const (
	usualOverlap   = "P1D"
	longestOverlap = 90 * 24 * time.Hour
)

// Rotate gives a key a new secret and returns it. The present secret works on for overlap, an ISO 8601 duration of at most
// 90 days; nil is a day, PT0S ends it at once. A secret before the present one ends at once.
//
// An overlap that is none is BAD_USER_INPUT, an unknown name NOT_FOUND, a key that was revoked or has expired a CONFLICT.
func (s *Service) Rotate(ctx context.Context, name string, overlap *string) (secret string, key Key, err error) {
	length, err := readOverlap(overlap)
	if err != nil {
		return "", Key{}, err
	}
	if name, err = checkName(name); err != nil {
		return "", Key{}, errUnknown
	}
	secret = newSecret()
	err = s.db.WithTx(ctx, func(tx *store.Tx) error {
		until := length.After(tx.Now, time.UTC)
		if until.Sub(tx.Now) > longestOverlap {
			return errOverlap
		}
		return replaceSecret(ctx, tx, name, secret, until)
	})
	if err != nil {
		return "", Key{}, err
	}
	key, err = s.ByName(ctx, name)
	return secret, key, err
}

var errOverlap = fault.Bad(fault.Path{"overlap"}, "the overlap is a duration of at most 90 days").WithHint("like P1D or PT30M; PT0S for none")

func readOverlap(overlap *string) (rule.Duration, error) {
	text := usualOverlap
	if overlap != nil {
		text = *overlap
	}
	length, ok := rule.ParseDuration(text)
	if !ok || length.TooLong() {
		return rule.Duration{}, errOverlap
	}
	return length, nil
}

// replaceSecret puts a secret in the place of the present one, which works until then.
func replaceSecret(ctx context.Context, tx *store.Tx, name, secret string, until time.Time) error {
	rows, err := tx.Query(ctx, "SELECT id, digest, expires_at, revoked_at IS NOT NULL FROM api_keys WHERE name = $1"+tx.Dialect().ForUpdate(), name)
	found, err := store.Collect(rows, err, func(row store.Row, k *keyRow) error {
		var expires store.Instant
		err := row.Scan(&k.id, &k.digest, &expires, &k.revoked)
		k.expires = timeOrNil(expires)
		return err
	})
	if err != nil {
		return err
	}
	at := fault.Path{"name"}
	switch {
	case len(found) == 0:
		return errUnknown
	case found[0].revoked:
		return fault.New(fault.Conflict, "the key was revoked").At(at).WithHint("make a new one")
	case found[0].expires != nil && !tx.Now.Before(*found[0].expires):
		return fault.New(fault.Conflict, "the key has expired").At(at).WithHint("make a new one")
	}
	sum := digestOf(secret)
	update := tx.Ent().APIKey.Update().Where(apikey.ID(found[0].id)).SetDigest(sum[:]).SetHint(secret[len(secret)-hintLength:])
	if until.After(tx.Now) {
		update.SetPreviousDigest(found[0].digest).SetPreviousUntil(until)
	} else {
		update.ClearPreviousDigest().ClearPreviousUntil()
	}
	return update.Exec(ctx)
}
