package oneid

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/onecdp/onecdp/internal/identity"
	"github.com/onecdp/onecdp/internal/store"
)

// Rules are the settings that say which identities a record shows, as they were at one version. They never change and may
// be used by many goroutines; what reads several times for one purpose takes them once.
type Rules struct {
	// Version grows with every change of an identity type and of what is blocked by hand.
	Version int64
	// Registry holds the identity types.
	Registry *identity.Registry
	// Blocked are the identities that operators have blocked: they are dropped from all records.
	Blocked map[identity.Identity]bool

	numbers map[identity.TypeName]int32
	names   map[int32]identity.TypeName
}

// Read takes the identities that count out of one record's claims, as identity.Registry.Read does, without the blocked ones.
func (r *Rules) Read(claims []identity.Claim) (kept []identity.Identity, dropped []identity.Dropped) {
	if len(r.Blocked) == 0 {
		return r.Registry.Read(claims)
	}
	return r.Registry.ReadWithout(claims, func(id identity.Identity) bool { return r.Blocked[id] })
}

// TypeID is the number a type has in the tables; false when it is not declared.
func (r *Rules) TypeID(name identity.TypeName) (int32, bool) {
	number, ok := r.numbers[name]
	return number, ok
}

// TypeName is the name of a type's number; "" when there is none.
func (r *Rules) TypeName(number int32) identity.TypeName { return r.names[number] }

// versionName is the setting that holds the version of the rules, as a whole number.
const versionName = "rules_version"

// firstVersion is the version of a database whose rules were never changed.
const firstVersion = "1"

// VersionSQL is a scalar SQL expression: the version of the rules that are stored. A transaction whose first and last statements find the
// version that it works by has seen no other rules; see RaiseVersion.
func (s *Service) VersionSQL() string {
	return "(SELECT CAST(value AS bigint) FROM settings WHERE name = '" + versionName + "')"
}

// LockVersion keeps others from changing the rules until the transaction ends, and returns the version. Who changes what the rules are
// made of calls it before reading what is to be changed.
func LockVersion(ctx context.Context, tx *store.Tx) (int64, error) {
	rows, err := tx.Query(ctx, "SELECT CAST(value AS bigint) FROM settings WHERE name = $1"+tx.Dialect().ForUpdate(), versionName)
	return oneNumber(store.Collect(rows, err, func(row store.Row, into *int64) error { return row.Scan(into) }))
}

// RaiseVersion tells all servers that the rules have changed, and returns the new version. Whoever changes identity types or what is
// blocked calls it in the same transaction; until that ends, others who want to wait.
//
// A transaction that was running then may still commit what it decided by the old rules, when its last statement came before this
// commit. So what is to walk everything stored must wait for all that ran then; package job does.
func RaiseVersion(ctx context.Context, tx *store.Tx) (int64, error) {
	rows, err := tx.Query(ctx, "UPDATE settings SET value = CAST(CAST(value AS bigint) + 1 AS text) WHERE name = $1 RETURNING CAST(value AS bigint)", versionName)
	return oneNumber(store.Collect(rows, err, func(row store.Row, into *int64) error { return row.Scan(into) }))
}

func oneNumber(numbers []int64, err error) (int64, error) {
	if err != nil {
		return 0, fmt.Errorf("the version of the rules: %w", err)
	}
	if len(numbers) != 1 {
		return 0, errors.New("the version of the rules is not stored")
	}
	return numbers[0], nil
}

// Rules are the rules in force, as this server knows them. Another server may have changed them since; see Refresh.
func (s *Service) Rules() *Rules { return s.rules.Load() }

// Refresh takes over rules that others have stored. Where nothing has changed it costs one small statement.
func (s *Service) Refresh(ctx context.Context) error {
	version, err := s.storedVersion(ctx)
	if err != nil || version == s.Rules().Version {
		return err
	}
	return s.load(ctx)
}

func (s *Service) storedVersion(ctx context.Context) (int64, error) {
	rows, err := s.db.Query(ctx, "SELECT CAST(value AS bigint) FROM settings WHERE name = $1", versionName)
	return oneNumber(store.Collect(rows, err, func(row store.Row, into *int64) error { return row.Scan(into) }))
}

// load reads the rules. They are of one version when it is the same before and after: it changes together with them.
func (s *Service) load(ctx context.Context) error {
	s.loading.Lock()
	defer s.loading.Unlock()
	version, err := s.storedVersion(ctx)
	for err == nil {
		if known := s.rules.Load(); known != nil && known.Version == version {
			return nil // somebody else has just read them
		}
		var rules *Rules
		if rules, err = s.readRules(ctx); err != nil {
			return err
		}
		rules.Version = version
		if version, err = s.storedVersion(ctx); err == nil && version == rules.Version {
			s.rules.Store(rules)
		}
	}
	return err
}

// readRules reads what the rules are made of, all but their version.
func (s *Service) readRules(ctx context.Context) (*Rules, error) {
	stored, err := s.db.Ent().IdentityType.Query().All(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the identity types: %w", err)
	}
	rules := &Rules{numbers: map[identity.TypeName]int32{}, names: map[int32]identity.TypeName{}}
	types := make([]identity.Type, len(stored))
	for i, row := range stored {
		types[i] = typeOf(row)
		rules.numbers[types[i].Name], rules.names[row.ID] = row.ID, types[i].Name
	}
	if rules.Registry, err = identity.NewRegistry(types, s.settings.Region); err != nil {
		return nil, fmt.Errorf("the stored identity types: %w", err)
	}
	if rules.Blocked, err = blockedBy(ctx, s.db, rules); err != nil {
		return nil, fmt.Errorf("read what is blocked: %w", err)
	}
	return rules, nil
}

// blockedBy reads the identities that operations in force block. They were normalised as their types were then, and are again as they
// are now.
func blockedBy(ctx context.Context, q store.Querier, rules *Rules) (map[identity.Identity]bool, error) {
	rows, err := q.Query(ctx, "SELECT i.type_id, i.scope, i.value FROM decisions d JOIN operations o ON o.id = d.operation_id"+
		" JOIN identities i ON i.id = d.identity_id WHERE d.kind = $1 AND o.active", "block")
	stored, err := store.Collect(rows, err, func(row store.Row, into *identity.Identity) error {
		var number int32
		err := row.Scan(&number, &into.Scope, &into.Value)
		into.Type = rules.names[number]
		return err
	})
	blocked := make(map[identity.Identity]bool, len(stored))
	for _, id := range stored {
		if now, reason := rules.Registry.Normalise(identity.Claim{Type: string(id.Type), Scope: id.Scope, Value: id.Value, Verified: true}); reason == nil {
			blocked[now] = true
		}
	}
	return blocked, err
}

// WatchInterval is how long a server at most goes on by rules that another has changed, where nothing else tells it.
const WatchInterval = 250 * time.Millisecond

// Watch follows the rules that other servers store, until ctx ends. failed is told of each time it could not read them.
func (s *Service) Watch(ctx context.Context, failed func(error)) {
	ticker := time.NewTicker(WatchInterval)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			if err := s.Refresh(ctx); err != nil && ctx.Err() == nil {
				failed(err)
			}
		}
	}
}
