package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
)

// Event is what happened. It is appended and never rewritten: set_owners says whose it is.
// Its id is its record's. Primary key: (set_id, occurred_at, id), the timeline. One more index answers
// questions; each further one costs a third of the ingest rate.
type Event struct{ ent.Schema }

// Mixin of Event.
func (Event) Mixin() []ent.Mixin { return []ent.Mixin{numbered{}} }

// Fields of Event.
func (Event) Fields() []ent.Field {
	return []ent.Field{
		field.Int64("set_id").Immutable(),
		field.Time("occurred_at").Immutable(),
		field.Time("received_at").Immutable(),
		field.Int32("name_id").Immutable(),
		field.Int32("source_id").Immutable(),
		field.Int32("channel_id").Optional().Nillable().Immutable(),
		field.Int64("amount").Optional().Nillable().Immutable().Comment("Micro-units: 1.50 is 1500000."),
		document("properties", "What the record sent, numbers exact, texts in NFC."),
	}
}

// Indexes of Event.
func (Event) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("name_id", "occurred_at", "set_id").Annotations(entsql.IncludeColumns("amount")),
	}
}
