package value

import (
	"encoding/json"
	"strings"
)

// maxNesting is how deep a text may nest for the scanner, as for encoding/json.
const maxNesting = 10_000

// scanner reads JSON several times faster than encoding/json into values of any type, because texts and numbers
// are parts of the text it reads. It knows right from wrong but cannot say what is wrong.
type scanner struct {
	text  string
	at    int
	depth int
}

// whole reads the only value of the text.
func (s *scanner) whole() (any, bool) {
	v, ok := s.value()
	s.blanks()
	return v, ok && s.at == len(s.text)
}

func (s *scanner) blanks() {
	for s.at < len(s.text) {
		switch s.text[s.at] {
		case ' ', '\t', '\r', '\n':
			s.at++
		default:
			return
		}
	}
}

// take reads one expected character after blanks.
func (s *scanner) take(c byte) bool {
	s.blanks()
	if s.at < len(s.text) && s.text[s.at] == c {
		s.at++
		return true
	}
	return false
}

func (s *scanner) value() (any, bool) {
	s.blanks()
	if s.at == len(s.text) {
		return nil, false
	}
	switch s.text[s.at] {
	case '{':
		return s.object()
	case '[':
		return s.list()
	case '"':
		return s.quoted()
	case 't':
		return true, s.word("true")
	case 'f':
		return false, s.word("false")
	case 'n':
		return nil, s.word("null")
	}
	return s.number()
}

func (s *scanner) word(word string) bool {
	if !strings.HasPrefix(s.text[s.at:], word) {
		return false
	}
	s.at += len(word)
	return true
}

func (s *scanner) object() (any, bool) {
	s.at++
	if s.depth++; s.depth > maxNesting {
		return nil, false
	}
	defer func() { s.depth-- }()
	object := map[string]any{}
	if s.take('}') {
		return object, true
	}
	for {
		s.blanks()
		if s.at == len(s.text) || s.text[s.at] != '"' {
			return nil, false
		}
		key, ok := s.quoted()
		if !ok || !s.take(':') {
			return nil, false
		}
		v, ok := s.value()
		if !ok {
			return nil, false
		}
		object[key.(string)] = v
		if s.take('}') {
			return object, true
		}
		if !s.take(',') {
			return nil, false
		}
	}
}

func (s *scanner) list() (any, bool) {
	s.at++
	if s.depth++; s.depth > maxNesting {
		return nil, false
	}
	defer func() { s.depth-- }()
	list := []any{}
	if s.take(']') {
		return list, true
	}
	for {
		v, ok := s.value()
		if !ok {
			return nil, false
		}
		list = append(list, v)
		if s.take(']') {
			return list, true
		}
		if !s.take(',') {
			return nil, false
		}
	}
}

// quoted reads a text. One with escapes is left to encoding/json.
func (s *scanner) quoted() (any, bool) {
	start := s.at
	for i := start + 1; i < len(s.text); i++ {
		switch c := s.text[i]; {
		case c == '"':
			s.at = i + 1
			return s.text[start+1 : i], true
		case c == '\\':
			return s.escaped(i)
		case c < ' ':
			return nil, false
		}
	}
	return nil, false
}

// escaped reads a text whose first escape is at i.
func (s *scanner) escaped(i int) (any, bool) {
	for ; i < len(s.text) && s.text[i] != '"'; i++ {
		if s.text[i] == '\\' {
			i++
		}
	}
	if i >= len(s.text) {
		return nil, false
	}
	var text string
	if json.Unmarshal([]byte(s.text[s.at:i+1]), &text) != nil {
		return nil, false
	}
	s.at = i + 1
	return text, true
}

func (s *scanner) number() (any, bool) {
	start := s.at
	for s.at < len(s.text) && strings.IndexByte("+-.0123456789Ee", s.text[s.at]) >= 0 {
		s.at++
	}
	text := s.text[start:s.at]
	return json.Number(text), IsNumber(text)
}
