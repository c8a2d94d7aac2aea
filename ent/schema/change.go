package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
)

// Change is a row of the change feed: one per transaction and touched set or customer. See package feed for
// how a reader follows it without missing a transaction that commits late.
type Change struct{ ent.Schema }

// Fields of Change.
func (Change) Fields() []ent.Field {
	return []ent.Field{
		field.Int64("id"),
		field.Int64("tx_number").Comment("The writing transaction's number; 0 on SQLite, which has one writer."),
		field.Time("at"),
		field.String("kind").Comment("What changed: see feed.Kind."),
		field.Int64("customer_id").Optional().Nillable(),
		field.Int64("set_id").Optional().Nillable(),
		field.Int64("subject_id").Optional().Nillable().Comment("The merge, tag or other row the kind speaks of."),
		field.Int("events").Default(0).Comment("How many events came with it."),
		field.Bytes("event_keys").Optional().Nillable().Comment("Which: their times and ids, see feed.EventKey; none when it has no events."),
	}
}

// Indexes of Change.
func (Change) Indexes() []ent.Index {
	return []ent.Index{index.Fields("tx_number")}
}
