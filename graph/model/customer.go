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

// EventConnection is a page of events.
type EventConnection struct {
	Edges    []*EventEdge
	PageInfo *PageInfo
	Count    func(ctx context.Context) (int, error)
}

// TotalCount counts the events of all pages.
func (c *EventConnection) TotalCount(ctx context.Context) (int, error) { return c.Count(ctx) }
