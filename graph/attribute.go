package graph

import (
	"context"
	"time"

	"github.com/onecdp/onecdp/graph/model"
	"github.com/onecdp/onecdp/internal/access"
	"github.com/onecdp/onecdp/internal/attribute"
	"github.com/onecdp/onecdp/internal/fault"
	"github.com/onecdp/onecdp/internal/golden"
)

// soon is how long the answer to a changed policy waits for the golden records to follow. Where there are few they have followed then.
const soon = 2 * time.Second

// defineAttribute says how the value of an attribute is chosen. Null is as good as left out.
func (r *Resolver) defineAttribute(ctx context.Context, input model.AttributeTypeInput) (*model.AttributeTypePayload, error) {
	in := attribute.Input{Name: input.Name, Sources: input.Sources.Value()}
	if chosen := input.Survivorship.Value(); chosen != nil {
		survivorship := golden.Survivorship(*chosen)
		in.Survivorship = &survivorship
	}
	caller, _ := access.FromContext(ctx)
	defined, err := r.OneID.Attributes().Define(ctx, in, caller.Name, fault.Path{"input"})
	wrong, err := userErrors(err)
	if err != nil {
		return nil, err
	}
	payload := &model.AttributeTypePayload{UserErrors: wrong}
	if len(wrong) > 0 {
		return payload, nil
	}
	payload.AttributeType = attributeTypeShown(defined.Type)
	if defined.Job == 0 {
		return payload, nil
	}
	done, err := r.Jobs.Wait(ctx, defined.Job, soon)
	if err == nil && done != nil {
		payload.Job = jobShown(*done)
	}
	return payload, err
}

func attributeTypeShown(one attribute.Type) *model.AttributeType {
	shown := &model.AttributeType{Number: one.ID, Name: one.Name, Survivorship: model.Survivorship(one.Survivorship), Sources: one.Sources}
	if shown.Sources == nil {
		shown.Sources = []string{}
	}
	return shown
}

// attributeTypes are the attributes, each with how its value is chosen.
func (r *Resolver) attributeTypes(ctx context.Context) ([]*model.AttributeType, error) {
	types, err := r.OneID.Attributes().All(ctx)
	if err != nil {
		return nil, err
	}
	shown := make([]*model.AttributeType, len(types))
	for i, one := range types {
		shown[i] = attributeTypeShown(one)
	}
	return shown, nil
}

// attributeType finds an attribute; nil when there is none.
func (r *Resolver) attributeType(ctx context.Context, number int64) (*model.AttributeType, error) {
	if int64(int32(number)) != number { //nolint:gosec // the numbers of attributes have 32 bits, and that is what is asked
		return nil, nil
	}
	found, err := r.OneID.Attributes().ByIDs(ctx, []int32{int32(number)}) //nolint:gosec // see above
	if err != nil || found[0] == nil {
		return nil, err
	}
	return attributeTypeShown(*found[0]), nil
}
