package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
)

// IdentitySetMember says which identities of a set count. Claims that were dropped have no row.
type IdentitySetMember struct{ ent.Schema }

// Annotations of IdentitySetMember.
func (IdentitySetMember) Annotations() []schema.Annotation {
	return []schema.Annotation{field.ID("owning_set_id", "identity_id")}
}

// Fields of IdentitySetMember.
func (IdentitySetMember) Fields() []ent.Field {
	return []ent.Field{
		field.Int64("owning_set_id").StorageKey("set_id"),
		field.Int64("identity_id"),
	}
}

// Edges of IdentitySetMember.
func (IdentitySetMember) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("set", IdentitySet.Type).Unique().Required().Field("owning_set_id"),
		edge.To("identity", Identity.Type).Unique().Required().Field("identity_id"),
	}
}

// Indexes of IdentitySetMember.
func (IdentitySetMember) Indexes() []ent.Index {
	return []ent.Index{index.Fields("identity_id")}
}
