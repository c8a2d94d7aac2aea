package guard

import (
	"strings"

	"github.com/onecdp/onecdp/internal/fault"
)

// The bounds of a query's text.
const (
	longestText     = 1 << 20 // bytes
	mostTokens      = 250_000 // literals of a thousand records
	mostStructure   = 30_000  // tokens outside of arguments
	longestName     = 1_000   // bytes of a name or a number
	deepestBraces   = 128     // selections inside one another, inline fragments too
	deepestLiterals = 128     // lists and objects inside one another
)

// scan looks at a query's text once, so that what is too large is not even parsed. It need not know the grammar: whatever passes is
// parsed under the same bound of tokens.
func scan(text string) *fault.Error {
	if len(text) > longestText {
		return tooMuch("the query is longer than %d bytes", longestText).WithHint("send data as variables")
	}
	s := scanner{text: text}
	for s.next() {
		if refusal := s.refusal(); refusal != nil {
			return refusal
		}
	}
	return nil
}

func tooMuch(format string, args ...any) *fault.Error {
	return fault.New(fault.CostLimitExceeded, format, args...)
}

type scanner struct {
	text      string
	at        int
	tokens    int
	structure int
	length    int // of the last name or number
	parens    int
	braces    int
	literals  int
}

func (s *scanner) refusal() *fault.Error {
	switch {
	case s.tokens > mostTokens:
		return tooMuch("the query has more than %d tokens", mostTokens).WithHint("send data as variables")
	case s.structure > mostStructure:
		return tooMuch("the query selects too much: more than %d tokens", mostStructure)
	case s.length > longestName:
		return fault.New(fault.BadUserInput, "a name or number of the query is longer than %d bytes", longestName)
	case s.braces > deepestBraces:
		return fault.New(fault.TooDeep, "the query nests more than %d selections", deepestBraces)
	case s.literals > deepestLiterals || s.parens > deepestLiterals:
		return fault.New(fault.TooDeep, "an argument nests more than %d lists and objects", deepestLiterals)
	}
	return nil
}

// next passes over one token. It is false at the end.
func (s *scanner) next() bool {
	for s.at < len(s.text) && strings.IndexByte(" \t\r\n,", s.text[s.at]) >= 0 {
		s.at++
	}
	if s.at >= len(s.text) {
		return false
	}
	s.tokens++
	if s.parens == 0 {
		s.structure++
	}
	s.length = 0
	switch c := s.text[s.at]; {
	case c == '#':
		end := strings.IndexAny(s.text[s.at:], "\r\n")
		if end < 0 {
			end = len(s.text) - s.at
		}
		s.at += end
	case c == '"':
		s.string()
	case nameByte(c):
		start := s.at
		for s.at < len(s.text) && (nameByte(s.text[s.at]) || s.text[s.at] == '.' || s.text[s.at] == '+') {
			s.at++
		}
		s.length = s.at - start
	default:
		s.nest(c)
		s.at++
	}
	return true
}

// nest follows brackets. Those that do not match are the parser's to refuse.
func (s *scanner) nest(c byte) {
	switch c {
	case '(':
		s.parens++
	case ')':
		if s.parens--; s.parens <= 0 {
			s.parens, s.literals = 0, 0
		}
	case '{', '[':
		if s.parens > 0 {
			s.literals++
		} else {
			s.braces++
		}
	case '}', ']':
		if s.parens > 0 {
			s.literals--
		} else {
			s.braces--
		}
	}
}

func (s *scanner) string() {
	if strings.HasPrefix(s.text[s.at:], `"""`) {
		for s.at += 3; s.at < len(s.text); s.at++ {
			if s.text[s.at] == '\\' && strings.HasPrefix(s.text[s.at:], `\"""`) {
				s.at += 3
			} else if strings.HasPrefix(s.text[s.at:], `"""`) {
				s.at += 3
				return
			}
		}
		return
	}
	for s.at++; s.at < len(s.text); s.at++ {
		switch s.text[s.at] {
		case '\\':
			s.at++
		case '"', '\n', '\r':
			s.at++
			return
		}
	}
	s.at = len(s.text)
}

func nameByte(c byte) bool {
	return c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-'
}
