package graph

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"maps"
	"slices"
	"time"

	"github.com/onecdp/onecdp/graph/model"
	"github.com/onecdp/onecdp/graph/together"
	"github.com/onecdp/onecdp/internal/fault"
	"github.com/onecdp/onecdp/internal/golden"
	"github.com/onecdp/onecdp/internal/profile"
	"github.com/onecdp/onecdp/internal/segment"
	"github.com/onecdp/onecdp/internal/store"
	"github.com/onecdp/onecdp/internal/tag"
)

// view is what a preview shows of one customer.
type view struct {
	attributes json.RawMessage
	record     golden.Record
	identities []profile.Identity
	events     int
	tags       []tag.Value
	segments   []bool // for each question, whether they are in it
}

// previewMerge says what merging two customers would do.
func (r *Resolver) previewMerge(ctx context.Context, a, b string) (*model.MergePreview, error) {
	sides, err := r.sides(ctx, a, b)
	if err != nil {
		return nil, err
	}
	saved, questions, err := r.everySegment(ctx)
	if err != nil {
		return nil, err
	}
	var before [2]view
	for i, side := range sides {
		if before[i], err = r.view(ctx, nil, side.Row, questions); err != nil {
			return nil, err
		}
	}
	var after view
	found, err := r.OneID.PreviewMerge(ctx, sides[0].Handle, sides[1].Handle, func(ctx context.Context, tx *store.Tx, survivor profile.Row) error {
		if survivor == 0 {
			return nil // they would not be one
		}
		after, err = r.view(ctx, tx, survivor, questions)
		return err
	})
	if err != nil {
		return nil, err
	}
	kept := older(sides)
	preview := &model.MergePreview{Survivor: sides[kept], Merged: int64(found.Merged)}
	if found.Refused {
		preview.Refusal = new("apart")
	}
	if found.Refused || found.Same { // nothing would change
		after = before[kept]
		before = [2]view{after, after}
	}
	return preview, r.fill(ctx, preview, sides, before, after, saved)
}

// sides are the two customers of a preview.
func (r *Resolver) sides(ctx context.Context, a, b string) (sides [2]*model.Customer, err error) {
	one, two, err := pair(a, b)
	if err != nil {
		return sides, err
	}
	found, err := r.customersByHandle(ctx, []profile.Handle{one, two}, &ahead{})
	if err != nil {
		return sides, err
	}
	for i, place := range []string{"a", "b"} {
		if found[i] == nil {
			return sides, fault.New(fault.NotFound, "there is no such customer").At(fault.Path{place})
		}
	}
	return [2]*model.Customer(found), nil
}

// older is the place of the customer who was first heard of earlier: whose id survives.
func older(sides [2]*model.Customer) int {
	if cmp.Or(sides[0].CreatedAt.Compare(sides[1].CreatedAt), cmp.Compare(sides[0].Handle, sides[1].Handle)) <= 0 {
		return 0
	}
	return 1
}

// everySegment is every saved segment, each with the question that asks who is in it now.
func (r *Resolver) everySegment(ctx context.Context) ([]*segment.Segment, []segment.Question, error) {
	saved, err := r.Segments.All(ctx)
	if err != nil {
		return nil, nil, err
	}
	questions := make([]segment.Question, len(saved))
	for i, one := range saved {
		if questions[i], err = r.Segments.Question(one, instant(ctx)); err != nil {
			return nil, nil, err
		}
	}
	return saved, questions, nil
}

