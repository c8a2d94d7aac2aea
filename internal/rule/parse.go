package rule

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/onecdp/onecdp/internal/fault"
	"github.com/onecdp/onecdp/internal/value"
)

// The limits of a rule. More is refused, not cut.
const (
	MaxLevels   = 32
	MaxNodes    = 1000
	MaxLiterals = 10_000
	MaxText     = 10_000 // characters
	maxFaults   = 100    // reported; a rule with more has told enough
)

// Parse reads a rule: the GraphQL input Rule, or its saved JSON, as a map. A value may be nil, bool,
// string, json.Number, int, int32, int64, float64, []any or map[string]any; a single value may stand
// for a list. at is the place of raw, which the paths of faults begin with.
//
// The error joins a *fault.Error for every fault found.
func Parse(raw map[string]any, at fault.Path) (*Rule, error) {
	r := &reader{patternRoom: maxPatternsSize}
	root := r.rule(raw, at, 1)
	switch {
	case r.nodes > MaxNodes:
		r.bad(at, "", "the rule has more than %d rules in all", MaxNodes)
	case r.literals > MaxLiterals:
		r.bad(at, "", "the rule has more than %d literals in all", MaxLiterals)
	}
	if len(r.faults) > 0 {
		return nil, errors.Join(r.faults...)
	}
	return &Rule{Root: root}, nil
}

// reader collects the faults of a rule. Its methods return ok false, or a zero value, where they found one.
type reader struct {
	faults   []error
	nodes    int
	literals int

	patternRoom int // for the patterns still to come
}

func (r *reader) bad(at fault.Path, hint, format string, args ...any) {
	if len(r.faults) >= maxFaults {
		return
	}
	refused := fault.Bad(at, format, args...)
	if hint != "" {
		refused = refused.WithHint("%s", hint)
	}
	r.faults = append(r.faults, refused)
}

// full tells that a limit was passed, after which nothing more is read.
func (r *reader) full() bool {
	return r.nodes > MaxNodes || r.literals > MaxLiterals || len(r.faults) >= maxFaults
}

// object is an input object whose fields are all known. Fields given as null are left out.
type object struct {
	*reader
	at     fault.Path
	fields map[string]any
}

func (r *reader) object(v any, at fault.Path, known ...string) (object, bool) {
	given, ok := v.(map[string]any)
	if !ok {
		r.bad(at, "an object with "+choice(known), "an object is needed here")
		return object{}, false
	}
	o := object{reader: r, at: at, fields: make(map[string]any, len(given))}
	for _, name := range sortedKeys(given) {
		if !slices.Contains(known, name) {
			r.bad(at.With(name), choice(known), "there is no such field")
			ok = false
		} else if given[name] != nil {
			o.fields[name] = given[name]
		}
	}
	return o, ok
}

// oneOf reads an input object of which exactly one field is given, and that not as null.
func (r *reader) oneOf(v any, at fault.Path, known []string) (name string, field any, ok bool) {
	given, isObject := v.(map[string]any)
	if !isObject {
		r.bad(at, "an object with one of "+choice(known), "an object is needed here")
		return "", nil, false
	}
	ok = true
	for _, key := range sortedKeys(given) {
		if !slices.Contains(known, key) {
			r.bad(at.With(key), choice(known), "there is no such field")
			ok = false
			continue
		}
		name = key
	}
	switch {
	case !ok:
		return "", nil, false
	case len(given) != 1:
		r.bad(at, choice(known), "exactly one field is needed here, not %d", len(given))
		return "", nil, false
	case given[name] == nil:
		r.bad(at.With(name), "", "null is not allowed here")
		return "", nil, false
	}
	return name, given[name], true
}

// entry is an element of a list with its place.
type entry struct {
	value any
	at    fault.Path
}

// list reads a list, or a single value that stands for one.
func list(v any, at fault.Path) []entry {
	elements, ok := v.([]any)
	if !ok {
		return []entry{{v, at}}
	}
	entries := make([]entry, len(elements))
	for i, element := range elements {
		entries[i] = entry{element, at.With(i)}
	}
	return entries
}

// text reads a text in NFC.
func (r *reader) text(v any, at fault.Path) (string, bool) {
	text, ok := v.(string)
	if !ok {
		r.bad(at, "", "a text is needed here")
		return "", false
	}
	text, err := value.Text(text, at)
	if err != nil {
		r.refuse(err)
		return "", false
	}
	if utf8.RuneCountInString(text) > MaxText {
		r.bad(at, "", "the text has more than %d characters", MaxText)
		return "", false
	}
	return text, true
}

// refuse takes over the faults of another package.
func (r *reader) refuse(err error) {
	for _, one := range fault.All(err) {
		r.bad(one.Path, one.Hint, "%s", one.Message)
	}
}

// name reads a text that is not empty.
func (r *reader) name(v any, at fault.Path) string {
	name, ok := r.text(v, at)
	if ok && name == "" {
		r.bad(at, "", "a name is not empty")
	}
	return name
}

// required reports a field that is not there.
func (o object) required(name string) (field any, at fault.Path, ok bool) {
	field, ok = o.fields[name]
	at = o.at.With(name)
	if !ok {
		o.bad(at, "", "%s is required", name)
	}
	return field, at, ok
}

// requiredName reads a required text that is not empty.
func (o object) requiredName(name string) string {
	field, at, ok := o.required(name)
	if !ok {
		return ""
	}
	return o.name(field, at)
}

// optionalText reads a text that may be left out.
func (o object) optionalText(name string) *string {
	field, ok := o.fields[name]
	if !ok {
		return nil
	}
	text, _ := o.text(field, o.at.With(name))
	return &text
}

// flag reads a boolean with its default.
func (o object) flag(name string, otherwise bool) bool {
	field, ok := o.fields[name]
	if !ok {
		return otherwise
	}
	flag, ok := field.(bool)
	if !ok {
		o.bad(o.at.With(name), "", "true or false is needed here")
	}
	return flag
}

// names reads a list of names; nil when it is left out.
func (o object) names(name string, mayBeEmpty bool) []string {
	field, ok := o.fields[name]
	if !ok {
		return nil
	}
	at := o.at.With(name)
	names := []string{}
	for _, e := range list(field, at) {
		if o.literals++; o.full() {
			return nil
		}
		names = append(names, o.name(e.value, e.at))
	}
	if len(names) == 0 && !mayBeEmpty {
		o.bad(at, "leave it out for any", "the list is empty")
	}
	return names
}

// enum reads one of several words.
func (o object) enum(name string, words []string) string {
	field := o.fields[name]
	word, ok := field.(string)
	if !ok || !slices.Contains(words, word) {
		o.bad(o.at.With(name), choice(words), "there is no such value")
		return ""
	}
	return word
}

func choice(words []string) string { return strings.Join(words, ", ") }

func sortedKeys(m map[string]any) []string {
	keys := make([]string, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}

// id reads a GraphQL ID: a text or a whole number. It is not empty.
func (r *reader) id(v any, at fault.Path) string {
	if n, ok := wholeNumber(v); ok {
		v = fmt.Sprint(n)
	}
	return r.name(v, at)
}
