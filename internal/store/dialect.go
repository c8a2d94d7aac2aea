package store

import (
	"strconv"
)

// Dialect is what the two engines say differently. Everything else is the same text for both.
type Dialect interface {
	// Name is "sqlite" or "postgres".
	Name() string
	// ForUpdate ends a SELECT that locks its rows. SQLite has one writer: nothing to lock.
	ForUpdate() string
	// OneWriter tells that transactions that write run one after the other.
	OneWriter() bool
	// TransactionNumber is an expression: the number of the running transaction, 0 where there is one writer.
	TransactionNumber() string
	// NextTransaction is an expression: the number that the next transaction to write will have at least, 0 where there is one writer.
	NextTransaction() string
	// RunningBefore is an expression: how many transactions of this database with a number below another are still running. Where there
	// is one writer none is.
	RunningBefore(number string) string
	// Snapshot is an expression: what is committed now, as a text that CommittedBetween takes.
	Snapshot() string
	// CommittedBetween is a condition on the table changes: written by what the snapshot base had not seen
	// and window has. An empty base has seen nothing. number is the column tx_number, which finds such rows by its index, or
	// an expression of the same value, which only tests them.
	CommittedBetween(args *Args, number, base, window string) string
	// Greatest and Least are the scalar functions of two expressions.
	Greatest(a, b string) string
	Least(a, b string) string
	// Among is a condition: the expression is one of what a query yields. The query runs once, ahead of the rows it is asked for,
	// and does not turn into a join that changes the order in which they are read.
	Among(expression, query string) string
	// FirstOfEach joins to each row before it the first rows of a table that meet a condition: at most limit, in that order read. The
	// condition and the order name the table by its alias. An index in the order makes it cost no more than what it yields.
	FirstOfEach(table, alias, condition, order, limit string) string
	// Nested is an expression that gathers columns of all rows of a query, in their order, into one value for ReadNested. ok is false
	// where it is not worth it: in an embedded engine a second statement costs no round trip.
	Nested(columns ...string) (expression string, ok bool)

	// relation writes in-memory columns as a table in a FROM clause.
	relation(name string, columns []Column, args *Args) string
	planFresh() string         // a statement: from here on this transaction plans for arguments; "": it does anyway
	retryable(err error) bool  // the whole transaction may be run again
	rolledBack(err error) bool // an error of COMMIT that says for sure: nothing was written
}

// Args collects a statement's bound values. The zero value is ready.
type Args []any

// Bind adds a value and returns its placeholder.
func (a *Args) Bind(value any) string {
	*a = append(*a, value)
	return "$" + strconv.Itoa(len(*a))
}
