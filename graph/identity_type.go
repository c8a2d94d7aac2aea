package graph

import (
	"context"

	"github.com/99designs/gqlgen/graphql"

	"github.com/onecdp/onecdp/graph/model"
	"github.com/onecdp/onecdp/internal/access"
	"github.com/onecdp/onecdp/internal/identity"
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
func (r *Resolver) identityType(number int64) (*model.IdentityType, error) {
	if int64(int32(number)) != number { //nolint:gosec // the numbers of types have 32 bits, and that is what is asked
		return nil, nil
	}
	one, known := r.OneID.Registry().Type(r.OneID.TypeName(int32(number))) //nolint:gosec // see above
	if !known {
		return nil, nil
	}
	return r.identityTypeShown(one), nil
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
	typ, job, err := r.Types.Define(ctx, caller.Name, identity.TypeName(input.Name), func(typ *identity.Type) { change(typ, input) })
	wrong, err := userErrors(err)
	if err != nil {
		return nil, err
	}
	payload := &model.IdentityTypePayload{UserErrors: wrong}
	if len(wrong) > 0 {
		return payload, nil
	}
	payload.IdentityType = r.identityTypeShown(typ)
	if job != nil {
		payload.Job = jobShown(*job)
	}
	return payload, nil
}

// change puts the settings that were given in place of those before. Null takes a limit away; where there must be a value it is nothing.
func change(typ *identity.Type, input model.IdentityTypeInput) {
	put(&typ.Strength, input.Strength, func(given model.IdentityStrength) identity.Strength { return identity.Strength(given) })
	put(&typ.OnConflict, input.OnConflict, func(given model.ConflictPolicy) identity.ConflictPolicy { return identity.ConflictPolicy(given) })
	put(&typ.Priority, input.Priority, same[float64])
	put(&typ.Normalizer, input.Normalizer, same[string])
	put(&typ.RequiresVerified, input.RequiresVerified, same[bool])
	put(&typ.Sensitive, input.Sensitive, same[bool])
	if input.Blocked.IsSet() {
		typ.Blocked = input.Blocked.Value()
	}
	if input.MaxPerCustomer.IsSet() {
		typ.MaxPerCustomer = input.MaxPerCustomer.Value()
	}
	if input.MaxOwners.IsSet() {
		typ.MaxOwners = input.MaxOwners.Value()
	}
	if input.LimitWindow.IsSet() {
		typ.LimitWindow = ""
		if window := input.LimitWindow.Value(); window != nil {
			typ.LimitWindow = *window
		}
	}
}

func put[T, G any](setting *T, given graphql.Omittable[*G], read func(G) T) {
	if value := given.Value(); value != nil {
		*setting = read(*value)
	}
}

func same[T any](given T) T { return given }
