// Package model holds what the API shows: the records of the services, with what a field needs to find its neighbours.
//
// models_gen.go is written by gqlgen: what the schema has and nobody wrote here.
package model

// IsNode marks a type with a global id.
func (*Customer) IsNode() {}

// IsNode marks a type with a global id.
func (*Identity) IsNode() {}

// IsNode marks a type with a global id.
func (*Event) IsNode() {}

// IsNode marks a type with a global id.
func (*Tag) IsNode() {}

// IsNode marks a type with a global id.
func (*Segment) IsNode() {}

// IsNode marks a type with a global id.
func (*Campaign) IsNode() {}

// IsNode marks a type with a global id.
func (*Merge) IsNode() {}

// IsNode marks a type with a global id.
func (*IdentityType) IsNode() {}

// IsNode marks a type with a global id.
func (*AttributeType) IsNode() {}

// IsNode marks a type with a global id.
func (*Operation) IsNode() {}

// IsNode marks a type with a global id.
func (*Job) IsNode() {}

// IsNode marks a type with a global id.
func (*AuditEntry) IsNode() {}
