package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
)

// SetMention says that a set names an identity which does not count in it now, because somebody blocked it or because
// the record has too many of its type. When that changes, these are the sets to read again. Primary key: (set_id, key).
type SetMention struct{ ent.Schema }

// Fields of SetMention.
func (SetMention) Fields() []ent.Field {
	return []ent.Field{
		field.Int64("id").StorageKey("set_id"),
		field.Bytes("key").Immutable().MaxLen(16).Comment("As identities have it."),
	}
}

// Indexes of SetMention.
func (SetMention) Indexes() []ent.Index { return []ent.Index{index.Fields("key")} }
