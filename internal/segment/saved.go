package segment

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"github.com/onecdp/onecdp/internal/rule"
	"github.com/onecdp/onecdp/internal/store"
	"github.com/onecdp/onecdp/internal/value"
)

// Segment is a saved rule.
type Segment struct {
	ID               int64
	Key, Name        string
	Description      string
	Rule             json.RawMessage // canonical
	TimeZone         string          // IANA name; "": the server's
	Masked           bool            // saved by who sees personal values masked: it compares what they are shown
	Version          int
	Created, Updated time.Time
}

// parsed reads the rule back. It was found right when it was saved, so an error is ours.
func (s *Segment) parsed() (*rule.Rule, error) {
	decoded, err := value.Decode(s.Rule)
	if err != nil {
		return nil, fmt.Errorf("the rule of segment %d: %w", s.ID, err)
	}
	raw, _ := decoded.(map[string]any)
	read, err := rule.Parse(raw, nil)
	if err != nil {
		return nil, fmt.Errorf("the rule of segment %d cannot be read", s.ID)
	}
	return read, nil
}

const segmentColumns = "s.id, s.key, s.name, s.description, s.rule, s.time_zone, s.masked, s.version, s.created_at, s.updated_at"

// byKeys finds segments by their keys, in order; nil where there is none.
func byKeys(ctx context.Context, q store.Querier, keys []string) ([]*Segment, error) {
	asked := make([]string, len(keys))
	for i, key := range keys {
		if cleaned, err := value.Text(key, nil); err == nil {
			asked[i] = cleaned // else "", which is nobody's key
		}
	}
	var args store.Args
	given := store.Relation(q.Dialect(), "given", &args, store.Texts("key", asked))
	found, err := scanSegments(q.Query(ctx, "SELECT "+segmentColumns+" FROM segments s WHERE s.key IN (SELECT given.key FROM "+given+")", args...))
	if err != nil {
		return nil, err
	}
	byKey := map[string]*Segment{}
	for _, segment := range found {
		byKey[segment.Key] = segment
	}
	ordered := make([]*Segment, len(keys))
	for i, key := range asked {
		ordered[i] = byKey[key]
	}
	return ordered, nil
}

func byIDs(ctx context.Context, q store.Querier, ids []int64) ([]*Segment, error) {
	var args store.Args
	given := store.Relation(q.Dialect(), "given", &args, store.Int64s("id", ids))
	found, err := scanSegments(q.Query(ctx, "SELECT "+segmentColumns+" FROM segments s WHERE s.id IN (SELECT given.id FROM "+given+")", args...))
	if err != nil {
		return nil, err
	}
	byID := map[int64]*Segment{}
	for _, segment := range found {
		byID[segment.ID] = segment
	}
	ordered := make([]*Segment, len(ids))
	for i, id := range ids {
		ordered[i] = byID[id]
	}
	return ordered, nil
}

func scanSegments(rows *sql.Rows, err error) ([]*Segment, error) {
	return store.Collect(rows, err, func(row store.Row, into **Segment) error {
		var (
			s    Segment
			text []byte
		)
		if err := row.Scan(&s.ID, &s.Key, &s.Name, &s.Description, &text, &s.TimeZone, &s.Masked, &s.Version, &s.Created, &s.Updated); err != nil {
			return err
		}
		decoded, err := value.Decode(text)
		if err != nil {
			return fmt.Errorf("the rule of segment %d: %w", s.ID, err)
		}
		s.Rule = value.JSON(decoded) // PostgreSQL orders keys in its own way
		s.Created, s.Updated = s.Created.UTC(), s.Updated.UTC()
		*into = &s
		return nil
	})
}
