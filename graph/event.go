package graph

import (
	"context"
	"time"

	"github.com/onecdp/onecdp/graph/model"
	"github.com/onecdp/onecdp/graph/together"
	"github.com/onecdp/onecdp/internal/fault"
	"github.com/onecdp/onecdp/internal/profile"
)

// event finds an event by where it stands; nil when there is none, or none yet.
func (r *Resolver) event(ctx context.Context, set, micros, id int64) (*model.Event, error) {
	key := profile.EventKey{Set: set, OccurredAt: time.UnixMicro(micros).UTC(), ID: id}
	found, err := r.Profile.EventsByKey(ctx, []profile.EventKey{key}, instant(ctx))
	if err != nil || found[0] == nil {
		return nil, err
	}
	event := &model.Event{Event: *found[0]}
	event.Mates = &together.Group[*model.Event]{Members: []*model.Event{event}}
	return event, nil
}

// doer is who did what an event tells.
func (r *Resolver) doer(ctx context.Context, event *model.Event) (*model.Customer, error) {
	if event.Owner != nil {
		return event.Owner, nil
	}
	all, err := together.Load(ctx, event.Mates, "customer", func(ctx context.Context, mates []*model.Event) ([]*model.Customer, error) {
		keys := make([]profile.EventKey, len(mates))
		for i, mate := range mates {
			keys[i] = mate.EventKey
		}
		return r.customersByEvent(ctx, keys)
	})
	if err != nil {
		return nil, err
	}
	if all[event.Place] == nil {
		return nil, fault.New(fault.NotFound, "nobody holds the identities of this event")
	}
	return all[event.Place], nil
}

// customersByEvent finds whose the events are now: a merge may have come since they were read.
func (r *Resolver) customersByEvent(ctx context.Context, keys []profile.EventKey) ([]*model.Customer, error) {
	found, err := r.Profile.ByEvents(ctx, keys)
	if err != nil {
		return nil, err
	}
	owners := map[profile.Row]*profile.Customer{}
	rows := make([]profile.Row, len(found))
	for i, owner := range found {
		if owner != nil {
			rows[i], owners[owner.Row] = owner.Row, owner
		}
	}
	return distinct(rows, func(once []profile.Row) ([]*model.Customer, error) {
		customers := make([]*profile.Customer, len(once))
		for i, row := range once {
			customers[i] = owners[row]
		}
		return model.Customers(customers), nil
	})
}
