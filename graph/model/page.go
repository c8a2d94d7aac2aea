package model

import "context"

// Edge is a thing's place in a page.
type Edge[T any] struct {
	Node *T
	At   func() string // the cursor, which is written only when it is asked for
}

// Cursor is the place, to continue from.
func (e *Edge[T]) Cursor() string { return e.At() }

// Connection is a page of things.
type Connection[T any] struct {
	Edges    []*Edge[T]
	PageInfo *PageInfo
	Count    func(ctx context.Context) (int, error)
}

// TotalCount counts the things of all pages.
func (c *Connection[T]) TotalCount(ctx context.Context) (int, error) { return c.Count(ctx) }

type (
	// AuditEntryConnection is a page of changes about who is who.
	AuditEntryConnection = Connection[AuditEntry]
	// AuditEntryEdge is one of these in its place.
	AuditEntryEdge = Edge[AuditEntry]
	// JobConnection is a page of jobs.
	JobConnection = Connection[Job]
	// JobEdge is one of these in its place.
	JobEdge = Edge[Job]
	// OperationConnection is a page of operations.
	OperationConnection = Connection[Operation]
	// OperationEdge is one of these in its place.
	OperationEdge = Edge[Operation]
)
