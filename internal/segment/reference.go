package segment

import (
	"context"

	"github.com/onecdp/onecdp/internal/fault"
	"github.com/onecdp/onecdp/internal/gid"
	"github.com/onecdp/onecdp/internal/rule"
	"github.com/onecdp/onecdp/internal/store"
)

// maxExpanded bounds a rule with the segments it refers to, each counted where it is referred to:
// segments of segments multiply.
const maxExpanded = 10_000

// expand reads the segments that rules refer to, those that these refer to, and so on: one statement per level.
// A reference to nothing, a circle and a rule that becomes too large are BAD_USER_INPUT at the reference.
func (w *words) expand(ctx context.Context, q store.Querier, roots []rule.Node) error {
	level := references(roots)
	for len(level) > 0 {
		found, err := referred(ctx, q, level)
		if err != nil {
			return err
		}
		var next []rule.Node
		for i, reference := range level {
			if _, known := w.segments[reference.Segment]; known {
				continue
			}
			if found[i] == nil {
				return fault.Bad(reference.Path, "there is no such segment")
			}
			parsed, err := found[i].parsed()
			if err != nil {
				return err
			}
			w.segments[reference.Segment], w.masked[reference.Segment] = parsed.Root, found[i].Masked
			next = append(next, parsed.Root)
		}
		level = references(next)
	}
	sizes := map[string]int{}
	for _, root := range roots {
		if _, err := w.size(root, sizes); err != nil {
			return err
		}
	}
	return nil
}

func references(roots []rule.Node) []*rule.SegmentRef {
	var found []*rule.SegmentRef
	for _, root := range roots {
		rule.Walk(root, func(n rule.Node) {
			if reference, ok := n.(*rule.SegmentRef); ok {
				found = append(found, reference)
			}
		})
	}
	return found
}

// referred finds segments by key, else by id; nil where there is none.
func referred(ctx context.Context, q store.Querier, level []*rule.SegmentRef) ([]*Segment, error) {
	keys := make([]string, len(level))
	ids := make([]int64, len(level))
	for i, reference := range level {
		keys[i] = reference.Segment
		ids[i] = -1
		if id, err := gid.DecodeOne(gid.Segment, reference.Segment, nil); err == nil {
			ids[i] = id
		}
	}
	found, err := byKeys(ctx, q, keys)
	if err != nil {
		return nil, err
	}
	for i := range found {
		if found[i] == nil && ids[i] >= 0 {
			named, err := byIDs(ctx, q, ids)
			if err != nil {
				return nil, err
			}
			for j := range found {
				if found[j] == nil {
					found[j] = named[j]
				}
			}
			break
		}
	}
	return found, nil
}

// size counts the rules below a node with those of the segments it refers to. sizes has the segments counted
// so far, and -1 for those being counted.
func (w *words) size(root rule.Node, sizes map[string]int) (int, error) {
	total := 0
	var failure error
	rule.Walk(root, func(n rule.Node) {
		total++
		reference, ok := n.(*rule.SegmentRef)
		if !ok || failure != nil {
			return
		}
		size, counted := sizes[reference.Segment]
		switch {
		case size < 0:
			failure = fault.Bad(reference.Path, "the segment refers to itself")
			return
		case !counted:
			sizes[reference.Segment] = -1
			if size, failure = w.size(w.segments[reference.Segment], sizes); failure != nil {
				return
			}
			sizes[reference.Segment] = size
		}
		if total += size; total > maxExpanded {
			failure = fault.Bad(reference.Path, "the rule has more than %d rules with the segments it refers to", maxExpanded)
		}
	})
	return total, failure
}
