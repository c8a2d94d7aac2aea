package value

import (
	"encoding/json"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/onecdp/onecdp/internal/fault"
)

// MaxDepth is how deep lists and objects may nest.
const MaxDepth = 64

// Clean returns v as the product keeps it: texts and keys in NFC, numbers in plain form (3e1 is 30,
// -0 is 0, 12.50 stays 12.50), Go's int, int32, int64 and float64 as json.Number. v is not changed;
// where nothing had to change it is returned itself.
//
// What cannot be kept is a BAD_USER_INPUT at its place below at: a NUL, a lone surrogate, text that
// is not UTF-8, a number with an exponent beyond ±400 or more than 1,000 digits, nesting deeper than
// MaxDepth, a Go type that is none of these. Of keys equal after NFC the one already in NFC counts,
// else the first by code point.
func Clean(v any, at fault.Path) (any, error) {
	cleaned, _, bad := clean(v, 0)
	if bad != nil {
		slices.Reverse(bad.steps)
		return nil, fault.Bad(at.With(bad.steps...), "%s", bad.message)
	}
	return cleaned, nil
}

// refusal is a fault on its way up; steps collects the path from the inside out, so that the walk
// itself need not keep one.
type refusal struct {
	message string
	steps   []any
}

func (r *refusal) inside(step any) *refusal {
	r.steps = append(r.steps, step)
	return r
}

func clean(v any, depth int) (cleaned any, changed bool, bad *refusal) {
	switch v := v.(type) {
	case nil, bool:
		return v, false, nil
	case string:
		text, message := cleanText(v)
		if message != "" {
			return nil, false, &refusal{message: "a text " + message}
		}
		if text == v {
			return v, false, nil
		}
		return text, true, nil
	case json.Number, int, int32, int64, float64:
		return cleanNumber(v)
	case []any:
		return cleanList(v, depth+1)
	case map[string]any:
		return cleanObject(v, depth+1)
	default:
		return nil, false, &refusal{message: "this is no JSON value"}
	}
}

func cleanNumber(v any) (cleaned any, changed bool, bad *refusal) {
	text, ok := numberText(v)
	if !ok {
		return nil, false, &refusal{message: "this is no JSON number"}
	}
	plain, message := plainNumber(text)
	if message != "" {
		return nil, false, &refusal{message: message}
	}
	if n, ok := v.(json.Number); ok && string(n) == plain {
		return v, false, nil
	}
	return json.Number(plain), true, nil
}

func cleanList(list []any, depth int) (any, bool, *refusal) {
	if depth > MaxDepth {
		return nil, false, tooDeep()
	}
	kept, changedAny := list, false
	for i, element := range list {
		cleaned, changed, bad := clean(element, depth)
		if bad != nil {
			return nil, false, bad.inside(i)
		}
		if changed && !changedAny {
			kept, changedAny = slices.Clone(list), true
		}
		if changed {
			kept[i] = cleaned
		}
	}
	return kept, changedAny, nil
}

func cleanObject(object map[string]any, depth int) (any, bool, *refusal) {
	if depth > MaxDepth {
		return nil, false, tooDeep()
	}
	changedAny := false
	var changes map[string]any // by the key as given
	var worst *refusal         // of several faults the one at the first key, whatever order the map has
	var worstKey string
	for key, element := range object {
		name, message := cleanText(key)
		var bad *refusal
		if message != "" {
			bad = &refusal{message: "a key " + message}
		} else {
			var cleaned any
			var changed bool
			if cleaned, changed, bad = clean(element, depth); bad != nil {
				bad = bad.inside(name)
			} else if changed {
				if changes == nil {
					changes = make(map[string]any)
				}
				changes[key] = cleaned
			}
			changedAny = changedAny || changed || name != key
		}
		if bad != nil && (worst == nil || key < worstKey) {
			worst, worstKey = bad, key
		}
	}
	if worst != nil {
		return nil, false, worst
	}
	if !changedAny {
		return object, false, nil
	}
	return rebuild(object, changes), true, nil
}

// rebuild copies an object with its keys in NFC and its changed elements in place.
func rebuild(object, changes map[string]any) map[string]any {
	kept := make(map[string]any, len(object))
	origin := make(map[string]string)
	for key, element := range object {
		if changed, ok := changes[key]; ok {
			element = changed
		}
		name := norm.NFC.String(key)
		if rival, taken := origin[name]; taken && (rival == name || key != name && rival < key) {
			continue
		}
		origin[name] = key
		kept[name] = element
	}
	return kept
}

func tooDeep() *refusal { return &refusal{message: "lists and objects nest deeper than 64 levels"} }

// cleanText returns text in NFC, or says what is wrong with it.
func cleanText(text string) (nfc, message string) {
	ascii := true
	for i := 0; i < len(text); i++ {
		if text[i] == 0 {
			return "", "holds a NUL character"
		}
		ascii = ascii && text[i] < utf8.RuneSelf
	}
	switch {
	case ascii:
		return text, ""
	case !utf8.ValidString(text):
		return "", "is not valid UTF-8"
	case strings.ContainsRune(text, LoneSurrogate):
		return "", "holds a lone surrogate"
	}
	return norm.NFC.String(text), ""
}

// Text returns one text in NFC. A NUL, a lone surrogate and text that is not UTF-8 are a
// BAD_USER_INPUT at the place.
func Text(text string, at fault.Path) (string, error) {
	nfc, message := cleanText(text)
	if message != "" {
		return "", fault.Bad(at, "the text %s", message)
	}
	return nfc, nil
}
