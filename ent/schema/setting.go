package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema/field"
)

// Setting is a value all servers of one database must share.
type Setting struct{ ent.Schema }

// Fields of Setting.
func (Setting) Fields() []ent.Field {
	return []ent.Field{
		field.String("id").StorageKey("name"),
		field.String("value"),
	}
}

// IDBlock is the counter the servers draw blocks of ids from; it has one row.
type IDBlock struct{ ent.Schema }

// Fields of IDBlock.
func (IDBlock) Fields() []ent.Field {
	return []ent.Field{
		field.Int("id"),
		field.Int64("next").Comment("The first id nobody has drawn."),
	}
}
