package rule

import (
	"encoding/json"
	"strings"
)

// Found is what stands at a name: nil when nothing does, else the elements of the value. A list
// gives its elements without the null ones, so [] is found and empty; other values are one element.
type Found []any

// Elements is one value as it is compared.
func Elements(v any) Found {
	if v == nil {
		return nil
	}
	var found Found
	found.add(v)
	return found
}

// FindAttribute finds an attribute by its name, which is not a path.
func FindAttribute(attributes map[string]any, name string) Found { return Elements(attributes[name]) }

// FindProperty finds a property by its dotted path, which splits at every dot and goes through one
// level of lists at each step: items.sku is the skus of all items. The reserved properties are not
// its business.
func FindProperty(properties map[string]any, path string) Found {
	var found Found
	found.walk(properties, path)
	return found
}

func (f *Found) walk(v any, path string) {
	key, rest, more := strings.Cut(path, ".")
	step := func(v any) {
		object, _ := v.(map[string]any)
		switch child := object[key]; {
		case child == nil:
		case more:
			f.walk(child, rest)
		default:
			f.add(child)
		}
	}
	if list, ok := v.([]any); ok {
		for _, element := range list {
			step(element)
		}
		return
	}
	step(v)
}

// add adds the elements of a value that is not null.
func (f *Found) add(v any) {
	if *f == nil {
		*f = Found{}
	}
	list, ok := v.([]any)
	if !ok {
		*f = append(*f, v)
		return
	}
	for _, element := range list {
		if element != nil {
			*f = append(*f, element)
		}
	}
}

// Holds tells whether the test holds for what was found. Texts and numbers are as value.Clean leaves them.
func (t Test) Holds(found Found) bool {
	verdict := verdict{present: found != nil}
	for _, v := range found {
		t.see(&verdict, elementOf(v))
	}
	return t.settle(verdict)
}

func elementOf(v any) element {
	switch v := v.(type) {
	case string:
		return element{kind: textKind, text: v}
	case json.Number:
		return element{kind: numberKind, text: string(v)}
	case bool:
		if v {
			return element{kind: boolKind, text: "true"}
		}
		return element{kind: boolKind, text: "false"}
	default:
		return element{kind: otherKind}
	}
}
