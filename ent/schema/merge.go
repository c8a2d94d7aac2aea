package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
)

// Merge tells that two customers turned out to be one. It is written once and kept.
type Merge struct{ ent.Schema }

// Mixin of Merge.
func (Merge) Mixin() []ent.Mixin { return []ent.Mixin{numbered{}} }

// Fields of Merge.
func (Merge) Fields() []ent.Field {
	return []ent.Field{
		field.Int64("survivor_id").Immutable().Comment("Handle of the older customer."),
		field.Int64("merged_id").Immutable().Comment("Handle of the other."),
		field.Enum("cause").Values("record", "operation", "setting", "match").Immutable(),
		field.String("reason").Immutable(),
		field.String("actor").Immutable(),
		field.Int64("record_id").Optional().Nillable().Immutable().Comment("The record whose identities joined them."),
		field.Int64("operation_id").Optional().Nillable().Immutable().Comment("The operation, or the job, that joined them."),
		field.Time("merged_at").Immutable(),
		field.Time("undone_at").Optional().Nillable(),
	}
}

// Indexes of Merge.
func (Merge) Indexes() []ent.Index {
	return []ent.Index{index.Fields("survivor_id"), index.Fields("merged_id")}
}
