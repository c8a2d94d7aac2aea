package demo

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/onecdp/onecdp/internal/campaign"
	"github.com/onecdp/onecdp/internal/fault"
	"github.com/onecdp/onecdp/internal/ingest"
	"github.com/onecdp/onecdp/internal/profile"
	"github.com/onecdp/onecdp/internal/segment"
	"github.com/onecdp/onecdp/internal/tag"
)

// Services is what the world goes in through.
type Services struct {
	Ingest    *ingest.Service
	Tags      *tag.Service
	Campaigns *campaign.Service
	Segments  *segment.Service
}

// Options choose a world.
type Options struct {
	Seed     uint64
	People   int
	Now      time.Time             // the world's last instant
	Progress func(records, of int) // called after every batch; nil: nobody listens
}

// Report is what Fill did.
type Report struct {
	Records int  // that went in; 0 when the world was there
	Tags    int  // that were set
	Found   bool // the world was in the database already
}

// batchSize is how many records go in at a time.
const batchSize = 1000

// Fill puts the world into a database, together with its tags, segments and campaigns. A database that has it is left
// alone; one where Fill was interrupted is completed, since every record has a message id of its own.
func Fill(ctx context.Context, services Services, o Options) (Report, error) {
	campaigns := Campaigns()
	last, err := services.Campaigns.ByKey(ctx, campaigns[len(campaigns)-1].Key)
	if err != nil || last != nil {
		return Report{Found: last != nil}, err
	}
	var report Report
	handles, err := ingestWorld(ctx, services.Ingest, o)
	if err != nil {
		return report, err
	}
	report.Records = handles.records
	for _, m := range marks(o.Seed, o.People) {
		handle, there := handles.of[m.person]
		if !there {
			continue
		}
		if _, err := services.Tags.Set(ctx, handle, m.key, m.value, nil, "crm"); err != nil {
			return report, err
		}
		report.Tags++
	}
	return report, plan(ctx, services, campaigns)
}

// handles are the customers that the people became.
type handles struct {
	of      map[int]profile.Handle
	records int
}

func ingestWorld(ctx context.Context, into *ingest.Service, o Options) (handles, error) {
	found := handles{of: map[int]profile.Handle{}}
	all := world(o.Seed, o.People, o.Now)
	for begin := 0; begin < len(all); begin += batchSize {
		batch := all[begin:min(begin+batchSize, len(all))]
		records := make([]map[string]any, len(batch))
		for i, h := range batch {
			records[i] = h.record
		}
		results, err := into.Ingest(ctx, records, nil)
		if err != nil {
			return found, err
		}
		for i, result := range results {
			if result.Status == ingest.Rejected {
				return found, fmt.Errorf("demo: a record of the world was rejected: %w", result.Fault)
			}
			if result.Customer != 0 {
				found.of[batch[i].person] = result.Customer
			}
		}
		found.records += len(batch)
		if o.Progress != nil {
			o.Progress(found.records, len(all))
		}
	}
	return found, nil
}

// plan makes the segments and then the campaigns; the last campaign marks the world as whole.
func plan(ctx context.Context, services Services, campaigns []Campaign) error {
	for _, s := range Segments() {
		_, err := services.Segments.Create(ctx, segment.CreateInput{Key: s.Key, Name: s.Name, Description: s.Description, Where: s.Where})
		if err != nil && !taken(err) {
			return err
		}
	}
	for _, c := range campaigns {
		input := campaign.Input{Key: c.Key, Name: c.Name, Channel: c.Channel, Stage: &c.Stage}
		audience, err := services.Segments.ByKey(ctx, c.Segment)
		if err != nil {
			return err
		}
		if audience != nil {
			input.SegmentID = &audience.ID
		}
		if _, err := services.Campaigns.Create(ctx, input); err != nil && !taken(err) {
			return err
		}
	}
	return nil
}

// taken says whether the key is in use, which it is when an earlier Fill was interrupted.
func taken(err error) bool {
	var f *fault.Error
	return errors.As(err, &f) && f.Code == fault.Conflict
}
