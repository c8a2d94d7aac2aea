package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema/field"
)

// Segment is a saved rule.
type Segment struct{ ent.Schema }

// Fields of Segment.
func (Segment) Fields() []ent.Field {
	return []ent.Field{
		field.Int64("id"),
		field.String("key").Unique().Immutable(),
		field.String("name"),
		field.String("description").Default(""),
		document("rule", "The rule as package rule writes it."),
		field.String("time_zone").Comment("IANA name; the zone its rule is read in."),
		field.Bool("masked").Default(false).Comment("Saved by who may not see personal values: it compares what they are shown."),
		field.Int("version").Default(1),
		field.Time("created_at").Immutable(),
		field.Time("updated_at"),
	}
}
