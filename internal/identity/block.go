package identity

import (
	"errors"
	"regexp"
	"regexp/syntax"
	"unicode"
	"unicode/utf8"

	"github.com/onecdp/onecdp/internal/fault"
)

// junk are the words, in lower case, that programs and people write where they have no value.
var junk = map[string]struct{}{
	"": {}, "null": {}, "none": {}, "nil": {}, "undefined": {}, "nan": {}, "n/a": {}, "na": {},
	"unknown": {}, "anonymous": {}, "guest": {}, "test": {}, "0": {}, "-1": {}, "true": {}, "false": {},
	"[object object]": {}, "void": {}, "default": {}, "id": {}, "email": {}, "distinct_id": {},
	"distinctid": {}, "not_authenticated": {}, "无": {}, "未知": {}, "匿名": {},
}

// longestJunk is the length in bytes of the longest word of junk.
const longestJunk = len("not_authenticated")

// fewestRepeats is how often one character makes a value that somebody leant on a key for.
const fewestRepeats = 6

// isJunk says that a cleaned value is nobody's, whatever its type.
func isJunk(value string) bool {
	if isASCII(value) {
		if len(value) <= longestJunk {
			var buffer [longestJunk]byte
			lower := buffer[:len(value)]
			for i := range lower {
				lower[i] = lowerByte(value[i])
			}
			if _, found := junk[string(lower)]; found {
				return true
			}
		}
		return isFiller(value) || isRepeatedByte(value)
	}
	lower := lowerCase(value)
	_, found := junk[lower]
	return found || isFiller(lower) || isRepeated(lower)
}

// isFiller says that the value consists of nothing but zeros, separators and blanks.
func isFiller(value string) bool {
	for _, r := range value {
		switch {
		case r == '0', r == '-', r == ':', r == '.', unicode.IsSpace(r):
		default:
			return false
		}
	}
	return true
}

func isRepeatedByte(value string) bool {
	if len(value) < fewestRepeats {
		return false
	}
	first := lowerByte(value[0])
	for i := 1; i < len(value); i++ {
		if lowerByte(value[i]) != first {
			return false
		}
	}
	return true
}

func isRepeated(lower string) bool {
	first, _ := utf8.DecodeRuneInString(lower)
	count := 0
	for _, r := range lower {
		if r != first {
			return false
		}
		count++
	}
	return count >= fewestRepeats
}

func lowerByte(c byte) byte {
	if c >= 'A' && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}

// blockList is a type's own list: values compared exactly, and patterns for the whole value.
type blockList struct {
	values   map[string]struct{}
	patterns []*regexp.Regexp
}

func newBlockList(entries []string) (blockList, []error) {
	var list blockList
	var faults []error
	for i, entry := range entries {
		inner, isPattern := cutPattern(entry)
		if !isPattern {
			if list.values == nil {
				list.values = make(map[string]struct{}, len(entries))
			}
			list.values[entry] = struct{}{}
			continue
		}
		pattern, err := wholePattern(inner)
		if err != nil {
			faults = append(faults, fault.Bad(fault.Path{"blocked", i}, "the entry is no RE2 pattern: %s", patternFault(err)))
			continue
		}
		list.patterns = append(list.patterns, pattern)
	}
	return list, faults
}

func cutPattern(entry string) (string, bool) {
	if len(entry) < 2 || entry[0] != '/' || entry[len(entry)-1] != '/' {
		return "", false
	}
	return entry[1 : len(entry)-1], true
}

// wholePattern compiles the expression by itself first: a)|(b must not become valid by being wrapped.
func wholePattern(expression string) (*regexp.Regexp, error) {
	if _, err := regexp.Compile(expression); err != nil {
		return nil, err
	}
	return regexp.Compile(`\A(?:` + expression + `)\z`)
}

// patternFault says what is wrong without the pattern's text, which may hold personal data.
func patternFault(err error) string {
	var wrong *syntax.Error
	if errors.As(err, &wrong) {
		return wrong.Code.String()
	}
	return "it cannot be read"
}

func (l *blockList) holds(value string) bool {
	if _, found := l.values[value]; found {
		return true
	}
	for _, pattern := range l.patterns {
		if pattern.MatchString(value) {
			return true
		}
	}
	return false
}
