package graph

import (
	"context"
	"encoding/json"

	"github.com/onecdp/onecdp/graph/model"
)

// shownAttributes is a customer's golden record as the caller may see it.
func (r *Resolver) shownAttributes(_ context.Context, customer *model.Customer) json.RawMessage {
	return customer.Attributes
}

// shownAttribute is the value of an attribute as the caller may see it.
func (r *Resolver) shownAttribute(_ context.Context, value *model.AttributeValue) json.RawMessage {
	return value.Value
}

// shownProperties are an event's properties as the caller may see them.
func (r *Resolver) shownProperties(_ context.Context, event *model.Event) json.RawMessage {
	return event.Properties
}

// shownTag is the value of a tag as the caller may see it.
func (r *Resolver) shownTag(_ context.Context, tag *model.CustomerTag) json.RawMessage {
	return tag.Value
}

// shownRule is the rule of a segment as the caller may see it.
func (r *Resolver) shownRule(_ context.Context, segment *model.Segment) json.RawMessage {
	return segment.Rule
}
