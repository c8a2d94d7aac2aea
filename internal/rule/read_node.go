package rule

import (
	"github.com/onecdp/onecdp/internal/fault"
	"github.com/onecdp/onecdp/internal/value"
)

var ruleFields = []string{
	string(FeatureAll), string(FeatureAny), string(FeatureNot), string(FeatureAttribute), string(FeatureIdentity),
	string(FeatureTag), string(FeatureEvent), string(FeatureSequence), string(FeatureSegment), string(FeatureLifecycle),
	string(FeatureCampaign), string(FeatureReferral), string(FeatureConsent), string(FeatureBucket),
}

// rule reads one rule; nil when it is refused.
func (r *reader) rule(v any, at fault.Path, level int) Node {
	if r.nodes++; r.full() {
		return nil
	}
	if level > MaxLevels {
		r.bad(at, "", "rules nest deeper than %d levels", MaxLevels)
		return nil
	}
	name, field, ok := r.oneOf(v, at, ruleFields)
	if !ok {
		return nil
	}
	at = at.With(name)
	switch Feature(name) {
	case FeatureAll:
		return &All{Path: at, Rules: r.rules(field, at, level)}
	case FeatureAny:
		return &Any{Path: at, Rules: r.rules(field, at, level)}
	case FeatureNot:
		return &Not{Path: at, Rule: r.rule(field, at, level+1)}
	case FeatureSegment:
		return &SegmentRef{Path: at, Segment: r.id(field, at)}
	default:
		return r.leaf(Feature(name), field, at)
	}
}

func (r *reader) rules(v any, at fault.Path, level int) []Node {
	nodes := []Node{}
	for _, e := range list(v, at) {
		if r.full() {
			break
		}
		nodes = append(nodes, r.rule(e.value, e.at, level+1))
	}
	return nodes
}

func (r *reader) leaf(feature Feature, v any, at fault.Path) Node {
	switch feature {
	case FeatureAttribute:
		return r.attribute(v, at)
	case FeatureIdentity:
		return r.identity(v, at)
	case FeatureTag:
		return r.tag(v, at)
	case FeatureEvent:
		return r.event(v, at)
	case FeatureSequence:
		return r.sequence(v, at)
	case FeatureLifecycle:
		return r.lifecycle(v, at)
	case FeatureCampaign:
		return r.campaign(v, at)
	case FeatureReferral:
		return r.referral(v, at)
	case FeatureConsent:
		return r.consent(v, at)
	default:
		return r.bucket(v, at)
	}
}

func (r *reader) attribute(v any, at fault.Path) Node {
	o, ok := r.object(v, at, "name", "is")
	if !ok {
		return nil
	}
	return &Attribute{Path: at, Name: o.requiredName("name"), Is: o.comparison()}
}

func (r *reader) tag(v any, at fault.Path) Node {
	o, ok := r.object(v, at, "key", "is")
	if !ok {
		return nil
	}
	return &Tag{Path: at, Key: o.requiredName("key"), Is: o.comparison()}
}

func (r *reader) identity(v any, at fault.Path) Node {
	o, ok := r.object(v, at, "type", "scope", "is", "count")
	if !ok {
		return nil
	}
	n := &Identity{Path: at, Type: o.requiredName("type"), Scope: o.optionalText("scope"), Count: o.optionalNumbers("count")}
	if _, given := o.fields["is"]; given {
		is := o.comparison()
		n.Is = &is
	}
	return n
}

func (r *reader) lifecycle(v any, at fault.Path) Node {
	o, ok := r.object(v, at, "stage", "enteredWithin")
	if !ok {
		return nil
	}
	o.required("stage")
	return &Lifecycle{Path: at, Stages: o.names("stage", true), EnteredWithin: o.window("enteredWithin")}
}

var interactionKinds = []string{"SENT", "DELIVERED", "OPENED", "CLICKED", "CONVERTED", "UNSUBSCRIBED", "FAILED"}

func (r *reader) campaign(v any, at fault.Path) Node {
	o, ok := r.object(v, at, "campaign", "channel", "kind", "within", "is")
	if !ok {
		return nil
	}
	n := &Campaign{Path: at, Channel: o.optionalText("channel"), Within: o.window("within")}
	if id, given := o.fields["campaign"]; given {
		text := r.id(id, at.With("campaign"))
		n.Campaign = &text
	}
	if _, _, given := o.required("kind"); given {
		n.Kind = o.enum("kind", interactionKinds)
	}
	n.Is, n.isDefault = o.countNumbers()
	return n
}

func (r *reader) referral(v any, at fault.Path) Node {
	o, ok := r.object(v, at, "depth", "activated", "within", "is")
	if !ok {
		return nil
	}
	n := &Referral{Path: at, Depth: 1, Activated: o.flag("activated", false), Within: o.window("within")}
	if _, given := o.fields["depth"]; given {
		n.Depth = o.whole("depth", 1<<31-1)
	}
	n.Is, n.isDefault = o.countNumbers()
	return n
}

func (r *reader) consent(v any, at fault.Path) Node {
	o, ok := r.object(v, at, "purpose", "channel", "granted")
	if !ok {
		return nil
	}
	return &Consent{Path: at, Purpose: o.requiredName("purpose"), Channel: o.optionalText("channel"), Granted: o.flag("granted", true)}
}

func (r *reader) bucket(v any, at fault.Path) Node {
	o, ok := r.object(v, at, "salt", "percent")
	if !ok {
		return nil
	}
	n := &Bucket{Path: at}
	if salt, place, given := o.required("salt"); given {
		n.Salt, _ = r.text(salt, place)
	}
	percent, place, given := o.required("percent")
	if !given {
		return n
	}
	if n.Percent, ok = r.number(percent, place); !ok {
		return n
	}
	if value.CompareNumbers(n.Percent, "0") < 0 || value.CompareNumbers(n.Percent, "100") > 0 {
		r.bad(place, "", "a percentage is from 0 to 100")
	}
	return n
}
