package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema/field"
)

// APIKey lets a program in. Only a digest of the secret is kept.
type APIKey struct{ ent.Schema }

// Fields of APIKey.
func (APIKey) Fields() []ent.Field {
	return []ent.Field{
		field.Int64("id"),
		field.String("name").Unique().Immutable(),
		field.Bytes("digest").Unique().MaxLen(32).Comment("SHA-256 of the secret."),
		field.String("hint").Comment("The last four characters, to tell keys apart."),
		field.Strings("scopes"),
		field.Time("created_at").Immutable(),
		field.Time("expires_at").Optional().Nillable(),
		field.Time("revoked_at").Optional().Nillable(),
		field.Bytes("previous_digest").Optional().Nillable().Unique().MaxLen(32).Comment("SHA-256 of the secret before, while it still counts."),
		field.Time("previous_until").Optional().Nillable().Comment("When the secret before ends."),
		field.Time("last_used_at").Optional().Nillable().Comment("To the minute, and written late."),
	}
}
