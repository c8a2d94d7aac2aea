package transport

import (
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/onecdp/onecdp/internal/value"
)

// withoutSurrogates rewrites the surrogate escapes in a query's strings, which the parser would turn into U+FFFD one by
// one: a pair (\ud83d\ude00) becomes the character it means, a lone one value.LoneSurrogate, which is then refused
// where the text is read.
func withoutSurrogates(query string) string {
	if !strings.Contains(query, `\u`) {
		return query
	}
	var out strings.Builder
	for i := 0; i < len(query); {
		var end int
		switch {
		case strings.HasPrefix(query[i:], `"""`):
			end = endOfBlock(query, i+3)
		case query[i] == '"':
			i = rewriteString(&out, query, i)
			continue
		case query[i] == '#':
			end = endOfLine(query, i)
		default:
			end = i + 1
		}
		out.WriteString(query[i:end])
		i = end
	}
	return out.String()
}

func endOfBlock(query string, i int) int {
	for ; i < len(query); i++ {
		if strings.HasPrefix(query[i:], `\"""`) {
			i += 3
		} else if strings.HasPrefix(query[i:], `"""`) {
			return i + 3
		}
	}
	return len(query)
}

func endOfLine(query string, i int) int {
	if length := strings.IndexAny(query[i:], "\r\n"); length >= 0 {
		return i + length
	}
	return len(query)
}

// rewriteString copies the string that begins at i, and returns where it ends.
func rewriteString(out *strings.Builder, query string, i int) int {
	out.WriteByte(query[i])
	for i++; i < len(query); {
		switch unit := escapedUnit(query[i:]); {
		case utf16.IsSurrogate(unit):
			if pair := utf16.DecodeRune(unit, escapedUnit(query[i+6:])); pair != utf8.RuneError {
				out.WriteRune(pair)
				i += 12
			} else {
				out.WriteRune(value.LoneSurrogate)
				i += 6
			}
		case query[i] == '\\' && i+1 < len(query):
			out.WriteString(query[i : i+2])
			i += 2
		default:
			out.WriteByte(query[i])
			i++
			if c := query[i-1]; c == '"' || c == '\n' || c == '\r' {
				return i
			}
		}
	}
	return i
}

// escapedUnit is the code unit of the \uXXXX that text begins with; 0 when it begins with none.
func escapedUnit(text string) rune {
	if len(text) < 6 || text[:2] != `\u` {
		return 0
	}
	unit, err := strconv.ParseUint(text[2:6], 16, 16)
	if err != nil {
		return 0
	}
	return rune(unit)
}
