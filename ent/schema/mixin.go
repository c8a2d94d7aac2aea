// Package schema models the tables.
//
// The tables that grow with traffic (records, identity sets, observations, events) are written and
// read by statements of the packages that own them; ent gives them their shape, their migrations
// and the check for drift. store.Wanted names the primary keys that ent cannot express. No table has
// a foreign key: beyond one machine keys reach only within a shard. What one would have refused, the
// one transaction that writes both sides rules out.
package schema

import (
	"encoding/json"

	"entgo.io/ent"
	"entgo.io/ent/dialect"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/mixin"
)

// numbered gives a table the ids of store.IDs: one number space for all of them.
type numbered struct{ mixin.Schema }

func (numbered) Fields() []ent.Field { return []ent.Field{field.Int64("id")} }

// dictionary is a table of words and their small numbers. A word never changes its number.
type dictionary struct{ mixin.Schema }

func (dictionary) Fields() []ent.Field {
	return []ent.Field{
		field.Int32("id"),
		field.String("name").Unique().Immutable().Comment("The word: NFC, at most 512 characters."),
	}
}

// document is a JSON column: jsonb on PostgreSQL, text on SQLite. Declared as json there, it would have
// numeric affinity, and a document that is one number would lose digits.
func document(name, comment string) ent.Field {
	return field.JSON(name, json.RawMessage{}).SchemaType(map[string]string{dialect.SQLite: "text"}).Comment(comment)
}
