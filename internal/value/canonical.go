package value

import (
	"encoding/json"
	"slices"
	"unicode/utf8"
)

// JSON is the canonical text of a value: keys by code point, no blanks, nothing escaped that need
// not be, numbers as they are.
func JSON(v any) []byte { return appendJSON(nil, v, false) }

// Shortest is JSON with every number in its shortest exact form (1.50 is 1.5, 1.0 is 1), so that
// values that are equal by value have equal texts.
func Shortest(v any) []byte { return appendJSON(nil, v, true) }

func appendJSON(text []byte, v any, shortest bool) []byte {
	switch v := v.(type) {
	case nil:
		return append(text, "null"...)
	case bool:
		if v {
			return append(text, "true"...)
		}
		return append(text, "false"...)
	case string:
		return AppendText(text, v)
	case []any:
		text = append(text, '[')
		for i, element := range v {
			if i > 0 {
				text = append(text, ',')
			}
			text = appendJSON(text, element, shortest)
		}
		return append(text, ']')
	case map[string]any:
		return appendObject(text, v, shortest)
	default:
		return appendNumber(text, v, shortest)
	}
}

func appendObject(text []byte, object map[string]any, shortest bool) []byte {
	keys := make([]string, 0, len(object))
	for key := range object {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	text = append(text, '{')
	for i, key := range keys {
		if i > 0 {
			text = append(text, ',')
		}
		text = AppendText(text, key)
		text = append(text, ':')
		text = appendJSON(text, object[key], shortest)
	}
	return append(text, '}')
}

// appendNumber writes what Clean accepts as a number, and null for what is none.
func appendNumber(text []byte, v any, shortest bool) []byte {
	number, ok := numberText(v)
	if !ok {
		return append(text, "null"...)
	}
	if _, exact := v.(json.Number); shortest || !exact {
		number = ShortestNumber(number)
	}
	return append(text, number...)
}

const hexDigits = "0123456789abcdef"

// AppendText appends the JSON form of one text: only quotes, backslashes and control characters
// are escaped; bytes that are not UTF-8 become U+FFFD.
func AppendText(text []byte, s string) []byte {
	text = append(text, '"')
	start := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= utf8.RuneSelf {
			r, size := utf8.DecodeRuneInString(s[i:])
			if r == utf8.RuneError && size == 1 {
				text = append(append(text, s[start:i]...), "\uFFFD"...)
				start = i + 1
			}
			i += size
			continue
		}
		if c >= ' ' && c != '"' && c != '\\' {
			i++
			continue
		}
		text = append(text, s[start:i]...)
		text = appendEscape(text, c)
		i++
		start = i
	}
	return append(append(text, s[start:]...), '"')
}

func appendEscape(text []byte, c byte) []byte {
	switch c {
	case '"', '\\':
		return append(text, '\\', c)
	case '\b':
		return append(text, '\\', 'b')
	case '\f':
		return append(text, '\\', 'f')
	case '\n':
		return append(text, '\\', 'n')
	case '\r':
		return append(text, '\\', 'r')
	case '\t':
		return append(text, '\\', 't')
	default:
		return append(text, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
	}
}
