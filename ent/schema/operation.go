package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
)

// Operation is something that was done by hand to who is who. It is part of what customers are computed from,
// and can be undone once; undoing is an operation too.
type Operation struct{ ent.Schema }

// Mixin of Operation.
func (Operation) Mixin() []ent.Mixin { return []ent.Mixin{numbered{}} }

// Fields of Operation.
func (Operation) Fields() []ent.Field {
	return []ent.Field{
		field.String("kind").Immutable().Comment("The mutation: mergeCustomers, unmerge, linkIdentities, keepApart, unlinkIdentity, moveIdentity, blockIdentity, retractRecord, undoOperation."),
		field.String("reason").Immutable(),
		field.String("actor").Immutable(),
		field.Time("at").Immutable(),
		field.Bool("active").Default(true).Comment("Its decisions count. Undoing takes that away, and undoing the undoing gives it back."),
		field.Int64("undone_by_id").Optional().Nillable().Comment("The operation that undid it."),
		field.Int64("subject_id").Optional().Nillable().Immutable().
			Comment("What it is about: of an undo the operation, of a retraction the record, of an unmerge the merge."),
		field.String("subject_key").Default("").Immutable().Comment("Of a retraction: the number of the record's source, a colon, and its message id."),
	}
}

// Indexes of Operation.
func (Operation) Indexes() []ent.Index { return []ent.Index{index.Fields("at")} }
