package graph

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/onecdp/onecdp/graph/model"
	"github.com/onecdp/onecdp/graph/together"
	"github.com/onecdp/onecdp/internal/fault"
	"github.com/onecdp/onecdp/internal/identity"
	"github.com/onecdp/onecdp/internal/personal"
	"github.com/onecdp/onecdp/internal/profile"
)

// identitiesOf are a customer's identities, those of one type when it is named.
func (r *Resolver) identitiesOf(ctx context.Context, customer *model.Customer, typeName *string) ([]*model.Identity, error) {
	query, key := identitiesAsked(typeName)
	all, err := together.Load(ctx, customer.Mates, key, func(ctx context.Context, mates []*model.Customer) ([][]*model.Identity, error) {
		found, err := r.Profile.Identities(ctx, rowsOf(mates), query)
		if err != nil {
			return nil, err
		}
		return r.identitiesShown(ctx, mates, found), nil
	})
	if err != nil {
		return nil, err
	}
	return all[customer.Place], nil
}

// identitiesKey tells apart what is asked about the identities of a group.
type identitiesKey struct{ typeName string }

func identitiesAsked(typeName *string) (profile.IdentityQuery, identitiesKey) {
	if typeName == nil {
		return profile.IdentityQuery{}, identitiesKey{"*"}
	}
	return profile.IdentityQuery{Types: []identity.TypeName{identity.TypeName(*typeName)}}, identitiesKey{"=" + *typeName}
}

// shownOrder compares identities as they are shown, the strongest first. For who may not see their values, masked ones of a type come as they
// were first seen: the order of what is hidden would tell it, to who may add values of their own.
func (r *Resolver) shownOrder(ctx context.Context) func(a, b profile.Identity) int {
	registry, personal := r.OneID.Registry(), seesPersonal(ctx)
	return func(a, b profile.Identity) int {
		if !personal && a.Type == b.Type && a.Scope == b.Scope && registry.Masked(a.Type) {
			return cmp.Compare(a.ID, b.ID)
		}
		return registry.Compare(a.Identity, b.Identity)
	}
}

// identitiesShown makes one group of the identities of customers.
func (r *Resolver) identitiesShown(ctx context.Context, customers []*model.Customer, found [][]profile.Identity) [][]*model.Identity {
	if !seesPersonal(ctx) { // who does sees them in the order in which they are read
		for _, ids := range found {
			slices.SortStableFunc(ids, r.shownOrder(ctx))
		}
	}
	group := &together.Group[*model.Identity]{}
	shown := make([][]*model.Identity, len(customers))
	count := 0
	for _, ids := range found {
		count += len(ids)
	}
	all := make([]model.Identity, count) // in one piece, as all the objects of a page: there are many
	group.Members = make([]*model.Identity, 0, count)
	for i, ids := range found {
		from := len(group.Members)
		for _, id := range ids {
			one := &all[len(group.Members)]
			*one = model.Identity{Identity: id, Owner: customers[i], Mates: group, Place: len(group.Members)}
			group.Members = append(group.Members, one)
		}
		shown[i] = group.Members[from:len(group.Members):len(group.Members)]
	}
	return shown
}

// identitiesByID reads identities; nil where there is none.
func (r *Resolver) identitiesByID(ctx context.Context, ids []int64) ([]*model.Identity, error) {
	found, err := r.Profile.IdentitiesByID(ctx, ids, false)
	if err != nil {
		return nil, err
	}
	group := &together.Group[*model.Identity]{}
	shown := make([]*model.Identity, len(found))
	for i, id := range found {
		if id != nil {
			shown[i] = &model.Identity{Identity: *id, Mates: group, Place: len(group.Members)}
			group.Members = append(group.Members, shown[i])
		}
	}
	return shown, nil
}

// identityOf is the identity under which an attribute value was observed, as long as somebody holds it.
func (r *Resolver) identityOf(ctx context.Context, value *model.AttributeValue) (*model.Identity, error) {
	all, err := together.Load(ctx, value.Mates, "identity", func(ctx context.Context, mates []*model.AttributeValue) ([]*model.Identity, error) {
		ids := make([]int64, len(mates))
		for i, mate := range mates {
			ids[i] = mate.IdentityID
		}
		return r.identitiesByID(ctx, ids)
	})
	if err != nil || all[value.Place] == nil || all[value.Place].Customer == 0 {
		return nil, err
	}
	return all[value.Place], nil
}

// holder is whose an identity is.
func (r *Resolver) holder(ctx context.Context, id *model.Identity) (*model.Customer, error) {
	if id.Owner != nil {
		return id.Owner, nil
	}
	all, err := together.Load(ctx, id.Mates, "customer", func(ctx context.Context, mates []*model.Identity) ([]*model.Customer, error) {
		rows := make([]profile.Row, len(mates))
		for i, mate := range mates {
			rows[i] = mate.Customer
		}
		return r.customersByRow(ctx, rows)
	})
	if err != nil {
		return nil, err
	}
	if all[id.Place] == nil {
		return nil, fault.New(fault.NotFound, "nobody holds this identity")
	}
	return all[id.Place], nil
}

// seen are the times of the first and the newest record with an identity.
func (r *Resolver) seen(ctx context.Context, id *model.Identity) (first, last *time.Time, err error) {
	all, err := together.Load(ctx, id.Mates, "seen", func(ctx context.Context, mates []*model.Identity) ([]*profile.Identity, error) {
		ids := make([]int64, len(mates))
		for i, mate := range mates {
			ids[i] = mate.Identity.ID
		}
		return r.Profile.IdentitiesByID(ctx, ids, true)
	})
	if err != nil {
		return nil, nil, err
	}
	found := all[id.Place]
	if found == nil || found.FirstSeen == nil {
		return nil, nil, fault.New(fault.NotFound, "no record names this identity any more")
	}
	return found.FirstSeen, found.LastSeen, nil
}

// firstSeen is when the first record with an identity happened.
func (r *Resolver) firstSeen(ctx context.Context, id *model.Identity) (*time.Time, error) {
	first, _, err := r.seen(ctx, id)
	return first, err
}

// lastSeen is when the newest record with an identity happened.
func (r *Resolver) lastSeen(ctx context.Context, id *model.Identity) (*time.Time, error) {
	_, last, err := r.seen(ctx, id)
	return last, err
}

// shownValue is the value of an identity as the caller may see it: masked when its type is sensitive and the key lacks the scope
// personal.
func (r *Resolver) shownValue(ctx context.Context, id *model.Identity) (string, error) {
	if !r.OneID.Registry().Masked(id.Identity.Type) || seesPersonal(ctx) {
		return id.Value, nil
	}
	return personal.Mask(id.Value), nil
}
