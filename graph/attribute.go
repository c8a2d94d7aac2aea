package graph

import (
	"context"

	"github.com/onecdp/onecdp/graph/model"
	"github.com/onecdp/onecdp/internal/fault"
)

// defineAttribute says how the value of an attribute is chosen.
func (r *Resolver) defineAttribute(context.Context, model.AttributeTypeInput) (*model.AttributeTypePayload, error) {
	wrong, err := userErrors(errNoAttributes)
	return &model.AttributeTypePayload{UserErrors: wrong}, err
}

// attributeTypes are the attributes, each with how its value is chosen.
func (r *Resolver) attributeTypes(context.Context) ([]*model.AttributeType, error) {
	return nil, errNoAttributes
}

// attributeType finds an attribute; nil when there is none.
func (r *Resolver) attributeType(context.Context, int64) (*model.AttributeType, error) {
	return nil, errNoAttributes
}

var errNoAttributes = fault.New(fault.NotImplemented, "attributes cannot be defined yet")
