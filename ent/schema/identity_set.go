package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
)

// IdentitySet is one distinct set of identities as records sent it, dropped ones included. It is what an
// event carries for ever; set_owners says whose it is now.
type IdentitySet struct{ ent.Schema }

// Mixin of IdentitySet.
func (IdentitySet) Mixin() []ent.Mixin { return []ent.Mixin{numbered{}} }

// Fields of IdentitySet.
func (IdentitySet) Fields() []ent.Field {
	return []ent.Field{
		field.Bytes("digest").Immutable().MaxLen(16).Comment("First 16 bytes of SHA-256 of the claims."),
		document("claims", "The identities as sent: type, scope, value, verified."),
		field.Int64("anchor_id").Optional().Nillable().Comment("The strongest identity that counts and is not shared (all shared: the strongest); none when all were dropped."),
		field.Time("arrived_at").Optional().Nillable().Comment("When the first of its records that is not withdrawn was stored."),
	}
}

// Edges of IdentitySet.
func (IdentitySet) Edges() []ent.Edge {
	return []ent.Edge{edge.To("identities", Identity.Type).Through("members", IdentitySetMember.Type)}
}

// Indexes of IdentitySet.
func (IdentitySet) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("digest").Unique(),
	}
}
