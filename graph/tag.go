package graph

import (
	"context"
	"fmt"
	"time"

	"github.com/onecdp/onecdp/graph/model"
	"github.com/onecdp/onecdp/graph/together"
	"github.com/onecdp/onecdp/internal/access"
	"github.com/onecdp/onecdp/internal/fault"
	"github.com/onecdp/onecdp/internal/gid"
	"github.com/onecdp/onecdp/internal/profile"
	"github.com/onecdp/onecdp/internal/tag"
)

// tagsOf are the tags that a customer has at the instant of the request.
func (r *Resolver) tagsOf(ctx context.Context, customer *model.Customer, keys []string) ([]*model.CustomerTag, error) {
	all, err := together.Load(ctx, customer.Mates, tagsAsked(keys), func(ctx context.Context, mates []*model.Customer) ([][]*model.CustomerTag, error) {
		found, err := r.Tags.OfCustomers(ctx, rowsOf(mates), keys, instant(ctx))
		if err != nil {
			return nil, err
		}
		return tagsShown(found), nil
	})
	if err != nil {
		return nil, err
	}
	return all[customer.Place], nil
}

// tagsKey tells apart what is asked about the tags of a group.
type tagsKey struct{ keys string }

func tagsAsked(keys []string) tagsKey {
	if keys == nil {
		return tagsKey{"all"}
	}
	return tagsKey{fmt.Sprintf("%q", keys)}
}

func tagsShown(found [][]tag.Value) [][]*model.CustomerTag {
	shown := make([][]*model.CustomerTag, len(found))
	for i, values := range found {
		tags, all := make([]model.Tag, len(values)), make([]model.CustomerTag, len(values))
		shown[i] = make([]*model.CustomerTag, len(values))
		for j, value := range values {
			tags[j] = model.Tag{Tag: value.Tag}
			all[j] = model.CustomerTag{
				Tag: &tags[j], Value: value.Value, Score: value.Score,
				ComputedAt: value.ComputedAt, ValidUntil: value.ValidUntil, Source: value.Source,
			}
			shown[i][j] = &all[j]
		}
	}
	return shown
}

// tag finds a tag; nil when there is none.
func (r *Resolver) tag(ctx context.Context, id int64) (*model.Tag, error) {
	found, err := r.Tags.ByIDs(ctx, []int64{id})
	if err != nil || found[0] == nil {
		return nil, err
	}
	return &model.Tag{Tag: *found[0]}, nil
}

// setTag sets a tag on a customer in the name of the caller's key.
func (r *Resolver) setTag(ctx context.Context, id, key string, value any, validUntil *time.Time) (*model.TagCustomerPayload, error) {
	return tagged(id, func(customer profile.Handle) (*profile.Customer, error) {
		caller, _ := access.FromContext(ctx)
		return r.Tags.Set(ctx, customer, key, value, validUntil, caller.Name)
	})
}

// unsetTag takes a tag away from a customer.
func (r *Resolver) unsetTag(ctx context.Context, id, key string) (*model.TagCustomerPayload, error) {
	return tagged(id, func(customer profile.Handle) (*profile.Customer, error) { return r.Tags.Unset(ctx, customer, key) })
}

func tagged(id string, change func(profile.Handle) (*profile.Customer, error)) (*model.TagCustomerPayload, error) {
	handle, err := gid.DecodeOne(gid.Customer, id, fault.Path{"customer"})
	var customer *profile.Customer
	if err == nil {
		customer, err = change(profile.Handle(handle))
	}
	wrong, err := userErrors(err)
	if err != nil {
		return nil, err
	}
	return &model.TagCustomerPayload{Customer: model.Customers([]*profile.Customer{customer})[0], UserErrors: wrong}, nil
}
