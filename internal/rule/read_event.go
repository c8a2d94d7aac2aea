package rule

import "github.com/onecdp/onecdp/internal/fault"

var aggregates = []string{string(Count), string(Sum), string(Avg), string(Min), string(Max), string(Distinct), string(ActiveDays)}

func (r *reader) event(v any, at fault.Path) Node {
	o, ok := r.object(v, at, "names", "where", "within", "aggregate", "property", "is", "first", "last")
	if !ok {
		return nil
	}
	n := &Event{Path: at, Names: o.names("names", false), Where: o.where(), Within: o.window("within"), Aggregate: Count}
	if _, given := o.fields["aggregate"]; given {
		n.Aggregate = Aggregate(o.enum("aggregate", aggregates))
	}
	o.aggregated(n)
	n.First, n.Last = o.window("first"), o.window("last")
	return n
}

// aggregated reads the arguments of the aggregate.
func (o object) aggregated(n *Event) {
	_, property := o.fields["property"]
	_, limited := o.fields["is"]
	switch {
	case n.Aggregate == "": // refused already
	case !property && n.Aggregate != Count && n.Aggregate != ActiveDays:
		o.bad(o.at.With("property"), "", "%s needs a property", n.Aggregate)
	case property && (n.Aggregate == Count || n.Aggregate == ActiveDays):
		o.bad(o.at.With("property"), "leave it out", "%s takes no property", n.Aggregate)
	case property:
		n.Property = o.requiredName("property")
	}
	if n.Aggregate != Count && n.Aggregate != "" && !limited {
		o.bad(o.at.With("is"), "like {gte: 1}", "%s needs a comparison", n.Aggregate)
		return
	}
	n.Is, n.isDefault = o.countNumbers()
}

// where reads the conditions on properties; nil when they are left out.
func (o object) where() []Property {
	field, ok := o.fields["where"]
	if !ok {
		return nil
	}
	where := []Property{}
	for _, e := range list(field, o.at.With("where")) {
		if o.full() {
			break
		}
		p, ok := o.object(e.value, e.at, "property", "is")
		if !ok {
			continue
		}
		where = append(where, Property{Path: e.at, Name: p.requiredName("property"), Is: p.comparison()})
	}
	return where
}

// The number of steps of a sequence.
const (
	minSteps = 2
	maxSteps = 8
)

func (r *reader) sequence(v any, at fault.Path) Node {
	o, ok := r.object(v, at, "steps", "within")
	if !ok {
		return nil
	}
	n := &Sequence{Path: at, Within: o.window("within")}
	steps, place, given := o.required("steps")
	if !given {
		return n
	}
	entries := list(steps, place)
	if len(entries) < minSteps || len(entries) > maxSteps {
		r.bad(place, "", "a sequence has %d to %d steps, not %d", minSteps, maxSteps, len(entries))
	}
	for i, e := range entries[:min(len(entries), maxSteps)] {
		n.Steps = append(n.Steps, r.step(e, i == 0, i == len(entries)-1))
	}
	return n
}

func (r *reader) step(e entry, first, last bool) Step {
	o, ok := r.object(e.value, e.at, "names", "where", "maxGap", "absent")
	if !ok {
		return Step{}
	}
	step := Step{Path: e.at, Names: o.names("names", false), Where: o.where(), Absent: o.flag("absent", false)}
	if gap, given := o.fields["maxGap"]; given {
		length := r.duration(gap, e.at.With("maxGap"))
		step.MaxGap = &length
	}
	switch {
	case first && step.Absent:
		r.bad(e.at.With("absent"), "", "the first step cannot be absent")
	case first && step.MaxGap != nil:
		r.bad(e.at.With("maxGap"), "", "the first step has no step before it")
	case step.Absent && last && step.MaxGap == nil:
		r.bad(e.at.With("maxGap"), "", "an absent last step needs maxGap")
	case step.Absent && !last && step.MaxGap != nil:
		r.bad(e.at.With("maxGap"), "give it to the next step that happens", "an absent step between others has no maxGap")
	}
	return step
}
