package graph

import (
	"context"
	"time"

	"github.com/onecdp/onecdp/internal/customer"
	"github.com/onecdp/onecdp/internal/identity"
	"github.com/onecdp/onecdp/internal/page"
	"github.com/onecdp/onecdp/internal/store"
)

// Operator does by hand what is done about who is who, and explains what was decided.
type Operator interface {
	MergeCustomers(ctx context.Context, a, b customer.Handle, by Author) (Outcome, error)
	Unmerge(ctx context.Context, merge int64, by Author) (Outcome, error)
	LinkIdentities(ctx context.Context, a, b identity.Claim, by Author) (Outcome, error)
	KeepApart(ctx context.Context, left, right []identity.Claim, by Author) (Outcome, error)
	UnlinkIdentity(ctx context.Context, id identity.Claim, since *time.Time, by Author) (Outcome, error)
	MoveIdentity(ctx context.Context, id identity.Claim, to customer.Handle, by Author) (Outcome, error)
	BlockIdentity(ctx context.Context, id identity.Claim, by Author) (Outcome, error)
	RetractRecord(ctx context.Context, source, messageKey string, by Author) (Outcome, error)
	UndoOperation(ctx context.Context, operation int64, by Author) (Outcome, error)
	OperationsByID(ctx context.Context, ids []int64) ([]*Operation, error)
	Operations(ctx context.Context, request page.Request) (page.Page[Operation], error)
	CountOperations(ctx context.Context) (int64, error)
	Graph(ctx context.Context, rows []customer.Row) ([]Graph, error)
	WhySame(ctx context.Context, a, b identity.Claim) (Path, error)
	PreviewMerge(ctx context.Context, a, b customer.Handle, look func(ctx context.Context, tx *store.Tx, survivor customer.Row) error) (Preview, error)
	Audit(ctx context.Context, query AuditQuery) (page.Page[AuditEntry], error)
	CountAudit(ctx context.Context, query AuditQuery) (int64, error)
	AuditByID(ctx context.Context, ids []int64) ([]*AuditEntry, error)
}

// operationPages and auditPages are the connections of what is listed here.
var (
	operationPages = page.Connection{Name: "Query.operations: newest first", Keys: 1}
	auditPages     = page.Connection{Name: "audit: newest first", Keys: 1}
)

// Author is who does something, and why.
type Author struct{ Name, Reason string }

// Operation is something that was done by hand.
type Operation struct {
	ID       int64
	Kind     string
	Reason   string
	Actor    string
	At       time.Time
	UndoneBy *int64
}

// Outcome is what an operation led to.
type Outcome struct {
	Operation Operation
	Merge     int64
	Customers []customer.Handle
}

// Preview is what a merge would do: whose id survives, which one would lead there, and whether they are kept apart.
type Preview struct {
	Survivor, Merged customer.Handle
	Apart            bool
}

// Edge is a link between two identities, by their numbers.
type Edge struct {
	A, B         int64
	Accepted     bool
	Reason       string
	Source       string
	First, Last  time.Time
	Observations int
	Operation    int64
}

// Graph is the identities of a customer, and their links.
type Graph struct {
	Nodes []int64
	Edges []Edge
}

// Path is why two identities are one person's, or not.
type Path struct {
	Same     bool
	Edges    []Edge
	Rejected *Edge
	Reason   string
}

// AuditQuery chooses among the changes about who is who.
type AuditQuery struct {
	page.Request

	Customer     customer.Row
	Identity     *identity.Claim
	Since, Until *time.Time
}

// AuditEntry is one change about who is who.
type AuditEntry struct {
	ID              int64
	At              time.Time
	Kind            string
	Identity, Other int64
	Before, After   customer.Handle
	Rule            string
	Cause           string
	CauseID         int64
	Actor, Reason   string
}
