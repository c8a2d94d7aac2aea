package graph

import (
	"context"
	"encoding/json"

	"github.com/onecdp/onecdp/graph/model"
	"github.com/onecdp/onecdp/internal/fault"
)

// previewMerge says what merging two customers would do.
func (r *Resolver) previewMerge(_ context.Context, a, b string) (*model.MergePreview, error) {
	if _, _, err := pair(a, b); err != nil {
		return nil, err
	}
	return nil, fault.New(fault.NotImplemented, "merges cannot be previewed yet")
}

// shownPreview is the golden record of a preview as the caller may see it.
func (r *Resolver) shownPreview(ctx context.Context, preview *model.MergePreview) json.RawMessage {
	if seesPersonal(ctx) {
		return preview.After
	}
	return r.names().Document(preview.After)
}
