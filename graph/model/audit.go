package model

import (
	"strconv"
	"strings"
	"time"

	"github.com/onecdp/onecdp/graph/together"
	"github.com/onecdp/onecdp/internal/gid"
)

// AuditEntry is one change about who is who. A number of 0 stands for nothing.
type AuditEntry struct {
	Number      int64
	At          time.Time
	Change      string   // the kind, as it is stored
	Ends        [2]int64 // the identity; of a link both ends, the stronger first
	From, To    int64    // the handles of the customer before and after
	Decided     string   // the rule; "": none
	Cause       string
	CauseNumber int64 // of the record, operation or job
	Actor       string
	Reason      string

	Mates *together.Group[*AuditEntry]
	Place int
}

// ID is the global id.
func (e *AuditEntry) ID() string { return gid.Encode(gid.AuditEntry, e.Number) }

// Kind is what changed.
func (e *AuditEntry) Kind() AuditKind { return AuditKind(strings.ToUpper(e.Change)) }

// Before is the id of the customer before.
func (e *AuditEntry) Before() *string { return customerID(e.From) }

// After is the id of the customer after.
func (e *AuditEntry) After() *string { return customerID(e.To) }

// Record is the number of the record that led to it.
func (e *AuditEntry) Record() *string {
	if e.Cause != "record" {
		return nil
	}
	return new(strconv.FormatInt(e.CauseNumber, 10))
}

// Rule is what decided.
func (e *AuditEntry) Rule() *string {
	if e.Decided == "" {
		return nil
	}
	return &e.Decided
}

func customerID(handle int64) *string {
	if handle == 0 {
		return nil
	}
	return new(gid.Encode(gid.Customer, handle))
}
