package oneid

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"unicode/utf8"

	"github.com/onecdp/onecdp/ent"
	"github.com/onecdp/onecdp/ent/identitytype"
	"github.com/onecdp/onecdp/internal/fault"
	"github.com/onecdp/onecdp/internal/identity"
	"github.com/onecdp/onecdp/internal/job"
	"github.com/onecdp/onecdp/internal/store"
	"github.com/onecdp/onecdp/internal/value"
)

// Limit is a setting that can be taken away. The zero value leaves it as it is.
type Limit[T any] struct {
	Given bool // it is to be changed
	Value *T   // nil: there is none any more
}

// TypeChange says what is to become of an identity type. What is nil, or not given, stays as it is.
type TypeChange struct {
	Name             identity.TypeName
	Strength         *identity.Strength
	Priority         *float64
	MaxPerCustomer   Limit[int]
	LimitWindow      Limit[string] // ISO 8601; see identity.ParseWindow
	OnConflict       *identity.ConflictPolicy
	MaxOwners        Limit[int]
	Normalizer       *string
	RequiresVerified *bool
	Sensitive        *bool
	Blocked          *[]string
}

// Bounds of a type's block list. It is compared with every value of the type that comes.
const (
	mostBlocked    = 10_000
	longestBlocked = 1_000 // characters
)

// DefineType changes an identity type, or makes it where there is none of that name; it starts as identity.NewType says. The change holds for new records
// at once, on all servers. For past ones it takes effect in the background: by the job whose number is returned, 0 when there is nothing to do.
//
// The error is BAD_USER_INPUT, one for each setting that is wrong, at the setting's name as IdentityTypeInput spells it.
func (s *Service) DefineType(ctx context.Context, change TypeChange, actor string) (defined identity.Type, jobID int64, err error) {
	change, err = change.clean()
	if err != nil {
		return identity.Type{}, 0, err
	}
	ids, err := s.db.ReserveIDs(ctx, 1)
	if err != nil {
		return identity.Type{}, 0, err
	}
	next := ids.Next()
	err = s.db.WithTx(ctx, func(tx *store.Tx) error {
		jobID = 0
		if _, err := LockVersion(ctx, tx); err != nil {
			return err
		}
		before, row, err := typeNamed(ctx, tx, change.Name)
		if err != nil {
			return err
		}
		defined = change.of(before)
		if err := defined.Validate(); err != nil {
			return err
		}
		if row != 0 && same(before, defined) {
			return nil
		}
		if err := writeType(ctx, tx, row, defined); err != nil {
			return err
		}
		if _, err := RaiseVersion(ctx, tx); err != nil {
			return err
		}
		if row != 0 && decidesAlike(before, defined) {
			return nil
		}
		jobID = next
		return job.Add(ctx, tx, jobID, JobKind, string(defined.Name), actor)
	})
	if err != nil {
		return identity.Type{}, 0, err
	}
	return defined, jobID, s.Refresh(ctx)
}

// clean brings texts into the form in which records come, and refuses what cannot be stored or is too long.
func (c TypeChange) clean() (TypeChange, error) {
	var faults []error
	name, err := value.Name(string(c.Name), fault.Path{"name"}, value.MaxName)
	faults, c.Name = append(faults, err), identity.TypeName(name)
	if c.LimitWindow.Value != nil && *c.LimitWindow.Value == "" {
		faults = append(faults, fault.Bad(fault.Path{"limitWindow"}, "the window is empty").WithHint("null takes it away"))
	}
	if c.Priority != nil && (math.IsNaN(*c.Priority) || math.IsInf(*c.Priority, 0)) {
		faults = append(faults, fault.Bad(fault.Path{"priority"}, "the priority is a finite number"))
	}
	if c.Blocked != nil {
		at := fault.Path{"blocked"}
		entries := slices.Clone(*c.Blocked)
		if len(entries) > mostBlocked {
			return c, fault.Bad(at, "the list has more than %d entries", mostBlocked)
		}
		for i, entry := range entries {
			if utf8.RuneCountInString(entry) > longestBlocked {
				faults = append(faults, fault.Bad(at.With(i), "the entry has more than %d characters", longestBlocked))
				continue
			}
			entries[i], err = value.Text(entry, at.With(i))
			faults = append(faults, err)
		}
		c.Blocked = &entries
	}
	return c, errors.Join(faults...)
}

