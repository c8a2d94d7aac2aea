package command

import (
	"log/slog"
	"net/http"

	"github.com/onecdp/onecdp/graph"
	"github.com/onecdp/onecdp/internal/assembly"
	"github.com/onecdp/onecdp/internal/store"
)

// newGraphQL is the handler of /graphql over the services, with somebody who is told of its answers.
func newGraphQL(s *assembly.Services, observer graph.Observer, log *slog.Logger) http.Handler {
	return graph.NewServer(graph.Services{
		OneID: s.OneID, Ingest: s.Ingest, Profile: s.Profile, Tags: s.Tags, Segments: s.Segments, Campaigns: s.Campaigns, Sources: s.Sources,
		Observer: observer,
	}, store.Now, log)
}
