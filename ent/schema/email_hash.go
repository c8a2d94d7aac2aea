package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema/field"
)

// EmailHash is an email_sha256 that was shown, or whose email was. Of two transactions that show one each, the
// second waits at this row for the first, and then sees what it wrote: an email never misses its hash.
type EmailHash struct{ ent.Schema }

// Fields of EmailHash.
func (EmailHash) Fields() []ent.Field {
	return []ent.Field{field.String("id").StorageKey("hash").Immutable()}
}
