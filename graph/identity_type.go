package graph

import (
	"context"

	"github.com/99designs/gqlgen/graphql"

	"github.com/onecdp/onecdp/graph/model"
	"github.com/onecdp/onecdp/internal/access"
	"github.com/onecdp/onecdp/internal/identity"
	"github.com/onecdp/onecdp/internal/oneid"
	"github.com/onecdp/onecdp/internal/personal"
)

// identityTypes are all identity types, the strongest first.
func (r *Resolver) identityTypes(context.Context) ([]*model.IdentityType, error) {
	types := r.OneID.Registry().Types()
	shown := make([]*model.IdentityType, len(types))
	for i, one := range types {
		shown[i] = r.identityTypeShown(one)
	}
	return shown, nil
}

func (r *Resolver) identityTypeShown(one identity.Type) *model.IdentityType {
	number, _ := r.OneID.TypeID(one.Name)
	return &model.IdentityType{Type: one, Number: number}
}

// identityType finds an identity type; nil when there is none.
func (r *Resolver) identityType(number int64) *model.IdentityType {
	if int64(int32(number)) != number { //nolint:gosec // the numbers of types have 32 bits, and that is what is asked
		return nil
	}
	one, known := r.OneID.Registry().Type(r.OneID.TypeName(int32(number))) //nolint:gosec // see above
	if !known {
		return nil
	}
	return r.identityTypeShown(one)
}

// shownBlocked are the blocked values of a type as the caller may see them: masked as the values of the type are.
func (r *Resolver) shownBlocked(ctx context.Context, typ *model.IdentityType) []string {
	shown := make([]string, len(typ.Blocked))
	for i, value := range typ.Blocked {
		shown[i] = value
		if typ.Sensitive && !seesPersonal(ctx) {
			shown[i] = personal.Mask(value)
		}
	}
	return shown
}

// defineIdentityType changes an identity type or makes one.
func (r *Resolver) defineIdentityType(ctx context.Context, input model.IdentityTypeInput) (*model.IdentityTypePayload, error) {
	caller, _ := access.FromContext(ctx)
	defined, number, err := r.OneID.DefineType(ctx, typeChange(input), caller.Name)
	wrong, err := userErrors(below("input", err))
	if err != nil {
		return nil, err
	}
	payload := &model.IdentityTypePayload{UserErrors: wrong}
	if len(wrong) > 0 {
		return payload, nil
	}
	payload.IdentityType = r.identityTypeShown(defined)
	if number == 0 {
		return payload, nil
	}
	done, err := r.Jobs.Wait(ctx, number, soon)
	if err == nil && done != nil {
		payload.Job = jobShown(*done)
	}
	return payload, err
}

// typeChange is what is to become of an identity type. Null takes a limit away; where there must be a value it is as good as left out.
func typeChange(input model.IdentityTypeInput) oneid.TypeChange {
	change := oneid.TypeChange{
		Name:             identity.TypeName(input.Name),
		Strength:         (*identity.Strength)(input.Strength.Value()),
		Priority:         input.Priority.Value(),
		MaxPerCustomer:   limit(input.MaxPerCustomer),
		LimitWindow:      limit(input.LimitWindow),
		OnConflict:       (*identity.ConflictPolicy)(input.OnConflict.Value()),
		MaxOwners:        limit(input.MaxOwners),
		Normalizer:       input.Normalizer.Value(),
		RequiresVerified: input.RequiresVerified.Value(),
		Sensitive:        input.Sensitive.Value(),
	}
	if blocked := input.Blocked.Value(); blocked != nil {
		change.Blocked = &blocked
	}
	return change
}

func limit[T any](given graphql.Omittable[*T]) oneid.Limit[T] {
	return oneid.Limit[T]{Given: given.IsSet(), Value: given.Value()}
}
