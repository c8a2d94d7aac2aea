// Package segment finds the customers that a rule of the segment language means, and keeps saved rules.
//
// A rule becomes one SQL predicate over customers. Both engines share one compiler; what they say differently
// is the interface engine. Every name and value is bound: the text of a statement depends on the shape of a
// rule alone.
package segment

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/onecdp/onecdp/internal/fault"
	"github.com/onecdp/onecdp/internal/profile"
	"github.com/onecdp/onecdp/internal/rule"
	"github.com/onecdp/onecdp/internal/store"
	"github.com/onecdp/onecdp/internal/value"
)

// Service answers rules and keeps segments.
type Service struct {
	db    *store.DB
	types profile.Types
	zone  *time.Location
}

// New makes the service. zone is the time zone of rules that name none.
func New(db *store.DB, types profile.Types, zone *time.Location) *Service {
	return &Service{db: db, types: types, zone: zone}
}

// Read reads a rule. The error joins BAD_USER_INPUT for what is wrong and NOT_IMPLEMENTED for what cannot be
// evaluated yet, each at its place below at.
func (s *Service) Read(raw map[string]any, at fault.Path) (*rule.Rule, error) {
	read, err := rule.Parse(raw, at)
	if err != nil {
		return nil, err
	}
	return read, read.OnlyUses(built...)
}

// ReadMasked is Read for who sees personal values masked. What would tell them is FORBIDDEN at its place; see rule.Rule.Reveals.
func (s *Service) ReadMasked(raw map[string]any, at fault.Path) (*rule.Rule, error) {
	read, err := s.Read(raw, at)
	if err != nil {
		return nil, err
	}
	return read, read.Reveals(s.types.Registry())
}

// MaskedRule is the rule of a segment as who sees personal values masked is shown it.
func (s *Service) MaskedRule(segment *Segment) (json.RawMessage, error) {
	read, err := segment.parsed()
	if err != nil {
		return nil, err
	}
	return read.MaskedJSON(s.types.Registry()), nil
}

// Zone is the time zone of an IANA name, the server's when it is nil. An unknown one is BAD_USER_INPUT at the place.
func (s *Service) Zone(name *string, at fault.Path) (*time.Location, error) {
	if name == nil {
		return s.zone, nil
	}
	zone, err := time.LoadLocation(*name)
	if err != nil || *name == "" || *name == "Local" { // which Go takes for UTC and for this machine's
		return nil, fault.Bad(at, "there is no such time zone").WithHint("an IANA name like Asia/Shanghai")
	}
	return zone, nil
}

// CreateInput is a segment to be.
type CreateInput struct {
	Key, Name   string
	Where       map[string]any // the rule
	TimeZone    *string        // IANA name; nil: the server's
	Description string
	Masked      bool // by who sees personal values masked
}

// Create saves a rule under a key. Its faults are BAD_USER_INPUT at key, name, description, timeZone and below where,
// NOT_IMPLEMENTED below where, and CONFLICT at key when the key is in use; of who sees personal values masked, FORBIDDEN below where.
func (s *Service) Create(ctx context.Context, in CreateInput) (*Segment, error) {
	var faults []error
	clean := func(text, field string) string {
		cleaned, err := value.Name(text, fault.Path{field}, value.MaxName)
		faults = append(faults, err)
		return cleaned
	}
	key, name := clean(in.Key, "key"), clean(in.Name, "name")
	description, err := cleanDescription(in.Description)
	faults = append(faults, err)
	readRule := s.Read
	if in.Masked {
		readRule = s.ReadMasked
	}
	read, err := readRule(in.Where, fault.Path{"where"})
	faults = append(faults, err)
	zone := ""
	if in.TimeZone != nil {
		_, err = s.Zone(in.TimeZone, fault.Path{"timeZone"})
		faults = append(faults, err)
		zone = *in.TimeZone
	}
	if err := errors.Join(faults...); err != nil {
		return nil, err
	}
	if _, err := lookUp(ctx, s.db, read.Root); err != nil { // its references
		return nil, err
	}
	err = s.db.WithTx(ctx, func(tx *store.Tx) error {
		now := []time.Time{tx.Now}
		added, err := tx.InsertRows(ctx, "segments", "ON CONFLICT (key) DO NOTHING",
			store.Texts("key", []string{key}), store.Texts("name", []string{name}), store.Texts("description", []string{description}),
			store.Documents("rule", [][]byte{read.JSON()}), store.Texts("time_zone", []string{zone}),
			store.Bools("masked", []bool{in.Masked}), store.Times("created_at", now), store.Times("updated_at", now))
		if err == nil && added == 0 {
			err = fault.New(fault.Conflict, "a segment with this key exists").At(fault.Path{"key"})
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return s.ByKey(ctx, key)
}

// cleanDescription returns a description, which may be empty, in NFC.
func cleanDescription(text string) (string, error) {
	at := fault.Path{"description"}
	text, err := value.Text(text, at)
	if err == nil && utf8.RuneCountInString(text) > rule.MaxText {
		err = fault.Bad(at, "the text has more than %d characters", rule.MaxText)
	}
	return text, err
}

// ByKey finds a segment; nil when there is none.
func (s *Service) ByKey(ctx context.Context, key string) (*Segment, error) {
	found, err := s.ByKeys(ctx, []string{key})
	if err != nil {
		return nil, err
	}
	return found[0], nil
}

// ByKeys finds segments by their keys, in order; nil where there is none.
func (s *Service) ByKeys(ctx context.Context, keys []string) ([]*Segment, error) {
	return byKeys(ctx, s.db, keys)
}

// ByIDs finds segments by their numbers, in order; nil where there is none.
func (s *Service) ByIDs(ctx context.Context, ids []int64) ([]*Segment, error) {
	return byIDs(ctx, s.db, ids)
}

// All are the segments by their keys.
func (s *Service) All(ctx context.Context) ([]*Segment, error) {
	found, err := scanSegments(s.db.Query(ctx, "SELECT "+segmentColumns+" FROM segments s"))
	slices.SortFunc(found, func(a, b *Segment) int { return strings.Compare(a.Key, b.Key) })
	return found, err
}

// Question is who is in a saved segment at an instant, in the segment's own time zone.
func (s *Service) Question(segment *Segment, asOf time.Time) (Question, error) {
	read, err := segment.parsed()
	if err != nil {
		return Question{}, err
	}
	zone := s.zone
	if segment.TimeZone != "" {
		if zone, err = s.Zone(&segment.TimeZone, nil); err != nil {
			return Question{}, err
		}
	}
	return Question{Rule: read, AsOf: asOf, Zone: zone, Masked: segment.Masked}, nil
}