// of is a type after the change.
func (c TypeChange) of(t identity.Type) identity.Type {
	take(&t.Strength, c.Strength)
	take(&t.Priority, c.Priority)
	take(&t.OnConflict, c.OnConflict)
	take(&t.RequiresVerified, c.RequiresVerified)
	take(&t.Sensitive, c.Sensitive)
	take(&t.Blocked, c.Blocked)
	if c.Normalizer != nil && *c.Normalizer != t.Normalizer {
		t.Normalizer = *c.Normalizer
		t.Scope = identity.ScopeOf(t.Name, t.Normalizer)
	}
	if c.MaxPerCustomer.Given {
		t.MaxPerCustomer = c.MaxPerCustomer.Value
	}
	if c.MaxOwners.Given {
		t.MaxOwners = c.MaxOwners.Value
	}
	if c.LimitWindow.Given {
		t.LimitWindow = ""
		take(&t.LimitWindow, c.LimitWindow.Value)
	}
	return t
}

func take[T any](into, given *T) {
	if given != nil {
		*into = *given
	}
}

// same says that two settings of one type do not differ.
func same(a, b identity.Type) bool {
	return decidesAlike(a, b) && a.Sensitive == b.Sensitive && a.LimitWindow == b.LimitWindow
}

// decidesAlike says that two settings of one type make the same customers of the same records.
func decidesAlike(a, b identity.Type) bool {
	return a.Strength == b.Strength && a.Priority == b.Priority && sameNumber(a.MaxPerCustomer, b.MaxPerCustomer) && a.Window() == b.Window() &&
		a.OnConflict == b.OnConflict && sameNumber(a.MaxOwners, b.MaxOwners) && a.Normalizer == b.Normalizer && a.Scope == b.Scope &&
		a.RequiresVerified == b.RequiresVerified && slices.Equal(a.Blocked, b.Blocked)
}

func sameNumber(a, b *int) bool {
	if a == nil || b == nil {
		return a == b
	}
	return *a == *b
}

// typeNamed reads a type; one that is not declared is as it starts, and has no row.
func typeNamed(ctx context.Context, tx *store.Tx, name identity.TypeName) (t identity.Type, row int32, err error) {
	stored, err := tx.Ent().IdentityType.Query().Where(identitytype.Name(string(name))).Only(ctx)
	if ent.IsNotFound(err) {
		return identity.NewType(name), 0, nil
	}
	if err != nil {
		return identity.Type{}, 0, fmt.Errorf("read an identity type: %w", err)
	}
	return typeOf(stored), stored.ID, nil
}

// writeType stores a type; row 0 adds it.
func writeType(ctx context.Context, tx *store.Tx, row int32, t identity.Type) error {
	if row == 0 {
		return newType(tx.Ent(), t).Exec(ctx)
	}
	update := tx.Ent().IdentityType.Update().Where(identitytype.ID(row)).
		SetStrength(identitytype.Strength(t.Strength)).SetPriority(t.Priority).SetLimitWindow(t.LimitWindow).
		SetOnConflict(identitytype.OnConflict(t.OnConflict)).SetNormalizer(t.Normalizer).SetScope(scopeWords[t.Scope]).
		SetRequiresVerified(t.RequiresVerified).SetSensitive(t.Sensitive).SetBlocked(append([]string{}, t.Blocked...))
	if update.ClearMaxPerCustomer(); t.MaxPerCustomer != nil {
		update.SetMaxPerCustomer(*t.MaxPerCustomer)
	}
	if update.ClearMaxOwners(); t.MaxOwners != nil {
		update.SetMaxOwners(*t.MaxOwners)
	}
	return update.Exec(ctx)
}

// newType prepares a row for a type.
func newType(client *ent.Client, t identity.Type) *ent.IdentityTypeCreate {
	return client.IdentityType.Create().
		SetName(string(t.Name)).SetStrength(identitytype.Strength(t.Strength)).SetPriority(t.Priority).
		SetNillableMaxPerCustomer(t.MaxPerCustomer).SetLimitWindow(t.LimitWindow).
		SetOnConflict(identitytype.OnConflict(t.OnConflict)).SetNillableMaxOwners(t.MaxOwners).
		SetNormalizer(t.Normalizer).SetScope(scopeWords[t.Scope]).SetRequiresVerified(t.RequiresVerified).
		SetSensitive(t.Sensitive).SetBlocked(append([]string{}, t.Blocked...))
}
