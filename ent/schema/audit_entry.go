package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
)

// AuditEntry is one thing that changed about who is who. It is written once and never changed; from these rows
// alone the customers of any past time can be told.
type AuditEntry struct{ ent.Schema }

// Mixin of AuditEntry.
func (AuditEntry) Mixin() []ent.Mixin { return []ent.Mixin{numbered{}} }

// Fields of AuditEntry.
func (AuditEntry) Fields() []ent.Field {
	return []ent.Field{
		field.Time("at").Immutable(),
		field.Enum("kind").Immutable().
			Values("joined", "moved", "left", "merged", "split", "accepted", "rejected", "withdrawn", "shared", "unshared", "blocked", "unblocked", "operation", "undone").
			Comment("joined: an identity has its first customer. moved: it has another. left: it has none any more. merged, split: two ids lead to one customer, or to two again. " +
				"accepted, rejected, withdrawn: the verdict on a link. shared to unblocked: of an identity. operation, undone: something was done by hand."),
		field.Int64("identity_id").Optional().Nillable().Immutable().Comment("The identity; of a link the stronger end."),
		field.Int64("other_id").Optional().Nillable().Immutable().Comment("Of a link the weaker end."),
		field.Int64("before_id").Optional().Nillable().Immutable().Comment("The customer's handle before."),
		field.Int64("after_id").Optional().Nillable().Immutable().Comment("The customer's handle after."),
		field.String("rule").Immutable().Comment("What decided: same, apart, limit, weak, cap, shared, blocked; empty where nothing had to be decided."),
		field.Enum("cause").Values("record", "operation", "setting", "match").Immutable(),
		field.Int64("cause_id").Immutable().Comment("The record, operation or job."),
		field.String("actor").Immutable().Comment("The source of the record, or the name of the key."),
		field.String("reason").Immutable(),
	}
}

// Indexes of AuditEntry. Entries come in the order of time, and numbers of new identities are high: most go to the end of an index.
// Customers are looked for only where they changed; those that got their first customer have no id before.
func (AuditEntry) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("at"),
		index.Fields("identity_id", "at"),
		index.Fields("other_id", "at").Annotations(entsql.IndexWhere("other_id IS NOT NULL")),
		index.Fields("before_id", "at").Annotations(entsql.IndexWhere("before_id IS NOT NULL")),
		index.Fields("after_id", "at").Annotations(entsql.IndexWhere("before_id IS NOT NULL")),
	}
}
