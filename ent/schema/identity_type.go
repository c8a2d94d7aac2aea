package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema/field"
)

// IdentityType is how a type of identity takes part in One ID.
type IdentityType struct{ ent.Schema }

// Fields of IdentityType.
func (IdentityType) Fields() []ent.Field {
	return []ent.Field{
		field.Int32("id"),
		field.String("name").Unique().Immutable(),
		field.Enum("strength").Values("STRONG", "WEAK"),
		field.Float("priority").Comment("Lower is stronger."),
		field.Int("max_per_customer").Optional().Nillable(),
		field.String("limit_window").Default("").Comment("ISO 8601 duration; empty: no window."),
		field.Enum("on_conflict").Values("EARLIEST", "LATEST"),
		field.Int("max_owners").Optional().Nillable(),
		field.String("normalizer"),
		field.Enum("scope").Values("NONE", "OPTIONAL", "REQUIRED"),
		field.Bool("requires_verified").Default(false),
		field.Bool("sensitive").Default(false),
		field.Strings("blocked").Comment("Values, or /patterns/, that are no identity."),
	}
}
