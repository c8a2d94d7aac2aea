package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
)

// Customer is one living person's profile. Merging two removes the row with fewer identities; which public
// id stays is a matter of age, see CustomerHandle.
type Customer struct{ ent.Schema }

// Mixin of Customer.
func (Customer) Mixin() []ent.Mixin { return []ent.Mixin{numbered{}} }

// Fields of Customer.
func (Customer) Fields() []ent.Field {
	return []ent.Field{
		field.Int64("public_id").Comment("The oldest handle that leads here."),
		field.Time("created_at").Comment("When that handle was made."),
		field.Time("updated_at").Comment("When identities, attributes or tags last changed."),
		document("attributes", "The golden record: name to surviving value."),
		document("provenance", "Attribute name to where its value comes from; see golden.Provenance."),
		field.Int("identity_count").Default(0),
		field.Int64("part_id").Optional().Nillable().
			Comment("Customers tied by evidence that was not, or not simply, followed have one number; none for a customer whose evidence is all accepted."),
	}
}

// Indexes of Customer.
func (Customer) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("public_id").Unique(),
		index.Fields("part_id").Annotations(entsql.IndexWhere("part_id IS NOT NULL")),
	}
}
