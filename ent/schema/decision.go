package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
)

// Decision says what an operation means for one identity. The rows of one operation and group belong together: link
// ties every identity of one side to every one of the other, apart keeps them from each other, unlink leaves one out
// of the records up to a time, block out of all. Primary key: (operation_id, part, side, identity_id).
type Decision struct{ ent.Schema }

// Fields of Decision.
func (Decision) Fields() []ent.Field {
	return []ent.Field{
		field.Int64("id").StorageKey("operation_id"),
		field.Int("part").Immutable().Comment("Number of the group within the operation."),
		field.Int("side").Immutable().Comment("0 or 1."),
		field.Int64("identity_id").Immutable(),
		field.Enum("kind").Values("link", "apart", "unlink", "block").Immutable(),
		field.Time("since").Optional().Nillable().Immutable().Comment("Of unlink: the last instant of the records it is about."),
	}
}

// Indexes of Decision.
func (Decision) Indexes() []ent.Index { return []ent.Index{index.Fields("identity_id")} }
