package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/dialect"
	"entgo.io/ent/schema/field"
)

// EventName is the dictionary of event names.
type EventName struct{ ent.Schema }

// Mixin of EventName.
func (EventName) Mixin() []ent.Mixin { return []ent.Mixin{dictionary{}} }

// Channel is the dictionary of touchpoints.
type Channel struct{ ent.Schema }

// Mixin of Channel.
func (Channel) Mixin() []ent.Mixin { return []ent.Mixin{dictionary{}} }

// Source is the dictionary of sending systems.
type Source struct{ ent.Schema }

// Mixin of Source.
func (Source) Mixin() []ent.Mixin { return []ent.Mixin{dictionary{}} }

// AttributeType is the dictionary of attribute names, with how each one's value survives.
type AttributeType struct{ ent.Schema }

// Mixin of AttributeType.
func (AttributeType) Mixin() []ent.Mixin { return []ent.Mixin{dictionary{}} }

// Fields of AttributeType.
func (AttributeType) Fields() []ent.Field {
	return []ent.Field{
		field.Enum("survivorship").
			Values("LATEST", "EARLIEST", "SOURCE_PRIORITY", "SUM", "MIN", "MAX", "UNION", "CONSENT").
			Default("LATEST"),
		field.JSON("sources", []string{}).SchemaType(map[string]string{dialect.SQLite: "text"}).Optional().
			Comment("For SOURCE_PRIORITY: names of sources, the most trusted first."),
	}
}
