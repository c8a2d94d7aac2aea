package guard

import (
	"fmt"
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// mostCompared bounds the work of overlaps: fields collected and literals compared.
const mostCompared = 1_000_000

// overlaps checks that fields of one name in the answer can be merged (FieldsInSetCanMerge of the GraphQL specification). The document is
// valid otherwise, and linked with the schema.
//
// All fields that meet under one name are compared with the first of them, and what they select is merged before it is looked at: being
// the same is transitive. Two questions are asked apart, because fields of different objects never meet: whether all have one shape, and
// whether those that one object can have are the same field with the same arguments.
func overlaps(schema *ast.Schema, query *ast.QueryDocument) gqlerror.List {
	for _, operation := range query.Operations {
		o := &overlap{schema: schema, left: mostCompared}
		top := []*ast.Field{{SelectionSet: operation.SelectionSet}}
		o.same(top)
		o.shapes(top)
		switch {
		case o.left < 0:
			return gqlerror.List{gqlerror.Wrap(tooMuch("the query selects too much under the same names"))}
		case o.conflict != nil:
			return gqlerror.List{o.conflict}
		}
	}
	return nil
}

type overlap struct {
	schema   *ast.Schema
	left     int // work that may still be done
	conflict *gqlerror.Error
}

func (o *overlap) done() bool { return o.conflict != nil || o.left < 0 }

func (o *overlap) refuse(field *ast.Field, why string) {
	if o.conflict != nil {
		return
	}
	o.conflict = invalid(&gqlerror.Error{
		Rule: "OverlappingFieldsCanBeMerged",
		Message: fmt.Sprintf(`Fields "%s" conflict because %s. Use different aliases on the fields to fetch both if this was intentional.`,
			clipped(field.Alias), why),
		Locations: []gqlerror.Location{{Line: field.Position.Line, Column: field.Position.Column}},
	})
}

// groups are the fields below some others, by their names in the answer, in the order in which the names come first.
type groups struct {
	order  []string
	fields map[string][]*ast.Field
}

// below merges what fields select. A fragment that is spread twice would only meet itself.
func (o *overlap) below(fields []*ast.Field) groups {
	g := groups{fields: map[string][]*ast.Field{}}
	var spread map[string]bool
	var collect func(set ast.SelectionSet)
	collect = func(set ast.SelectionSet) {
		for _, selection := range set {
			if o.left--; o.left < 0 {
				return
			}
			switch selection := selection.(type) {
			case *ast.Field:
				if g.fields[selection.Alias] == nil {
					g.order = append(g.order, selection.Alias)
				}
				g.fields[selection.Alias] = append(g.fields[selection.Alias], selection)
			case *ast.InlineFragment:
				collect(selection.SelectionSet)
			case *ast.FragmentSpread:
				if spread[selection.Name] {
					continue
				}
				if spread == nil {
					spread = map[string]bool{}
				}
				spread[selection.Name] = true
				collect(selection.Definition.SelectionSet)
			}
		}
	}
	for _, field := range fields {
		collect(field.SelectionSet)
	}
	return g
}

// shapes checks that fields of one name have values of one shape (SameResponseShape).
func (o *overlap) shapes(fields []*ast.Field) {
	g := o.below(fields)
	for _, name := range g.order {
		group := g.fields[name]
		for _, field := range group[1:] {
			if !o.sameShape(group[0].Definition.Type, field.Definition.Type) {
				o.refuse(field, fmt.Sprintf(`they return conflicting types "%s" and "%s"`, group[0].Definition.Type, field.Definition.Type))
			}
		}
		if o.done() {
			return
		}
		if group[0].SelectionSet != nil {
			o.shapes(group)
		}
	}
}

// sameShape is false for different lists and non-nulls, and for different leaves. What composite types select is compared by itself.
func (o *overlap) sameShape(a, b *ast.Type) bool {
	if a.NonNull != b.NonNull || (a.Elem == nil) != (b.Elem == nil) {
		return false
	}
	if a.Elem != nil {
		return o.sameShape(a.Elem, b.Elem)
	}
	one, other := o.schema.Types[a.NamedType], o.schema.Types[b.NamedType]
	return one == other || !one.IsLeafType() && !other.IsLeafType()
}

// same checks that fields of one name that one object can have are the same.
func (o *overlap) same(fields []*ast.Field) {
	g := o.below(fields)
	for _, name := range g.order {
		for _, together := range apart(g.fields[name]) {
			first := together[0]
			for _, field := range together[1:] {
				switch {
				case field == first:
				case field.Name != first.Name:
					o.refuse(field, fmt.Sprintf(`"%s" and "%s" are different fields`, clipped(first.Name), clipped(field.Name)))
				case !o.sameArguments(first.Arguments, field.Arguments):
					o.refuse(field, "they have differing arguments")
				}
			}
			if o.done() {
				return
			}
			if first.SelectionSet != nil {
				o.same(together)
			}
		}
	}
}

// apart sorts fields of one name into those that one object can have: for each object type its own, with those of interfaces and unions.
func apart(group []*ast.Field) [][]*ast.Field {
	first := group[0].ObjectDefinition
	if len(group) == 1 || !slices.ContainsFunc(group, func(field *ast.Field) bool { return field.ObjectDefinition != first }) {
		return [][]*ast.Field{group}
	}
	var (
		objects  []*ast.Definition
		own      = map[*ast.Definition][]*ast.Field{}
		abstract []*ast.Field
	)
	for _, field := range group {
		parent := field.ObjectDefinition
		if parent.Kind != ast.Object {
			abstract = append(abstract, field)
			continue
		}
		if own[parent] == nil {
			objects = append(objects, parent)
		}
		own[parent] = append(own[parent], field)
	}
	if len(objects) == 0 {
		return [][]*ast.Field{abstract}
	}
	all := make([][]*ast.Field, len(objects))
	for i, object := range objects {
		all[i] = slices.Concat(abstract, own[object])
	}
	return all
}

func (o *overlap) sameArguments(a, b ast.ArgumentList) bool {
	return len(a) == len(b) && !slices.ContainsFunc(a, func(one *ast.Argument) bool {
		other := b.ForName(one.Name)
		return other == nil || !o.sameValue(one.Value, other.Value)
	})
}

// sameValue compares literals. The fields of an object have no order.
func (o *overlap) sameValue(a, b *ast.Value) bool {
	if o.left--; o.left < 0 {
		return true // too much work is refused in the end
	}
	if a.Kind != b.Kind || a.Raw != b.Raw || len(a.Children) != len(b.Children) {
		return false
	}
	these, those := a.Children, b.Children
	if a.Kind == ast.ObjectValue {
		o.left -= len(these)
		these, those = byName(these), byName(those)
	}
	for i, child := range these {
		if child.Name != those[i].Name || !o.sameValue(child.Value, those[i].Value) {
			return false
		}
	}
	return true
}

func byName(children ast.ChildValueList) ast.ChildValueList {
	sorted := slices.Clone(children)
	slices.SortStableFunc(sorted, func(a, b *ast.ChildValue) int { return strings.Compare(a.Name, b.Name) })
	return sorted
}
