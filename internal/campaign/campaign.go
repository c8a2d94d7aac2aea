// Package campaign keeps campaigns: plans to reach an audience over a channel, at a stage of the life cycle.
package campaign

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/onecdp/onecdp/internal/fault"
	"github.com/onecdp/onecdp/internal/store"
	"github.com/onecdp/onecdp/internal/value"
)

// State is how far a campaign is.
type State string

// The states. A campaign begins as a draft.
const (
	Draft     State = "DRAFT"
	Scheduled State = "SCHEDULED"
	Running   State = "RUNNING"
	Paused    State = "PAUSED"
	Finished  State = "FINISHED"
	Cancelled State = "CANCELLED"
)

// Campaign is a plan to reach an audience.
type Campaign struct {
	ID        int64
	Key       string
	Name      string
	State     State
	Stage     *string // the stage of the life cycle it is for; nil: any
	Channel   string
	SegmentID *int64 // its audience; nil: none chosen
	CreatedAt time.Time
	UpdatedAt time.Time
}

// Input is what a campaign is made from. The caller has made sure that the segment exists.
type Input struct {
	Key       string
	Name      string
	Channel   string
	Stage     *string
	SegmentID *int64
}

// Service keeps campaigns. It is safe for concurrent use.
type Service struct{ db *store.DB }

// New returns the service of a migrated database.
func New(db *store.DB) *Service { return &Service{db: db} }

// clean returns the input in NFC, or a BAD_USER_INPUT for each field that is wrong.
func (in Input) clean() (Input, error) {
	var faults [4]error
	in.Key, faults[0] = cleanText("key", in.Key)
	in.Name, faults[1] = cleanText("name", in.Name)
	in.Channel, faults[2] = cleanText("channel", in.Channel)
	if in.Stage != nil {
		var stage string
		stage, faults[3] = cleanText("stage", *in.Stage)
		in.Stage = &stage
	}
	return in, errors.Join(faults[:]...)
}

func cleanText(field, text string) (string, error) {
	return value.Name(text, fault.Path{field}, value.MaxName)
}

const columns = "id, key, name, state, stage, channel, segment_id, created_at, updated_at"

func scan(row store.Row, c *Campaign) error {
	var created, updated store.Instant
	err := row.Scan(&c.ID, &c.Key, &c.Name, &c.State, &c.Stage, &c.Channel, &c.SegmentID, &created, &updated)
	c.CreatedAt, c.UpdatedAt = created.Time, updated.Time
	return err
}

// Create makes a draft of a campaign. It fails with BAD_USER_INPUT at key, name, channel or stage, all that are wrong at once, and with
// CONFLICT at key when another campaign has it.
func (s *Service) Create(ctx context.Context, in Input) (*Campaign, error) {
	in, err := in.clean()
	if err != nil {
		return nil, err
	}
	var made []Campaign
	err = s.db.WithTx(ctx, func(tx *store.Tx) error {
		rows, err := tx.Query(ctx, "INSERT INTO campaigns (key, name, state, stage, channel, segment_id, created_at, updated_at)"+
			" VALUES ($1, $2, $3, $4, $5, $6, $7, $7) ON CONFLICT (key) DO NOTHING RETURNING "+columns,
			in.Key, in.Name, string(Draft), in.Stage, in.Channel, in.SegmentID, tx.Now)
		made, err = store.Collect(rows, err, scan)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("create a campaign: %w", err)
	}
	if len(made) == 0 {
		return nil, fault.New(fault.Conflict, "another campaign has this key").At(fault.Path{"key"})
	}
	return &made[0], nil
}

// ByKey finds a campaign; nil when none has the key.
func (s *Service) ByKey(ctx context.Context, key string) (*Campaign, error) {
	key, err := cleanText("key", key)
	if err != nil {
		return nil, nil //nolint:nilerr // a key that cannot be is nobody's
	}
	rows, err := s.db.Query(ctx, "SELECT "+columns+" FROM campaigns WHERE key = $1", key)
	found, err := store.Collect(rows, err, scan)
	if err != nil {
		return nil, fmt.Errorf("find a campaign: %w", err)
	}
	if len(found) == 0 {
		return nil, nil
	}
	return &found[0], nil
}

// ByIDs finds campaigns. The result is in order, nil where there is none.
func (s *Service) ByIDs(ctx context.Context, ids []int64) ([]*Campaign, error) {
	var args store.Args
	wanted := store.Relation(s.db.Dialect(), "wanted", &args, store.Int64s("number", ids))
	rows, err := s.db.Query(ctx, "SELECT "+columns+" FROM campaigns WHERE id IN (SELECT number FROM "+wanted+")", args...)
	found, err := store.Collect(rows, err, scan)
	if err != nil {
		return nil, fmt.Errorf("find campaigns: %w", err)
	}
	by := make(map[int64]*Campaign, len(found))
	for i := range found {
		by[found[i].ID] = &found[i]
	}
	all := make([]*Campaign, len(ids))
	for i, id := range ids {
		all[i] = by[id]
	}
	return all, nil
}
