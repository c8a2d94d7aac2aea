package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
)

// Tag describes customers along one dimension.
type Tag struct{ ent.Schema }

// Fields of Tag.
func (Tag) Fields() []ent.Field {
	return []ent.Field{
		field.Int64("id"),
		field.String("key").Unique().Immutable(),
		field.String("name"),
		field.Enum("kind").Values("ATTRIBUTE", "STATISTICAL", "RULE", "MINED").Immutable(),
		field.Int("version").Default(1).Comment("Grows with every change to the row: what is remembered of a version stays right."),
		document("definition", "How the value comes about; its shape depends on the kind."),
		field.Time("created_at").Immutable(),
	}
}

// CustomerTag is a tag's value on a customer. It belongs to the handle it was set on and follows that
// handle through merges: customer_id is where it leads now. Of several under one customer the newest counts.
type CustomerTag struct{ ent.Schema }

// Mixin of CustomerTag.
func (CustomerTag) Mixin() []ent.Mixin { return []ent.Mixin{numbered{}} }

// Fields of CustomerTag.
func (CustomerTag) Fields() []ent.Field {
	return []ent.Field{
		field.Int64("handle_id").Immutable(),
		field.Int64("customer_id"),
		field.Int64("tag_id").Immutable(),
		document("value", "Canonical JSON."),
		field.Float("score").Optional().Nillable(),
		field.Time("computed_at"),
		field.Time("valid_until").Optional().Nillable(),
		field.String("source"),
		field.Bool("current").Default(true).Comment("False while a newer value under the same customer hides it."),
	}
}

// Indexes of CustomerTag.
func (CustomerTag) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("handle_id", "tag_id").Unique(),
		index.Fields("customer_id"),
		index.Fields("tag_id", "customer_id"),
	}
}
