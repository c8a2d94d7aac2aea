package store

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/lib/pq"
)

// keptStatements bounds the prepared statements of one connection. A statement that comes when they are
// full runs unprepared: correct, only slower.
const keptStatements = 400

// keeper makes PostgreSQL connections that prepare each statement once. That spares a round trip and the
// planning: three to four times faster for a read by key. The statements live with their connection and not
// in database/sql's pool: preparing there, from inside a transaction, waits for a second connection, and
// as many transactions as there are connections then wait for ever.
type keeper struct {
	driver.Connector
	kept *atomic.Int64 // statements of all connections
}

// Connect implements driver.Connector.
func (k keeper) Connect(ctx context.Context) (driver.Conn, error) {
	conn, err := k.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	whole, ok := conn.(postgresConn)
	if !ok {
		return nil, fmt.Errorf("store: %T lacks what a connection needs", conn)
	}
	return &keepingConn{postgresConn: whole, kept: map[string]driver.Stmt{}, all: k.kept}, nil
}

// postgresConn is what lib/pq's connections can do and database/sql makes use of.
type postgresConn interface {
	driver.Conn
	driver.ConnBeginTx
	driver.ConnPrepareContext
	driver.ExecerContext
	driver.QueryerContext
	driver.NamedValueChecker
	driver.Pinger
	driver.SessionResetter
	driver.Validator
}

type keepingConn struct {
	postgresConn
	kept map[string]driver.Stmt
	all  *atomic.Int64
}

// Close implements driver.Conn. The statements end with their connection.
func (c *keepingConn) Close() error {
	c.all.Add(-int64(len(c.kept)))
	clear(c.kept)
	return c.postgresConn.Close()
}

type freshStatement struct{}

// fresh marks a statement that is planned for its arguments and not kept.
func fresh(ctx context.Context) context.Context {
	return context.WithValue(ctx, freshStatement{}, true)
}

// statement returns the kept statement for a text, nil where it is to run unprepared.
func (c *keepingConn) statement(ctx context.Context, query string, args []driver.NamedValue) (driver.Stmt, error) {
	if len(args) == 0 || ctx.Value(freshStatement{}) != nil {
		return nil, nil // without arguments lib/pq sends one message, which may hold several statements
	}
	if stmt := c.kept[query]; stmt != nil || len(c.kept) >= keptStatements {
		return stmt, nil
	}
	stmt, err := c.PrepareContext(ctx, query)
	if err == nil {
		c.kept[query] = stmt
		c.all.Add(1)
	}
	return stmt, c.tidy(query, err)
}

// outdated is the SQLSTATE of a statement whose plan the server will not use any more, because a table has changed.
const outdated = "0A000"

// tidy drops a statement that is outdated, and takes out of a database's error what it may quote of the values:
// the message of a conversion that failed, the row that broke a constraint. What is left names the kind of error
// and the place in the schema.
func (c *keepingConn) tidy(query string, err error) error {
	var failure *pq.Error
	if !errors.As(err, &failure) {
		return err
	}
	if stmt := c.kept[query]; stmt != nil && failure.Code == outdated {
		delete(c.kept, query)
		c.all.Add(-1)
		_ = stmt.Close()
	}
	scrub(failure)
	return err
}

// scrub is what tidy does to an error.
func scrub(failure *pq.Error) {
	failure.Detail, failure.Where, failure.InternalQuery = "", "", ""
	if class := failure.Code.Class(); class == "22" || class == "23" {
		failure.Message = failure.Code.Name()
		for _, name := range []string{failure.Table, failure.Column, failure.Constraint} {
			if name != "" {
				failure.Message += " " + name
			}
		}
	}
}

// QueryContext implements driver.QueryerContext.
func (c *keepingConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	stmt, err := c.statement(ctx, query, args)
	if err != nil {
		return nil, err
	}
	if stmt == nil {
		rows, err := c.postgresConn.QueryContext(ctx, query, args)
		return rows, c.tidy(query, err)
	}
	rows, err := stmt.(driver.StmtQueryContext).QueryContext(ctx, args)
	return rows, c.tidy(query, err)
}

// ExecContext implements driver.ExecerContext.
func (c *keepingConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	stmt, err := c.statement(ctx, query, args)
	if err != nil {
		return nil, err
	}
	if stmt == nil {
		result, err := c.postgresConn.ExecContext(ctx, query, args)
		return result, c.tidy(query, err)
	}
	result, err := stmt.(driver.StmtExecContext).ExecContext(ctx, args)
	return result, c.tidy(query, err)
}
