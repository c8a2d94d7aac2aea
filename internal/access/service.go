package access

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"time"
	"unicode"

	"github.com/onecdp/onecdp/ent"
	"github.com/onecdp/onecdp/ent/apikey"
	"github.com/onecdp/onecdp/internal/fault"
	"github.com/onecdp/onecdp/internal/store"
	"github.com/onecdp/onecdp/internal/value"
)

const (
	firstName       = "admin"           // the key of the first start
	environmentName = "environment key" // the key that the operator set
)

var (
	errNoKey    = fault.New(fault.Unauthenticated, "a key is needed").WithHint("send the header Authorization: Bearer KEY")
	errWrongKey = fault.New(fault.Unauthenticated, "the key is unknown, revoked or expired").WithHint("made in another database?")
)

// Key is what may be known of a key after it was made.
type Key struct {
	Name      string
	Hint      string // the last four characters of the secret
	Scopes    []Scope
	CreatedAt time.Time
	ExpiresAt *time.Time // nil: never
	RevokedAt *time.Time // nil: in force

	PreviousUntil *time.Time // when the secret before ends, which may be over; nil: there is none
	LastUsedAt    *time.Time // to the minute; nil: never
}

// Overlap is until when the secret before the present one works; nil when it does no more, or there is none.
func (k Key) Overlap(now time.Time) *time.Time {
	until := k.PreviousUntil
	if until == nil || k.RevokedAt != nil || !now.Before(*until) {
		return nil
	}
	if k.ExpiresAt != nil && k.ExpiresAt.Before(*until) {
		until = k.ExpiresAt
	}
	if !now.Before(*until) {
		return nil
	}
	return until
}

// Service keeps the keys of one database. It is safe for concurrent use.
type Service struct {
	db          *store.DB
	environment *digest // the operator's own admin key
	sessions    sessions
	checks      checks
	uses        uses
}

// New makes the service. adminKey is a secret that the operator chose, with every scope; "" for none. A service that
// authenticates is to be closed.
func New(db *store.DB, adminKey string) *Service {
	s := &Service{db: db, sessions: sessions{end: map[digest]time.Time{}}, checks: checks{db: db}, uses: uses{db: db}}
	if adminKey != "" {
		key := digestOf(adminKey)
		s.environment = &key
	}
	return s
}

// Create makes a key and returns its secret, which nobody can learn later. A name in use, be it a
// revoked key's, is a CONFLICT; a bad name, scope or time of expiry BAD_USER_INPUT.
func (s *Service) Create(ctx context.Context, name string, scopes []Scope, expiresAt *time.Time) (secret string, key Key, err error) {
	name, err = checkName(name)
	if err != nil {
		return "", Key{}, err
	}
	names := make([]string, len(scopes))
	for i, scope := range scopes {
		names[i] = string(scope)
	}
	if scopes, err = ParseScopes(names); err != nil {
		return "", Key{}, err
	}
	secret = newSecret()
	err = s.db.WithTx(ctx, func(tx *store.Tx) error {
		if expiresAt != nil && !expiresAt.After(tx.Now) {
			return fault.Bad(fault.Path{"expiresAt"}, "the time of expiry has passed")
		}
		key, err = insert(ctx, tx, name, secret, scopes, expiresAt)
		return err
	})
	if err != nil {
		return "", Key{}, err
	}
	return secret, key, nil
}

// FirstStart makes the admin key of a database that has no key yet and returns its secret; "" when
// there is nothing to make, or when the operator has set a key. Of several servers that start at once
// one gets the secret.
func (s *Service) FirstStart(ctx context.Context) (secret string, err error) {
	if s.environment != nil {
		return "", nil
	}
	made := ""
	err = s.db.WithTx(ctx, func(tx *store.Tx) error {
		made = ""
		exists, err := tx.Ent().APIKey.Query().Exist(ctx)
		if err != nil || exists {
			return err
		}
		made = newSecret()
		_, err = insert(ctx, tx, firstName, made, []Scope{Admin}, nil)
		return err
	})
	if errors.Is(err, errTaken) { // another server was quicker
		return "", nil
	}
	if err != nil {
		return "", err
	}
	return made, nil
}

