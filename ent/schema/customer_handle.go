package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
)

// CustomerHandle is a customer id that was ever given out. It leads, in one step and for ever, to the
// living customer.
type CustomerHandle struct{ ent.Schema }

// Mixin of CustomerHandle.
func (CustomerHandle) Mixin() []ent.Mixin { return []ent.Mixin{numbered{}} }

// Fields of CustomerHandle.
func (CustomerHandle) Fields() []ent.Field {
	return []ent.Field{
		field.Int64("customer_id").Optional().Nillable().Comment("None when nobody holds its birth identity any more."),
		field.Int64("birth_identity_id").Comment("The strongest identity of the record, or part, that made it."),
		field.Int64("seat_identity_id").Comment("The steadier identity that the birth identity has moved on to; whoever holds it is the customer."),
		field.Time("created_at").Immutable(),
	}
}

// Indexes of CustomerHandle.
func (CustomerHandle) Indexes() []ent.Index {
	return []ent.Index{index.Fields("customer_id"), index.Fields("seat_identity_id")}
}
