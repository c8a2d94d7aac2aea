package oneid

import (
	"context"
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"

	"github.com/onecdp/onecdp/ent"
	"github.com/onecdp/onecdp/ent/identitytype"
	"github.com/onecdp/onecdp/internal/attribute"
	"github.com/onecdp/onecdp/internal/identity"
	"github.com/onecdp/onecdp/internal/store"
)

// Settings are what every server of one database must agree on: with others they would compute other
// customers from the same records.
type Settings struct {
	Region        string // country of phone numbers without a country code: ISO 3166, two letters
	MaxIdentities int    // how many identities one customer may hold
}

// Service knows the identity types in force and which customer an identity belongs to.
// It is safe for concurrent use.
type Service struct {
	db       *store.DB
	settings Settings
	rules    atomic.Pointer[Rules]
	loading  sync.Mutex // held by who reads the rules
	walked   atomic.Pointer[walk]

	attributes *attribute.Service
	followers  []Follower
	guard      guard
	counters   counters
}

// Open prepares a migrated database on its first start, storing the settings and the identity types that
// exist from the start. Later it refuses settings that differ from the stored ones.
func Open(ctx context.Context, db *store.DB, settings Settings) (*Service, error) {
	err := db.WithTx(ctx, func(tx *store.Tx) error {
		if err := agree(ctx, tx, "default_region", settings.Region); err != nil {
			return err
		}
		if err := agree(ctx, tx, "max_identities", strconv.Itoa(settings.MaxIdentities)); err != nil {
			return err
		}
		if _, err := tx.InsertRows(ctx, "settings", "ON CONFLICT DO NOTHING",
			store.Texts("name", []string{versionName}), store.Texts("value", []string{firstVersion})); err != nil {
			return err
		}
		return installTypes(ctx, tx)
	})
	if err != nil {
		return nil, err
	}
	s := &Service{db: db, settings: settings, attributes: attribute.New(db)}
	return s, s.load(ctx)
}

// Registry holds the identity types in force, as this server knows them.
func (s *Service) Registry() *identity.Registry { return s.Rules().Registry }

// TypeID is the number a type has in the tables; false when it is not declared.
func (s *Service) TypeID(name identity.TypeName) (int32, bool) { return s.Rules().TypeID(name) }

// TypeName is the name of a type's number; "" when there is none.
func (s *Service) TypeName(number int32) identity.TypeName { return s.Rules().TypeName(number) }

// agree stores a setting when it is the first to name it, and compares it otherwise.
func agree(ctx context.Context, tx *store.Tx, name, value string) error {
	if _, err := tx.InsertRows(ctx, "settings", "ON CONFLICT DO NOTHING",
		store.Texts("name", []string{name}), store.Texts("value", []string{value})); err != nil {
		return err
	}
	stored, err := tx.Ent().Setting.Get(ctx, name)
	if err != nil {
		return err
	}
	if stored.Value != value {
		return fmt.Errorf("this database was started with %s = %s; a server with %q would compute other customers. "+
			"Start it with the stored value", name, stored.Value, value)
	}
	return nil
}

// installTypes adds the types that exist from the start where there are none.
func installTypes(ctx context.Context, tx *store.Tx) error {
	// The lock of the settings rows above keeps two first starts apart on PostgreSQL; SQLite has one writer.
	count, err := tx.Ent().IdentityType.Query().Count(ctx)
	if err != nil || count > 0 {
		return err
	}
	var creates []*ent.IdentityTypeCreate
	for _, t := range identity.Defaults() {
		creates = append(creates, newType(tx.Ent(), t))
	}
	return tx.Ent().IdentityType.CreateBulk(creates...).Exec(ctx)
}

var scopeWords = map[identity.ScopeMode]identitytype.Scope{
	identity.ScopeNone:     identitytype.ScopeNONE,
	identity.ScopeOptional: identitytype.ScopeOPTIONAL,
	identity.ScopeRequired: identitytype.ScopeREQUIRED,
}

func typeOf(row *ent.IdentityType) identity.Type {
	t := identity.Type{
		Name: identity.TypeName(row.Name), Strength: identity.Strength(row.Strength), Priority: row.Priority,
		MaxPerCustomer: row.MaxPerCustomer, LimitWindow: row.LimitWindow, OnConflict: identity.ConflictPolicy(row.OnConflict),
		MaxOwners: row.MaxOwners, Normalizer: row.Normalizer, RequiresVerified: row.RequiresVerified,
		Sensitive: row.Sensitive, Blocked: row.Blocked,
	}
	for mode, word := range scopeWords {
		if word == row.Scope {
			t.Scope = mode
		}
	}
	return t
}
