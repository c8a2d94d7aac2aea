package rule

import (
	"encoding/json"
	"errors"

	"github.com/onecdp/onecdp/internal/fault"
	"github.com/onecdp/onecdp/internal/identity"
	"github.com/onecdp/onecdp/internal/personal"
)

// Reveals returns nil when the rule may be asked by who sees personal values masked, else a FORBIDDEN for every comparison
// with what is masked for them, joined: by asking again and again it would tell the values.
//
// Refused is, with anything but exists, what compares an attribute, property or tag with a personal name or an identity of
// a sensitive type, or aggregates such a property; and a literal that is personal by its shape, wherever it stands. Truth
// values are not masked and may be compared. What else is compared must be so with Env.Masked set, which keeps values out
// that are personal by shape. Segments that the rule refers to are not looked into: who saved them answers for them.
func (r *Rule) Reveals(types *identity.Registry) error {
	w := watch{types: types}
	Walk(r.Root, w.node)
	return errors.Join(w.found...)
}

// watch collects what a rule would reveal.
type watch struct {
	types *identity.Registry
	found []error
}

func (w *watch) refuse(at fault.Path, what string) {
	if len(w.found) < maxFaults {
		w.found = append(w.found, fault.New(fault.Forbidden, "the key may not see %s", what).At(at).
			WithHint("ask for the scope personal, or only whether there is a value: {exists: true}"))
	}
}

func (w *watch) node(n Node) {
	switch n := n.(type) {
	case *Attribute:
		w.comparison(n.Is, w.types.Names().Has(n.Name))
	case *Tag:
		w.comparison(n.Is, w.types.Names().Has(n.Key))
	case *Identity:
		if n.Is != nil && n.Is.Op != Exists && w.types.Masked(identity.TypeName(n.Type)) {
			w.refuse(n.Is.Path, "the values that this compares")
		}
	case *Event:
		w.properties(n.Where)
		if n.Property != "" && !Reserved(n.Property) && w.types.Names().Within(n.Property) {
			w.refuse(n.Path.With("property"), "the values that this computes with")
		}
	case *Sequence:
		for _, step := range n.Steps {
			w.properties(step.Where)
		}
	}
}

func (w *watch) properties(where []Property) {
	for _, p := range where {
		if !Reserved(p.Name) {
			w.comparison(p.Is, w.types.Names().Within(p.Name))
		}
	}
}

func (w *watch) comparison(is Comparison, personalName bool) {
	switch {
	case is.Op == Exists:
	case personalName && !is.onlyTruth():
		w.refuse(is.Path, "the values that this compares")
	case is.hasPersonalLiteral():
		w.refuse(is.Path.With(string(is.Op)), "values like this one")
	}
}

// onlyTruth says that all literals are true or false.
func (c Comparison) onlyTruth() bool {
	for _, literal := range c.Values {
		if _, truth := literal.(bool); !truth {
			return false
		}
	}
	return len(c.Values) > 0
}

func (c Comparison) hasPersonalLiteral() bool {
	for _, literal := range c.Values {
		if text, ok := literal.(string); ok && personal.Like(text) {
			return true
		}
	}
	return personal.Like(c.Pattern)
}

// MaskedJSON is JSON with the literals masked that are compared with what is masked, see Reveals.
func (r *Rule) MaskedJSON(types *identity.Registry) []byte {
	return types.Names().Document((&Rule{Root: hidden(r.Root, types)}).JSON())
}

// hidden is a node whose literals are masked where they stand for personal values. Texts that are personal by shape are left.
func hidden(n Node, types *identity.Registry) Node {
	switch n := n.(type) {
	case *All:
		return &All{Path: n.Path, Rules: hiddenAll(n.Rules, types)}
	case *Any:
		return &Any{Path: n.Path, Rules: hiddenAll(n.Rules, types)}
	case *Not:
		return &Not{Path: n.Path, Rule: hidden(n.Rule, types)}
	case *Attribute:
		masked := *n
		masked.Is = n.Is.masked(types.Names().Has(n.Name))
		return &masked
	case *Tag:
		masked := *n
		masked.Is = n.Is.masked(types.Names().Has(n.Key))
		return &masked
	case *Identity:
		masked := *n
		if n.Is != nil {
			is := n.Is.masked(types.Masked(identity.TypeName(n.Type)))
			masked.Is = &is
		}
		return &masked
	case *Event:
		masked := *n
		masked.Where = hiddenWhere(n.Where, types)
		if n.Property != "" && !Reserved(n.Property) && types.Names().Within(n.Property) {
			masked.Is.Limits = nil
		}
		return &masked
	case *Sequence:
		masked := *n
		masked.Steps = make([]Step, len(n.Steps))
		for i, step := range n.Steps {
			step.Where = hiddenWhere(step.Where, types)
			masked.Steps[i] = step
		}
		return &masked
	default:
		return n
	}
}

func hiddenAll(nodes []Node, types *identity.Registry) []Node {
	all := make([]Node, len(nodes))
	for i, n := range nodes {
		all[i] = hidden(n, types)
	}
	return all
}

func hiddenWhere(where []Property, types *identity.Registry) []Property {
	if where == nil {
		return nil
	}
	all := make([]Property, len(where))
	for i, p := range where {
		p.Is = p.Is.masked(!Reserved(p.Name) && types.Names().Within(p.Name))
		all[i] = p
	}
	return all
}

// masked is the comparison with its texts and numbers masked, where it is one of personal values.
func (c Comparison) masked(isPersonal bool) Comparison {
	if !isPersonal {
		return c
	}
	values := make([]any, len(c.Values))
	for i, literal := range c.Values {
		switch literal := literal.(type) {
		case string:
			values[i] = personal.Mask(literal)
		case json.Number:
			values[i] = personal.Mask(literal.String())
		default:
			values[i] = literal
		}
	}
	if c.Values != nil {
		c.Values = values
	}
	if c.Pattern != "" {
		c.Pattern = personal.Mask(c.Pattern)
	}
	return c
}