// List returns all keys, revoked and expired ones included, by name.
func (s *Service) List(ctx context.Context) ([]Key, error) {
	rows, err := s.db.Ent().APIKey.Query().Order(apikey.ByName()).All(ctx)
	if err != nil {
		return nil, err
	}
	keys := make([]Key, len(rows))
	for i, row := range rows {
		keys[i] = keyOf(row)
		keys[i].LastUsedAt = s.uses.newest(row.ID, keys[i].LastUsedAt)
	}
	return keys, nil
}

// ByName returns a key. An unknown name is NOT_FOUND.
func (s *Service) ByName(ctx context.Context, name string) (Key, error) {
	name, err := checkName(name)
	if err != nil {
		return Key{}, errUnknown
	}
	row, err := s.db.Ent().APIKey.Query().Where(apikey.Name(name)).Only(ctx)
	if ent.IsNotFound(err) {
		return Key{}, errUnknown
	}
	if err != nil {
		return Key{}, err
	}
	key := keyOf(row)
	key.LastUsedAt = s.uses.newest(row.ID, key.LastUsedAt)
	return key, nil
}

// Revoke ends a key at once, on every server. An unknown name is NOT_FOUND; revoking again changes nothing.
func (s *Service) Revoke(ctx context.Context, name string) error {
	name, err := checkName(name)
	if err != nil {
		return errUnknown // what cannot be a name is nobody's
	}
	return s.db.WithTx(ctx, func(tx *store.Tx) error {
		exists, err := tx.Ent().APIKey.Query().Where(apikey.Name(name)).Exist(ctx)
		if err != nil {
			return err
		}
		if !exists {
			return errUnknown
		}
		return tx.Ent().APIKey.Update().Where(apikey.Name(name), apikey.RevokedAtIsNil()).SetRevokedAt(tx.Now).Exec(ctx)
	})
}

// checkName returns a name in NFC without blanks around it.
func checkName(name string) (string, error) {
	at := fault.Path{"name"}
	name, err := value.Name(strings.TrimSpace(name), at, value.MaxName)
	switch {
	case err != nil:
		return "", err
	case strings.ContainsFunc(name, func(r rune) bool { return !unicode.IsPrint(r) }):
		return "", fault.Bad(at, "a name has no control characters")
	case name == sessionName || name == environmentName:
		return "", fault.New(fault.Conflict, "the name is the product's own").At(at)
	}
	return name, nil
}

// errUnknown says that no key has the name.
var errUnknown = fault.New(fault.NotFound, "there is no key of this name").At(fault.Path{"name"})

// errTaken says that a key of the name exists.
var errTaken = fault.New(fault.Conflict, "a key of this name exists").At(fault.Path{"name"}).WithHint("revoked keys keep their names")

// insert adds a key, or fails with errTaken.
func insert(ctx context.Context, tx *store.Tx, name, secret string, scopes []Scope, expiresAt *time.Time) (Key, error) {
	key := Key{Name: name, Hint: secret[len(secret)-hintLength:], Scopes: scopes, CreatedAt: tx.Now}
	list, err := json.Marshal(scopes)
	if err != nil {
		return Key{}, err
	}
	sum := digestOf(secret)
	columns := []store.Column{
		store.Texts("name", []string{name}), store.Bytes("digest", [][]byte{sum[:]}), store.Texts("hint", []string{key.Hint}),
		store.Documents("scopes", [][]byte{list}), store.Times("created_at", []time.Time{tx.Now}),
	}
	if expiresAt != nil {
		end := expiresAt.UTC().Truncate(time.Microsecond)
		key.ExpiresAt = &end
		columns = append(columns, store.Times("expires_at", []time.Time{end}))
	}
	// Not an error of the database: what its text says differs, and is not ours to read.
	added, err := tx.InsertRows(ctx, "api_keys", "ON CONFLICT (name) DO NOTHING", columns...)
	if err == nil && added == 0 {
		err = errTaken
	}
	return key, err
}

func keyOf(row *ent.APIKey) Key {
	key := Key{
		Name: row.Name, Hint: row.Hint, CreatedAt: row.CreatedAt, ExpiresAt: row.ExpiresAt, RevokedAt: row.RevokedAt,
		PreviousUntil: row.PreviousUntil, LastUsedAt: row.LastUsedAt,
	}
	for _, scope := range row.Scopes {
		key.Scopes = append(key.Scopes, Scope(scope))
	}
	return key
}
