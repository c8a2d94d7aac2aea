// Package graph answers GraphQL: a resolver is one call. The resolvers of a topic are in {topic}.resolvers.go, what they call in
// {topic}.go, where rows of the services become what the API shows.
package graph

import (
	"context"
	"time"

	"github.com/onecdp/onecdp/internal/access"
	"github.com/onecdp/onecdp/internal/campaign"
	"github.com/onecdp/onecdp/internal/ingest"
	"github.com/onecdp/onecdp/internal/job"
	"github.com/onecdp/onecdp/internal/live"
	"github.com/onecdp/onecdp/internal/oneid"
	"github.com/onecdp/onecdp/internal/profile"
	"github.com/onecdp/onecdp/internal/segment"
	"github.com/onecdp/onecdp/internal/tag"
	"github.com/onecdp/onecdp/internal/throttle"
)

// Services are what the API is made of.
type Services struct {
	Access    *access.Service
	OneID     *oneid.Service
	Ingest    *ingest.Service
	Profile   *profile.Reader
	Tags      *tag.Service
	Segments  *segment.Service
	Campaigns *campaign.Service
	Live      *live.Hub
	Jobs      *job.Runner

	// Sources names the systems that sent something, by their numbers, in order.
	Sources func(ctx context.Context, numbers []int32) ([]string, error)

	// Limits are what one key may ask for in a time; the zero value is no limit.
	Limits throttle.Limits

	// Observer is told what became of requests; nil: nobody is.
	Observer Observer
}

// Resolver answers the fields of the schema.
type Resolver struct {
	Services

	clock   func() time.Time  // measures; the instant of a request is instant's
	guesses *throttle.Buckets // how often a key may look up masked values that nobody has
}
