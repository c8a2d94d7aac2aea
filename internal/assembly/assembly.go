// Package assembly puts the services together over one database: the same way for the server, for the commands
// that work without it, and for tests of the whole.
package assembly

import (
	"context"
	"time"

	"github.com/onecdp/onecdp/internal/access"
	"github.com/onecdp/onecdp/internal/attribute"
	"github.com/onecdp/onecdp/internal/campaign"
	"github.com/onecdp/onecdp/internal/ingest"
	"github.com/onecdp/onecdp/internal/job"
	"github.com/onecdp/onecdp/internal/live"
	"github.com/onecdp/onecdp/internal/oneid"
	"github.com/onecdp/onecdp/internal/profile"
	"github.com/onecdp/onecdp/internal/segment"
	"github.com/onecdp/onecdp/internal/store"
	"github.com/onecdp/onecdp/internal/tag"
)

// Settings are what the operator decides about the services.
type Settings struct {
	OneID    oneid.Settings
	Zone     *time.Location // of calendar days where a request names none
	AdminKey string         // a key with every scope; "": none
}

// Defaults are the settings of a server that was told nothing.
func Defaults() Settings {
	zone, err := time.LoadLocation("Asia/Shanghai")
	if err != nil { // a machine without time zones; it has had no summer time since 1991
		zone = time.FixedZone("Asia/Shanghai", 8*60*60)
	}
	return Settings{OneID: oneid.Settings{Region: "CN", MaxIdentities: 500}, Zone: zone}
}

// Services is everything the product does, without its edges.
type Services struct {
	DB        *store.DB
	Access    *access.Service
	OneID     *oneid.Service
	Ingest    *ingest.Service
	Profile   *profile.Reader
	Tags      *tag.Service
	Segments  *segment.Service
	Campaigns *campaign.Service
	Live      *live.Hub   // close it before the database
	Jobs      *job.Runner // does its work only when it is started or waited for; close it before the database
}

// New assembles the services over a migrated database. It is an error when the database was started with
// other settings.
func New(ctx context.Context, db *store.DB, settings Settings) (*Services, error) {
	one, err := oneid.Open(ctx, db, settings.OneID)
	if err != nil {
		return nil, err
	}
	reader := profile.New(db, one)
	tags := tag.New(db, reader)
	one.Follow(tags)
	jobs := job.New(db, job.Defaults())
	jobs.Register(oneid.JobKind, one.Step)
	jobs.Register(attribute.JobKind, one.Attributes().Step)
	return &Services{
		DB: db, Access: access.New(db, settings.AdminKey), OneID: one, Ingest: ingest.New(db, one),
		Profile: reader, Tags: tags, Segments: segment.New(db, one, settings.Zone), Campaigns: campaign.New(db),
		Live: live.New(db, reader, live.Defaults()), Jobs: jobs,
	}, nil
}

// Sources names the systems that sent something, by their numbers, in order.
func (s *Services) Sources(ctx context.Context, numbers []int32) ([]string, error) {
	if err := s.DB.LoadWords(ctx, store.Sources, numbers); err != nil {
		return nil, err
	}
	names := make([]string, len(numbers))
	for i, number := range numbers {
		names[i] = s.DB.Word(store.Sources, number)
	}
	return names, nil
}
