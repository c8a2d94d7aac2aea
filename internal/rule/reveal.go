package rule

import (
	"encoding/json"
	"errors"
	"slices"

	"github.com/onecdp/onecdp/internal/fault"
	"github.com/onecdp/onecdp/internal/identity"
	"github.com/onecdp/onecdp/internal/personal"
)

// Reveals returns nil when the rule may be asked by who sees personal values masked, else a FORBIDDEN for every comparison
// with what is masked for them, joined: by asking again and again it would tell the values.
//
// Refused is, with anything but exists, what compares an attribute, property or tag with a personal name or an identity of
// a sensitive type, or aggregates such a property; a literal that is personal by its shape, of attributes, properties and tags; and near
// a personal name a number that can be one of those that are masked there. Truth values are not masked and may be compared. What else is compared must be so with Env.Masked set, which keeps values out
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
		w.comparison(n.Is, n.Name)
	case *Tag:
		w.comparison(n.Is, n.Key)
	case *Identity:
		if n.Is != nil && n.Is.Op != Exists && w.types.Masked(identity.TypeName(n.Type)) {
			w.refuse(n.Is.Path, "the values that this compares")
		}
	case *Event:
		w.properties(n.Where)
		if computesWithPersonal(n, w.types) {
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
			w.comparison(p.Is, p.Name)
		}
	}
}

func (w *watch) comparison(is Comparison, name string) {
	names := w.types.Names()
	switch {
	case is.Op == Exists:
	case names.Has(name) && !is.onlyTruth():
		w.refuse(is.Path, "the values that this compares")
	case is.hasPersonalLiteral(), names.Near(name) && slices.ContainsFunc(is.Values, mayIdentify):
		w.refuse(is.Path.With(string(is.Op)), "values like this one")
	}
}

// computesWithPersonal says that an aggregate is one of what is masked: of a personal property; or of one near, with a limit that could
// tell the numbers apart that are masked there.
func computesWithPersonal(n *Event, types *identity.Registry) bool {
	if n.Property == "" || Reserved(n.Property) {
		return false
	}
	return types.Names().Has(n.Property) || n.Aggregate != Distinct && types.Names().Near(n.Property) &&
		slices.ContainsFunc(n.Is.Limits, func(limit Limit) bool { return personal.TellsOfSums(limit.Value) })
}

// mayIdentify says of a literal that it is a number as those that are masked near personal names.
func mayIdentify(literal any) bool {
	number, isNumber := literal.(json.Number)
	return isNumber && personal.MayIdentify(number.String())
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
		masked.Is = n.Is.masked(types.Names(), n.Name)
		return &masked
	case *Tag:
		masked := *n
		masked.Is = n.Is.masked(types.Names(), n.Key)
		return &masked
	case *Identity:
		masked := *n
		if n.Is != nil {
			is := *n.Is
			if types.Masked(identity.TypeName(n.Type)) {
				is = is.withMasked(func(any) bool { return true })
			}
			masked.Is = &is
		}
		return &masked
	case *Event:
		masked := *n
		masked.Where = hiddenWhere(n.Where, types)
		if computesWithPersonal(n, types) {
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
		if !Reserved(p.Name) {
			p.Is = p.Is.masked(types.Names(), p.Name)
		}
		all[i] = p
	}
	return all
}

// masked is the comparison of a name's values with those literals masked that would be masked there.
func (c Comparison) masked(names *personal.Names, name string) Comparison {
	switch {
	case names.Has(name):
		return c.withMasked(func(any) bool { return true })
	case names.Near(name) && slices.ContainsFunc(c.Values, mayIdentify):
		return c.withMasked(mayIdentify)
	default:
		return c
	}
}

// withMasked is the comparison with those of its texts and numbers masked that are secret.
func (c Comparison) withMasked(secret func(literal any) bool) Comparison {
	values := make([]any, len(c.Values))
	for i, literal := range c.Values {
		values[i] = literal
		if !secret(literal) {
			continue
		}
		switch literal := literal.(type) {
		case string:
			values[i] = personal.Mask(literal)
		case json.Number:
			values[i] = personal.Mask(literal.String())
		}
	}
	if c.Values != nil {
		c.Values = values
	}
	if c.Pattern != "" && secret(c.Pattern) {
		c.Pattern = personal.Mask(c.Pattern)
	}
	return c
}
