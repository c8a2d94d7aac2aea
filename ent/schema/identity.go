package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
)

// Identity is (type, scope, value), normalised, and the customer it belongs to. The pointer is always
// canonical: one index probe and one fetch lead from a value to its customer.
type Identity struct{ ent.Schema }

// Mixin of Identity.
func (Identity) Mixin() []ent.Mixin { return []ent.Mixin{numbered{}} }

// Fields of Identity.
func (Identity) Fields() []ent.Field {
	return []ent.Field{
		field.Int32("type_id").Immutable(),
		field.String("scope").Immutable(),
		field.String("value").Immutable().Sensitive(),
		field.Bytes("key").Immutable().MaxLen(16).Comment("First 16 bytes of SHA-256 of type, scope and value."),
		field.Bytes("derived_key").Optional().Nillable().Immutable().MaxLen(16).
			Comment("Of an email: the key of the email_sha256 of its text, so that a hash that comes later finds it."),
		field.Int64("customer_id").Optional().Nillable().Comment("The customer's row; none when nobody owns it."),
		field.Int32("source_id").Immutable().Comment("Who showed it first."),
		field.Bool("shared").Default(false).Comment("Tied to too many people: kept, but no evidence."),
		field.Bool("ruled").Default(false).Comment("An operation names it, so that who shows it must ask the decisions."),
		field.Time("handed_at").Optional().Nillable().
			Comment("Of a weak identity that several people showed: since when it has been its present customer's; the year 9999 when it is with somebody else. None: never disputed."),
	}
}

// Edges of Identity.
func (Identity) Edges() []ent.Edge {
	return []ent.Edge{edge.From("sets", IdentitySet.Type).Ref("identities").Through("memberships", IdentitySetMember.Type)}
}

// Indexes of Identity.
func (Identity) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("key").Unique(),
		index.Fields("customer_id", "type_id"),
		index.Fields("derived_key").Annotations(entsql.IndexWhere("derived_key IS NOT NULL")),
	}
}
