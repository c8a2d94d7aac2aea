package access

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
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
	errWrongKey = fault.New(fault.Unauthenticated, "the key is unknown, revoked or expired")
)

// Key is what may be known of a key after it was made.
type Key struct {
	Name      string
	Hint      string // the last four characters of the secret
	Scopes    []Scope
	CreatedAt time.Time
	ExpiresAt *time.Time // nil: never
	RevokedAt *time.Time // nil: in force
}

// Service keeps the keys of one database. It is safe for concurrent use.
type Service struct {
	db          *store.DB
	environment *digest // the operator's own admin key
	sessions    sessions
}

// New makes the service. adminKey is a secret that the operator chose, with every scope; "" for none.
func New(db *store.DB, adminKey string) *Service {
	s := &Service{db: db, sessions: sessions{end: map[digest]time.Time{}}}
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
	}
	return keys, nil
}

// Revoke ends a key at once, on every server. An unknown name is NOT_FOUND; revoking again changes nothing.
func (s *Service) Revoke(ctx context.Context, name string) error {
	unknown := fault.New(fault.NotFound, "there is no key of this name").At(fault.Path{"name"})
	name, err := checkName(name)
	if err != nil {
		return unknown // what cannot be a name is nobody's
	}
	return s.db.WithTx(ctx, func(tx *store.Tx) error {
		exists, err := tx.Ent().APIKey.Query().Where(apikey.Name(name)).Exist(ctx)
		if err != nil {
			return err
		}
		if !exists {
			return unknown
		}
		return tx.Ent().APIKey.Update().Where(apikey.Name(name), apikey.RevokedAtIsNil()).SetRevokedAt(tx.Now).Exec(ctx)
	})
}

// Authenticate finds who a secret belongs to. An unknown, expired or revoked one is UNAUTHENTICATED,
// all with the same message. now decides what has expired. Nothing is cached, so that a key revoked on one server is dead on all.
func (s *Service) Authenticate(ctx context.Context, secret string, now time.Time) (Caller, error) {
	if secret == "" {
		return Caller{}, errNoKey
	}
	sent := digestOf(secret)
	if s.environment != nil && subtle.ConstantTimeCompare(sent[:], s.environment[:]) == 1 {
		return Caller{Name: environmentName, Scopes: Scopes()}, nil
	}
	if !wellFormed(secret) {
		return Caller{}, errWrongKey
	}
	if s.sessions.valid(sent, now) {
		return Caller{Name: sessionName, Scopes: []Scope{Read, Ingest, Manage, Personal}, Session: true}, nil
	}
	row, err := s.db.Ent().APIKey.Query().Where(apikey.Digest(sent[:])).Only(ctx)
	if ent.IsNotFound(err) {
		return Caller{}, errWrongKey
	}
	if err != nil {
		return Caller{}, err
	}
	if len(row.Digest) != sha256.Size || subtle.ConstantTimeCompare(sent[:], row.Digest) != 1 ||
		row.RevokedAt != nil || (row.ExpiresAt != nil && !now.Before(*row.ExpiresAt)) {
		return Caller{}, errWrongKey
	}
	return Caller{Name: row.Name, Scopes: keyOf(row).Scopes}, nil
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
	key := Key{Name: row.Name, Hint: row.Hint, CreatedAt: row.CreatedAt, ExpiresAt: row.ExpiresAt, RevokedAt: row.RevokedAt}
	for _, scope := range row.Scopes {
		key.Scopes = append(key.Scopes, Scope(scope))
	}
	return key
}
