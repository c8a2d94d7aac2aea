package rule

import (
	"encoding/json"

	"github.com/onecdp/onecdp/internal/value"
)

// JSON is the canonical text of the rule as it is saved. What the contract fills in is left out;
// Parse makes the same tree of it.
func (r *Rule) JSON() []byte { return value.JSON(wrapped(r.Root)) }

func wrapped(n Node) map[string]any { return map[string]any{string(n.Feature()): n.document()} }

func wrappedAll(nodes []Node) []any {
	rules := make([]any, len(nodes))
	for i, n := range nodes {
		rules[i] = wrapped(n)
	}
	return rules
}

// fields is an input object under construction; what is absent is left out.
type fields map[string]any

func (f fields) texts(name string, list []string) {
	if list == nil {
		return
	}
	texts := make([]any, len(list))
	for i, text := range list {
		texts[i] = text
	}
	f[name] = texts
}

func (f fields) text(name string, text *string) {
	if text != nil {
		f[name] = *text
	}
}

func (f fields) window(name string, w *Window) {
	if w != nil {
		f[name] = w.document()
	}
}

func (f fields) properties(list []Property) {
	if list == nil {
		return
	}
	where := make([]any, len(list))
	for i, p := range list {
		where[i] = map[string]any{"property": p.Name, "is": p.Is.document()}
	}
	f["where"] = where
}

func (n *All) document() any { return wrappedAll(n.Rules) }

func (n *Any) document() any { return wrappedAll(n.Rules) }

func (n *Not) document() any { return wrapped(n.Rule) }

func (n *Attribute) document() any {
	return map[string]any{"name": n.Name, "is": n.Is.document()}
}

func (n *Identity) document() any {
	f := fields{"type": n.Type}
	f.text("scope", n.Scope)
	if n.Is != nil {
		f["is"] = n.Is.document()
	}
	if n.Count != nil {
		f["count"] = n.Count.document()
	}
	return map[string]any(f)
}

func (n *Tag) document() any { return map[string]any{"key": n.Key, "is": n.Is.document()} }

func (n *Event) document() any {
	f := fields{}
	f.texts("names", n.Names)
	f.properties(n.Where)
	f.window("within", n.Within)
	if n.Aggregate != Count {
		f["aggregate"] = string(n.Aggregate)
	}
	if n.Property != "" {
		f["property"] = n.Property
	}
	if !n.isDefault {
		f["is"] = n.Is.document()
	}
	f.window("first", n.First)
	f.window("last", n.Last)
	return map[string]any(f)
}

func (n *Sequence) document() any {
	steps := make([]any, len(n.Steps))
	for i, step := range n.Steps {
		f := fields{}
		f.texts("names", step.Names)
		f.properties(step.Where)
		if step.MaxGap != nil {
			f["maxGap"] = step.MaxGap.String()
		}
		if step.Absent {
			f["absent"] = true
		}
		steps[i] = map[string]any(f)
	}
	f := fields{"steps": steps}
	f.window("within", n.Within)
	return map[string]any(f)
}

func (n *SegmentRef) document() any { return n.Segment }

func (n *Lifecycle) document() any {
	f := fields{}
	f.texts("stage", n.Stages)
	f.window("enteredWithin", n.EnteredWithin)
	return map[string]any(f)
}

func (n *Campaign) document() any {
	f := fields{"kind": n.Kind}
	f.text("campaign", n.Campaign)
	f.text("channel", n.Channel)
	f.window("within", n.Within)
	if !n.isDefault {
		f["is"] = n.Is.document()
	}
	return map[string]any(f)
}

func (n *Referral) document() any {
	f := fields{}
	if n.Depth != 1 {
		f["depth"] = n.Depth
	}
	if n.Activated {
		f["activated"] = true
	}
	f.window("within", n.Within)
	if !n.isDefault {
		f["is"] = n.Is.document()
	}
	return map[string]any(f)
}

func (n *Consent) document() any {
	f := fields{"purpose": n.Purpose}
	f.text("channel", n.Channel)
	if !n.Granted {
		f["granted"] = false
	}
	return map[string]any(f)
}

func (n *Bucket) document() any {
	return map[string]any{"salt": n.Salt, "percent": json.Number(n.Percent)}
}

func (w *Window) document() any {
	f := fields{}
	if w.Last != nil {
		f["last"] = w.Last.String()
	}
	if w.Days > 0 {
		f["days"] = w.Days
	}
	if w.Since != nil {
		f["since"] = w.since
	}
	if w.Until != nil {
		f["until"] = w.until
	}
	return map[string]any(f)
}
