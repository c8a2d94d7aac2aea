package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema/field"
)

// JobCustomer names a customer that a job changed. Primary key: (job_id, handle_id).
type JobCustomer struct{ ent.Schema }

// Fields of JobCustomer.
func (JobCustomer) Fields() []ent.Field {
	return []ent.Field{
		field.Int64("id").StorageKey("job_id"),
		field.Int64("handle_id").Immutable(),
	}
}
