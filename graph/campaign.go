package graph

import (
	"context"

	"github.com/onecdp/onecdp/graph/model"
	"github.com/onecdp/onecdp/internal/campaign"
	"github.com/onecdp/onecdp/internal/fault"
	"github.com/onecdp/onecdp/internal/gid"
)

// campaign finds a campaign by its key; nil when there is none.
func (r *Resolver) campaign(ctx context.Context, key string) (*model.Campaign, error) {
	found, err := r.Campaigns.ByKey(ctx, key)
	if err != nil || found == nil {
		return nil, err
	}
	return &model.Campaign{Campaign: found}, nil
}

// campaignByID finds a campaign; nil when there is none.
func (r *Resolver) campaignByID(ctx context.Context, id int64) (*model.Campaign, error) {
	found, err := r.Campaigns.ByIDs(ctx, []int64{id})
	if err != nil || found[0] == nil {
		return nil, err
	}
	return &model.Campaign{Campaign: found[0]}, nil
}

// audience is whom a campaign addresses; nil when nobody has been chosen.
func (r *Resolver) audience(ctx context.Context, planned *model.Campaign) (*model.Segment, error) {
	if planned.SegmentID == nil {
		return nil, nil
	}
	return r.segmentByID(ctx, *planned.SegmentID)
}

// planCampaign makes a campaign whose audience is named by a segment's key or id.
func (r *Resolver) planCampaign(ctx context.Context, input campaign.Input, audience *string) (*model.CampaignPayload, error) {
	var planned *campaign.Campaign
	id, err := r.segmentNamed(ctx, audience, fault.Path{"segment"})
	if err == nil {
		input.SegmentID = id
		planned, err = r.Campaigns.Create(ctx, input)
	}
	wrong, err := userErrors(err)
	if err != nil {
		return nil, err
	}
	payload := &model.CampaignPayload{UserErrors: wrong}
	if planned != nil {
		payload.Campaign = &model.Campaign{Campaign: planned}
	}
	return payload, nil
}

// segmentNamed is the number of a segment named by its key or else by its global id; nil when none is named. One that does not exist is
// NOT_FOUND at the place.
func (r *Resolver) segmentNamed(ctx context.Context, name *string, at fault.Path) (*int64, error) {
	if name == nil {
		return nil, nil
	}
	found, err := r.Segments.ByKey(ctx, *name)
	if err != nil {
		return nil, err
	}
	if found == nil {
		if id, err := gid.DecodeOne(gid.Segment, *name, nil); err == nil {
			named, err := r.Segments.ByIDs(ctx, []int64{id})
			if err != nil {
				return nil, err
			}
			found = named[0]
		}
	}
	if found == nil {
		return nil, fault.New(fault.NotFound, "there is no such segment").At(at).WithHint("give the key or the id of a segment")
	}
	return &found.ID, nil
}
