package graph

import (
	"context"
	"encoding/json"

	"github.com/onecdp/onecdp/graph/model"
	"github.com/onecdp/onecdp/internal/access"
	"github.com/onecdp/onecdp/internal/personal"
)

// seesPersonal says whether the caller of a request may see personal values whole.
func seesPersonal(ctx context.Context) bool {
	caller, known := access.FromContext(ctx)
	return known && caller.Has(access.Personal)
}

func (r *Resolver) names() *personal.Names { return r.OneID.Registry().Names() }

// shownAttributes is a customer's golden record as the caller may see it.
func (r *Resolver) shownAttributes(ctx context.Context, customer *model.Customer) json.RawMessage {
	if seesPersonal(ctx) {
		return customer.Attributes
	}
	return r.names().Document(customer.Attributes)
}

// shownAttribute is the value of an attribute as the caller may see it.
func (r *Resolver) shownAttribute(ctx context.Context, value *model.AttributeValue) json.RawMessage {
	if seesPersonal(ctx) {
		return value.Value
	}
	return r.names().Value(value.Name, value.Value)
}

// shownProperties are an event's properties as the caller may see them.
func (r *Resolver) shownProperties(ctx context.Context, event *model.Event) json.RawMessage {
	if seesPersonal(ctx) {
		return event.Properties
	}
	return r.names().Document(event.Properties)
}

// shownTag is the value of a tag as the caller may see it.
func (r *Resolver) shownTag(ctx context.Context, tag *model.CustomerTag) json.RawMessage {
	if seesPersonal(ctx) {
		return tag.Value
	}
	return r.names().Value(tag.Tag.Key, tag.Value)
}

// shownRule is the rule of a segment as the caller may see it: what it compares with personal values is masked as they are.
func (r *Resolver) shownRule(ctx context.Context, segment *model.Segment) (json.RawMessage, error) {
	if seesPersonal(ctx) {
		return segment.Rule, nil
	}
	return r.Segments.MaskedRule(segment.Segment)
}
