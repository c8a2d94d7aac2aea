package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
)

// Job is work in the background that walks what is stored: a changed setting takes effect on the past. Whatever
// server has time does a piece of it and notes how far it came; a server that dies leaves the rest to others.
type Job struct{ ent.Schema }

// Mixin of Job.
func (Job) Mixin() []ent.Mixin { return []ent.Mixin{numbered{}} }

// Fields of Job.
func (Job) Fields() []ent.Field {
	return []ent.Field{
		field.String("kind").Immutable().Comment("identity_type: customers are decided again. attribute: golden records are made again."),
		field.String("subject").Immutable().Comment("The name of the type or attribute."),
		field.String("actor").Immutable(),
		field.Enum("state").Values("WAITING", "RUNNING", "DONE", "FAILED").Default("WAITING"),
		field.Int64("done").Default(0).Comment("Pieces looked at: identity sets or customers."),
		field.Int64("total").Default(0).Comment("Pieces there were when it began."),
		field.Int64("changed").Default(0).Comment("Customers it changed."),
		field.Int64("cursor").Default(0).Comment("The number of the last piece looked at."),
		field.Int64("barrier").Default(0).Comment("On PostgreSQL: transactions up to this one must have ended before it begins."),
		field.String("error").Default("").Comment("Why it failed; never personal data."),
		field.Time("created_at").Immutable(),
		field.Time("leased_until").Optional().Nillable().Comment("A server works on it until then at the latest."),
		field.Time("ended_at").Optional().Nillable(),
	}
}

// Indexes of Job.
func (Job) Indexes() []ent.Index { return []ent.Index{index.Fields("state", "id")} }
