package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema/field"
)

// Observation is one attribute value, said by one record. The golden record is derived from these; a merge
// only changes which are read. Primary key: (set_id, attribute_id, observed_at, record_id).
type Observation struct{ ent.Schema }

// Fields of Observation.
func (Observation) Fields() []ent.Field {
	return []ent.Field{
		field.Int64("id").StorageKey("record_id"),
		field.Int64("set_id").Immutable(),
		field.Int32("attribute_id").Immutable(),
		field.Time("observed_at").Immutable(),
		field.Int32("source_id").Immutable(),
		document("value", "Canonical JSON."),
	}
}
