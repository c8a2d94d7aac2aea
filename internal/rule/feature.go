package rule

import (
	"errors"
	"slices"

	"github.com/onecdp/onecdp/internal/fault"
)

// Feature is a part of the language that a compiler may not have yet: a field of a rule, or an
// aggregate (Feature(Avg)).
type Feature string

// The fields of a rule.
const (
	FeatureAll       Feature = "all"
	FeatureAny       Feature = "any"
	FeatureNot       Feature = "not"
	FeatureAttribute Feature = "attribute"
	FeatureIdentity  Feature = "identity"
	FeatureTag       Feature = "tag"
	FeatureEvent     Feature = "event"
	FeatureSequence  Feature = "sequence"
	FeatureSegment   Feature = "segment"
	FeatureLifecycle Feature = "lifecycle"
	FeatureCampaign  Feature = "campaign"
	FeatureReferral  Feature = "referral"
	FeatureConsent   Feature = "consent"
	FeatureBucket    Feature = "bucket"
)

// Feature is all.
func (n *All) Feature() Feature { return FeatureAll }

// Feature is any.
func (n *Any) Feature() Feature { return FeatureAny }

// Feature is not.
func (n *Not) Feature() Feature { return FeatureNot }

// Feature is attribute.
func (n *Attribute) Feature() Feature { return FeatureAttribute }

// Feature is identity.
func (n *Identity) Feature() Feature { return FeatureIdentity }

// Feature is tag.
func (n *Tag) Feature() Feature { return FeatureTag }

// Feature is event.
func (n *Event) Feature() Feature { return FeatureEvent }

// Feature is sequence.
func (n *Sequence) Feature() Feature { return FeatureSequence }

// Feature is segment.
func (n *SegmentRef) Feature() Feature { return FeatureSegment }

// Feature is lifecycle.
func (n *Lifecycle) Feature() Feature { return FeatureLifecycle }

// Feature is campaign.
func (n *Campaign) Feature() Feature { return FeatureCampaign }

// Feature is referral.
func (n *Referral) Feature() Feature { return FeatureReferral }

// Feature is consent.
func (n *Consent) Feature() Feature { return FeatureConsent }

// Feature is bucket.
func (n *Bucket) Feature() Feature { return FeatureBucket }

// OnlyUses returns nil when the rule uses none but the built features, else a NOT_IMPLEMENTED for
// every place that uses another, joined.
func (r *Rule) OnlyUses(built ...Feature) error {
	var missing []error
	Walk(r.Root, func(n Node) {
		if !slices.Contains(built, n.Feature()) {
			missing = append(missing, unbuilt(n.Feature(), n.At()))
			return
		}
		if event, ok := n.(*Event); ok && !slices.Contains(built, Feature(event.Aggregate)) {
			missing = append(missing, unbuilt(Feature(event.Aggregate), event.Path.With("aggregate")))
		}
	})
	return errors.Join(missing...)
}

func unbuilt(feature Feature, at fault.Path) error {
	return fault.New(fault.NotImplemented, "%s is part of the segment language but cannot be evaluated yet", feature).At(at)
}
