package model

import (
	"github.com/onecdp/onecdp/internal/campaign"
	"github.com/onecdp/onecdp/internal/gid"
)

// Campaign is a plan to reach an audience.
type Campaign struct{ *campaign.Campaign }

// ID is the global id.
func (c *Campaign) ID() string { return gid.Encode(gid.Campaign, c.Campaign.ID) }

// State is how far it is.
func (c *Campaign) State() CampaignState { return CampaignState(c.Campaign.State) }
