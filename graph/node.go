package graph

import (
	"context"

	"github.com/onecdp/onecdp/graph/model"
	"github.com/onecdp/onecdp/internal/fault"
	"github.com/onecdp/onecdp/internal/gid"
)

// node finds anything with a global id; nil when there is nothing.
func (r *Resolver) node(ctx context.Context, id string) (model.Node, error) {
	kind, numbers, err := gid.Decode(id, fault.Path{"id"})
	if err != nil {
		return nil, err
	}
	switch kind {
	case gid.Customer:
		return some(r.customer(ctx, id, fault.Path{"id"}))
	case gid.Identity:
		found, err := r.identitiesByID(ctx, numbers)
		if err != nil || found[0] == nil {
			return nil, err
		}
		return found[0], nil
	case gid.Event:
		return some(r.event(ctx, numbers[0], numbers[1], numbers[2]))
	case gid.Merge:
		return some(r.merge(ctx, numbers[0]))
	case gid.Tag:
		return some(r.tag(ctx, numbers[0]))
	case gid.Segment:
		return some(r.segmentByID(ctx, numbers[0]))
	case gid.Campaign:
		return some(r.campaignByID(ctx, numbers[0]))
	case gid.IdentityType:
		return some(r.identityType(numbers[0]), nil)
	case gid.AttributeType:
		return some(r.attributeType(ctx, numbers[0]))
	case gid.Operation:
		return some(r.operation(ctx, numbers[0]))
	case gid.Job:
		return some(r.job(ctx, numbers[0]))
	case gid.AuditEntry:
		return some(r.auditEntry(ctx, numbers[0]))
	default: // a kind that the schema does not show
		return nil, nil
	}
}

// some makes a node of what was found, and no node of nothing: a nil pointer in an interface would be a node.
func some[T any, P interface {
	*T
	model.Node
}](found P, err error) (model.Node, error) {
	if found == nil {
		return nil, err
	}
	return found, err
}