// view reads what a preview shows of a customer: as a transaction sees it, or as everybody does where there is none.
func (r *Resolver) view(ctx context.Context, tx *store.Tx, row profile.Row, questions []segment.Question) (seen view, err error) {
	reader, rows, asOf := r.Profile, []profile.Row{row}, instant(ctx)
	tags, matches := r.Tags.OfCustomers, r.Segments.Matches
	if tx != nil {
		reader = reader.Within(tx)
		tags = func(ctx context.Context, rows []profile.Row, keys []string, asOf time.Time) ([][]tag.Value, error) {
			return r.Tags.OfCustomersWithin(ctx, tx, rows, keys, asOf)
		}
		matches = func(ctx context.Context, row profile.Row, questions ...segment.Question) ([]bool, error) {
			return r.Segments.MatchesWithin(ctx, tx, row, questions...)
		}
	}
	seen.attributes, seen.segments = json.RawMessage("{}"), make([]bool, 0, len(questions))
	customers, err := reader.ByRows(ctx, rows)
	if err != nil || customers[0] == nil {
		seen.segments = make([]bool, len(questions))
		return seen, err // whoever has just gone has nothing any more
	}
	seen.attributes = customers[0].Attributes
	origins, err := reader.Provenance(ctx, rows)
	if err != nil {
		return seen, err
	}
	if seen.record, err = golden.Read(seen.attributes, origins[0]); err != nil {
		return seen, err
	}
	identities, err := reader.Identities(ctx, rows, profile.IdentityQuery{})
	if err != nil {
		return seen, err
	}
	seen.identities = identities[0]
	counts, err := reader.CountEvents(ctx, rows, profile.EventFilter{AsOf: asOf})
	if err != nil {
		return seen, err
	}
	seen.events = counts[0]
	values, err := tags(ctx, rows, nil, asOf)
	if err != nil {
		return seen, err
	}
	seen.tags = values[0]
	for some := range slices.Chunk(questions, mostQuestions) {
		in, err := matches(ctx, row, some...)
		if err != nil {
			return seen, err
		}
		seen.segments = append(seen.segments, in...)
	}
	return seen, nil
}

// mostQuestions is how many segments one statement asks about.
const mostQuestions = 20

// fill puts into a preview what there would be and what would change.
func (r *Resolver) fill(ctx context.Context, preview *model.MergePreview, sides [2]*model.Customer, before [2]view, after view, saved []*segment.Segment) error {
	preview.After, preview.Events, preview.Tags = after.attributes, after.events, tagsShown([][]tag.Value{after.tags})[0]
	slices.SortStableFunc(after.identities, r.shownOrder(ctx))
	ids := make([]int64, len(after.identities))
	for i, one := range after.identities {
		ids[i] = one.ID
	}
	identities, err := r.identitiesByID(ctx, ids)
	if err != nil {
		return err
	}
	preview.Identities = slices.DeleteFunc(identities, func(one *model.Identity) bool { return one == nil })
	preview.SegmentChanges = []*model.SegmentSideChange{}
	for i, one := range saved {
		for side := range sides {
			if was, is := before[side].segments[i], after.segments[i]; was != is {
				preview.SegmentChanges = append(preview.SegmentChanges, &model.SegmentSideChange{Customer: sides[side], Segment: &model.Segment{Segment: one}, Enters: is})
			}
		}
	}
	preview.AttributeChanges, err = r.attributeChanges(ctx, before, after)
	return err
}

// attributeChanges compares attributes before and after, by name.
func (r *Resolver) attributeChanges(ctx context.Context, before [2]view, after view) ([]*model.AttributeChange, error) {
	names := map[string]bool{}
	for _, one := range []view{before[0], before[1], after} {
		for name := range one.record {
			names[name] = true
		}
	}
	group := &together.Group[*model.AttributeValue]{}
	var sources []int32
	shown := func(record golden.Record, name string) *model.AttributeValue {
		one, known := record[name]
		if !known {
			return nil
		}
		value := &model.AttributeValue{
			Name: name, Value: one.Value, ObservedAt: time.UnixMicro(one.Time).UTC(), IdentityID: one.Identity, Mates: group, Place: len(group.Members),
		}
		group.Members, sources = append(group.Members, value), append(sources, one.Source)
		return value
	}
	changes := make([]*model.AttributeChange, 0, len(names))
	for _, name := range slices.Sorted(maps.Keys(names)) {
		change := &model.AttributeChange{Name: name, A: shown(before[0].record, name), B: shown(before[1].record, name), After: shown(after.record, name)}
		change.Changes = !sameValue(change.A, change.After) || !sameValue(change.B, change.After)
		changes = append(changes, change)
	}
	if len(sources) == 0 {
		return changes, nil
	}
	words, err := r.Sources(ctx, sources)
	if err != nil {
		return nil, err
	}
	for i, one := range group.Members {
		one.Source = textOrNone(words[i])
	}
	return changes, nil
}

func sameValue(a, b *model.AttributeValue) bool {
	return (a == nil) == (b == nil) && (a == nil || bytes.Equal(a.Value, b.Value))
}

// shownPreview is the golden record of a preview as the caller may see it.
func (r *Resolver) shownPreview(ctx context.Context, preview *model.MergePreview) json.RawMessage {
	if seesPersonal(ctx) {
		return preview.After
	}
	return r.names().Document(preview.After)
}
