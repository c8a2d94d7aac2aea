package graph

import (
	"context"

	"github.com/onecdp/onecdp/graph/model"
	"github.com/onecdp/onecdp/graph/together"
	"github.com/onecdp/onecdp/internal/fault"
	"github.com/onecdp/onecdp/internal/profile"
)

// merges are the merges that made a customer out of several.
func (r *Resolver) merges(ctx context.Context, customer *model.Customer) ([]*model.Merge, error) {
	all, err := together.Load(ctx, customer.Mates, "merges", func(ctx context.Context, mates []*model.Customer) ([][]*model.Merge, error) {
		found, err := r.Profile.Merges(ctx, rowsOf(mates))
		if err != nil {
			return nil, err
		}
		group := &together.Group[*model.Merge]{}
		shown := make([][]*model.Merge, len(found))
		for i, merges := range found {
			shown[i] = make([]*model.Merge, len(merges))
			for j, merge := range merges {
				shown[i][j] = &model.Merge{Merge: merge, Mates: group, Place: len(group.Members)}
				group.Members = append(group.Members, shown[i][j])
			}
		}
		return shown, nil
	})
	if err != nil {
		return nil, err
	}
	return all[customer.Place], nil
}

// merge finds a merge; nil when there is none.
func (r *Resolver) merge(ctx context.Context, id int64) (*model.Merge, error) {
	found, err := r.Profile.MergesByID(ctx, []int64{id})
	if err != nil || found[0] == nil {
		return nil, err
	}
	merge := &model.Merge{Merge: *found[0]}
	merge.Mates = &together.Group[*model.Merge]{Members: []*model.Merge{merge}}
	return merge, nil
}

// survivor is the customer that a merge led to, as they are now.
func (r *Resolver) survivor(ctx context.Context, merge *model.Merge) (*model.Customer, error) {
	all, err := together.Load(ctx, merge.Mates, "survivor", func(ctx context.Context, mates []*model.Merge) ([]*model.Customer, error) {
		handles := make([]profile.Handle, len(mates), 2*len(mates))
		for i, mate := range mates {
			handles[i] = mate.Survivor
		}
		for _, mate := range mates {
			handles = append(handles, mate.Merged)
		}
		found, err := r.customersByHandle(ctx, handles, &ahead{})
		if err != nil {
			return nil, err
		}
		for i, other := range found[len(mates):] { // nobody holds what the surviving id was born with any more
			if found[i] == nil {
				found[i] = other
			}
		}
		return found[:len(mates)], nil
	})
	if err != nil {
		return nil, err
	}
	if all[merge.Place] == nil {
		return nil, fault.New(fault.NotFound, "the survivor is gone")
	}
	return all[merge.Place], nil
}
