package model

import (
	"context"
	"encoding/json"
	"time"

	"github.com/onecdp/onecdp/graph/together"
	"github.com/onecdp/onecdp/internal/gid"
	"github.com/onecdp/onecdp/internal/profile"
)

// Customer is one person.
type Customer struct {
	*profile.Customer

	// Mates are the customers that were read together, this one at Place.
	Mates *together.Group[*Customer]
	Place int
}

// Customers makes the group of customers that were read together. Nil stands for nobody and stays in its place.
func Customers(found []*profile.Customer) []*Customer {
	all := make([]*Customer, len(found))
	mates := &together.Group[*Customer]{}
	for i, one := range found {
		if one != nil {
			all[i] = &Customer{Customer: one, Mates: mates, Place: len(mates.Members)}
			mates.Members = append(mates.Members, all[i])
		}
	}
	return all
}

// ID is the global id.
func (c *Customer) ID() string { return gid.Encode(gid.Customer, int64(c.Handle)) }

// AttributeValue is a surviving attribute value and its provenance.
type AttributeValue struct {
	Name       string
	Value      json.RawMessage
	Source     *string
	ObservedAt time.Time

	IdentityID int64 // 0: unknown
	Mates      *together.Group[*AttributeValue]
	Place      int
}

// CustomerConnection is a page of customers.
type CustomerConnection struct {
	Edges    []*CustomerEdge
	PageInfo *PageInfo
	Count    func(ctx context.Context) (int, error)
}

// TotalCount counts the customers of all pages.
func (c *CustomerConnection) TotalCount(ctx context.Context) (int, error) { return c.Count(ctx) }

// CustomerEdge is a customer's place in a page.
type CustomerEdge struct {
	Node *Customer
	At   func() string // the cursor, which is written only when it is asked for
}

// Cursor is the place, to continue from.
func (e *CustomerEdge) Cursor() string { return e.At() }

// EventEdge is an event's place in a page.
type EventEdge struct {
	Node *Event
	At   func() string // the cursor
}

// Cursor is the place, to continue from.
func (e *EventEdge) Cursor() string { return e.At() }

// EventConnection is a page of events.
type EventConnection struct {
	Edges    []*EventEdge
	PageInfo *PageInfo
	Count    func(ctx context.Context) (int, error)
}

// TotalCount counts the events of all pages.
func (c *EventConnection) TotalCount(ctx context.Context) (int, error) { return c.Count(ctx) }
