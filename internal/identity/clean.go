package identity

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// clean takes away what copying and exporting leave on a value: NFKC, no format characters (zero
// width, byte order mark), no blanks or quotes at the ends. Cleaning twice changes nothing.
func clean(text string) string {
	if isASCII(text) {
		return trimASCII(text)
	}
	for {
		text = norm.NFKC.String(text)
		bare := strings.Map(dropFormat, text)
		if bare == text {
			return strings.TrimFunc(text, isEnd)
		}
		// What a format character kept apart may now compose.
		text = bare
	}
}

func dropFormat(r rune) rune {
	if r >= utf8.RuneSelf && unicode.Is(unicode.Cf, r) {
		return -1
	}
	return r
}

func isEnd(r rune) bool { return r == '\'' || r == '"' || unicode.IsSpace(r) }

func trimASCII(text string) string {
	start, end := 0, len(text)
	for start < end && isASCIIEnd(text[start]) {
		start++
	}
	for start < end && isASCIIEnd(text[end-1]) {
		end--
	}
	return text[start:end]
}

func isASCIIEnd(c byte) bool { return c == '\'' || c == '"' || isBlank(c) }

func isBlank(c byte) bool { return c == ' ' || c >= '\t' && c <= '\r' }

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func isASCII(text string) bool {
	for i := 0; i < len(text); i++ {
		if text[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// storable says that every database can keep the text: valid UTF-8 without NUL.
func storable(text string) bool {
	return utf8.ValidString(text) && strings.IndexByte(text, 0) < 0
}

// tooLong says that the text has more than MaxCharacters.
func tooLong(text string) bool {
	return len(text) > MaxCharacters && utf8.RuneCountInString(text) > MaxCharacters
}

// lowerCase is the cleaned text in lower case. Case and composition disturb each other (a J with a
// caron has a composed form in lower case only), hence the further looks. The bound is there so
// that no text can keep us busy.
func lowerCase(text string) string { return inCase(text, strings.ToLower) }

// upperCase is the cleaned text in upper case.
func upperCase(text string) string { return inCase(text, strings.ToUpper) }

func inCase(text string, turn func(string) string) string {
	for range 8 {
		turned := turn(text)
		if isASCII(turned) {
			return turned
		}
		turned = norm.NFKC.String(turned)
		if turned == text {
			break
		}
		text = turned
	}
	return text
}

// squeeze appends text to dst without blanks and without the characters of drop. It is false when
// another character beyond ASCII is left, or more than dst has room for.
func squeeze(dst []byte, text, drop string) ([]byte, bool) {
	for i := 0; i < len(text); {
		c := text[i]
		if c < utf8.RuneSelf {
			i++
			if isBlank(c) || strings.IndexByte(drop, c) >= 0 {
				continue
			}
			if len(dst) == cap(dst) {
				return dst, false
			}
			dst = append(dst, c)
			continue
		}
		r, size := utf8.DecodeRuneInString(text[i:])
		if !unicode.IsSpace(r) && !strings.ContainsRune(drop, r) {
			return dst, false
		}
		i += size
	}
	return dst, true
}

func allDigits(text []byte) bool {
	for _, c := range text {
		if !isDigit(c) {
			return false
		}
	}
	return true
}
