package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema/field"
)

// MergeSide says which identities the two customers of a merge held just before it: the strong ones, or all where
// there was no strong one. They are what unmerging keeps apart. Primary key: (merge_id, identity_id).
type MergeSide struct{ ent.Schema }

// Fields of MergeSide.
func (MergeSide) Fields() []ent.Field {
	return []ent.Field{
		field.Int64("id").StorageKey("merge_id"),
		field.Int64("identity_id").Immutable(),
		field.Bool("survivor").Immutable().Comment("Held by the customer whose id survived; else by the other."),
	}
}
