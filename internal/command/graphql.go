package command

import (
	"log/slog"

	"github.com/onecdp/onecdp/graph"
	"github.com/onecdp/onecdp/graph/transport"
	"github.com/onecdp/onecdp/internal/assembly"
	"github.com/onecdp/onecdp/internal/store"
	"github.com/onecdp/onecdp/internal/throttle"
)

// newGraphQL is the handler of /graphql over the services, with limits for each key and somebody who is told of its answers.
func newGraphQL(s *assembly.Services, limits throttle.Limits, observer graph.Observer, log *slog.Logger) *transport.Handler {
	return graph.NewServer(graph.Services{
		Access: s.Access, OneID: s.OneID, Ingest: s.Ingest, Profile: s.Profile, Tags: s.Tags, Segments: s.Segments, Campaigns: s.Campaigns, Sources: s.Sources,
		Live: s.Live, Jobs: s.Jobs,
		Limits:   limits,
		Observer: observer,
	}, store.Now, log)
}
