package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
)

// SetOwner says whose an identity set is. A merge changes rows here and no event. Primary key: (set_id, since).
//
// An undated row holds for all time. Dated rows are for sets of devices alone, which change hands: they
// hold for events in [since, until). The flag is there for the planner: "not dated or in the interval"
// is estimated well where the bare interval is not.
type SetOwner struct{ ent.Schema }

// Fields of SetOwner.
func (SetOwner) Fields() []ent.Field {
	return []ent.Field{
		field.Int64("id").StorageKey("set_id"),
		field.Bool("dated").Default(false),
		field.Time("since"),
		field.Time("until"),
		field.Int64("customer_id"),
	}
}

// Indexes of SetOwner.
func (SetOwner) Indexes() []ent.Index {
	return []ent.Index{index.Fields("customer_id")}
}
