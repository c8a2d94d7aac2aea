package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema/field"
)

// Campaign is a plan to reach an audience over a channel at a stage of the life cycle.
type Campaign struct{ ent.Schema }

// Fields of Campaign.
func (Campaign) Fields() []ent.Field {
	return []ent.Field{
		field.Int64("id"),
		field.String("key").Unique().Immutable(),
		field.String("name"),
		field.Enum("state").Values("DRAFT", "SCHEDULED", "RUNNING", "PAUSED", "FINISHED", "CANCELLED").Default("DRAFT"),
		field.String("stage").Optional().Nillable(),
		field.String("channel"),
		field.Int64("segment_id").Optional().Nillable(),
		field.Time("created_at").Immutable(),
		field.Time("updated_at"),
	}
}
