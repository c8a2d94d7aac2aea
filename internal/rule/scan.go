package rule

import (
	"bytes"
	"encoding/json"
	"strings"
)

// HoldsJSON is Holds for what stands at a name in the JSON text of an object, without decoding the
// rest of it: an attribute's name, or (dotted) a property's path. The text is as value.JSON writes
// it: keys unique, texts in NFC. Text that is no JSON object has nothing at any name.
func (t Test) HoldsJSON(document []byte, key string, dotted bool) bool {
	var v verdict
	t.scan(&v, bytes.TrimLeft(document, blanks), key, dotted, true)
	return t.settle(v)
}

// HoldsValue is Holds for the elements of one value, given as its JSON text; nil is absent.
func (t Test) HoldsValue(text []byte) bool {
	var v verdict
	t.seeAll(&v, bytes.Trim(text, blanks))
	return t.settle(v)
}

const blanks = " \t\r\n"

// scan walks one step of a path. Lists are gone through, one level, but for the document itself.
func (t *Test) scan(v *verdict, text []byte, path string, dotted, document bool) {
	if len(text) == 0 {
		return
	}
	if text[0] == '[' && !document {
		for rest := text; ; {
			var one []byte
			if one, rest = nextElement(rest); one == nil {
				return
			}
			if one[0] == '{' {
				t.scan(v, one, path, dotted, true)
			}
		}
	}
	key, rest, more := path, "", false
	if dotted {
		key, rest, more = strings.Cut(path, ".")
	}
	child := member(text, key)
	if more {
		t.scan(v, child, rest, true, false)
		return
	}
	t.seeAll(v, child)
}

// seeAll looks at all elements of a value; an empty text and null are none.
func (t *Test) seeAll(v *verdict, text []byte) {
	if len(text) == 0 || text[0] == 'n' {
		return
	}
	v.present = true
	if text[0] != '[' {
		t.see(v, scanned(text))
		return
	}
	for rest := text; ; {
		var one []byte
		if one, rest = nextElement(rest); one == nil {
			return
		}
		if one[0] != 'n' {
			t.see(v, scanned(one))
		}
	}
}

func scanned(text []byte) element {
	switch text[0] {
	case '"':
		return element{kind: textKind, text: unquoted(text)}
	case '{', '[':
		return element{kind: otherKind}
	case 't', 'f':
		return element{kind: boolKind, text: string(text)}
	default:
		return element{kind: numberKind, text: string(text)}
	}
}

func unquoted(text []byte) string {
	if len(text) < 2 {
		return ""
	}
	if bytes.IndexByte(text, '\\') < 0 {
		return string(text[1 : len(text)-1])
	}
	var s string
	if json.Unmarshal(text, &s) != nil {
		return ""
	}
	return s
}

// member is the value of a key in the text of an object; nil when there is none.
func member(object []byte, key string) []byte {
	if len(object) == 0 || object[0] != '{' {
		return nil
	}
	i := skipBlanks(object, 1)
	for i < len(object) && object[i] == '"' {
		end := skipText(object, i)
		if end < 0 {
			return nil
		}
		name := object[i:end]
		i = skipBlanks(object, end)
		if i >= len(object) || object[i] != ':' {
			return nil
		}
		i = skipBlanks(object, i+1)
		if end = skipValue(object, i); end < 0 {
			return nil
		}
		if isKey(name, key) {
			return object[i:end]
		}
		i = skipBlanks(object, end)
		if i >= len(object) || object[i] != ',' {
			return nil
		}
		i = skipBlanks(object, i+1)
	}
	return nil
}

func isKey(name []byte, key string) bool {
	if bytes.IndexByte(name, '\\') < 0 {
		return string(name[1:len(name)-1]) == key
	}
	return unquoted(name) == key
}

// nextElement takes the next element off the text of a list, which begins with '[' or, further on,
// with ','. It returns nil at the end.
func nextElement(list []byte) (one, rest []byte) {
	if len(list) == 0 || list[0] != '[' && list[0] != ',' {
		return nil, nil
	}
	start := skipBlanks(list, 1)
	end := skipValue(list, start)
	if end < 0 {
		return nil, nil
	}
	return list[start:end], list[skipBlanks(list, end):]
}

func skipBlanks(text []byte, i int) int {
	for i < len(text) && (text[i] == ' ' || text[i] == '\n' || text[i] == '\t' || text[i] == '\r') {
		i++
	}
	return i
}

// skipText returns the end of the text that begins at i; -1 when it has none.
func skipText(text []byte, i int) int {
	for i++; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return -1
}

// skipValue returns the end of the value that begins at i; -1 when there is none.
func skipValue(text []byte, i int) int {
	if i >= len(text) {
		return -1
	}
	switch text[i] {
	case '"':
		return skipText(text, i)
	case '{', '[':
		return skipNested(text, i)
	}
	start := i
	for i < len(text) && strings.IndexByte(",]}: \t\r\n\"", text[i]) < 0 {
		i++
	}
	if i == start {
		return -1
	}
	return i
}

func skipNested(text []byte, i int) int {
	for depth := 0; i < len(text); i++ {
		switch text[i] {
		case '"':
			end := skipText(text, i)
			if end < 0 {
				return -1
			}
			i = end - 1
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth == 0 {
				return i + 1
			}
		}
	}
	return -1
}
