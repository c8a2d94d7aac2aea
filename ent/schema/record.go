package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
)

// Record is one ingested record: the evidence One ID is computed from, and the memory that makes ingest
// idempotent. Primary key: (source_id, message_id).
type Record struct{ ent.Schema }

// Mixin of Record.
func (Record) Mixin() []ent.Mixin { return []ent.Mixin{numbered{}} }

// Fields of Record.
func (Record) Fields() []ent.Field {
	return []ent.Field{
		field.Int32("source_id").Immutable(),
		field.String("message_id").Immutable().Comment("As ingest.MessageKey writes it: never empty, at most 200 bytes."),
		field.Int64("set_id").Immutable(),
		field.Int32("channel_id").Optional().Nillable().Immutable(),
		field.Time("occurred_at").Immutable(),
		field.Time("received_at").Immutable(),
		field.Int64("digest").Immutable().Comment("First 8 bytes of SHA-256 of the canonical body."),
		field.Bool("quiet").Immutable().Comment("No event came with it."),
		field.Bool("withdrawn").Default(false),
	}
}

// Indexes of Record. Where a record brought an event, the timeline of events tells when its set was seen; the
// index holds the others alone, which makes ingest of events a tenth faster.
func (Record) Indexes() []ent.Index {
	return []ent.Index{index.Fields("set_id", "occurred_at", "id").Annotations(entsql.IndexWhere("quiet"))}
}
