// Package value holds JSON values the way the product keeps them: numbers with all their digits,
// text in Unicode normal form C, nothing that a database would refuse or change.
//
// A value is nil, bool, string, json.Number, []any or map[string]any.
package value

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"unicode/utf8"
)

// LoneSurrogate stands for a lone surrogate escape (\ud800 without its other half) after decoding.
// It is a noncharacter, so no honest text holds it. Clean refuses it.
const LoneSurrogate = '\uFDD0'

// The texts of Decode's own errors.
var (
	errNotUTF8  = errors.New("the text is not valid UTF-8")
	errTrailing = errors.New("more follows the JSON value")
)

// Decode reads one JSON value with exact numbers (json.Number). Lone surrogate escapes become
// LoneSurrogate, where encoding/json alone would turn them into U+FFFD unseen. Text that is not
// UTF-8, and anything but blanks after the value, is an error. Of equal keys the last one counts.
//
// Texts of the value share memory with one copy of data.
func Decode(data []byte) (any, error) {
	if !utf8.Valid(data) {
		return nil, errNotUTF8
	}
	scanner := scanner{text: string(MarkSurrogates(data))}
	if v, ok := scanner.whole(); ok {
		return v, nil
	}
	return decodeSlowly(data) // which says what is wrong, and where
}

// decodeSlowly is Decode by encoding/json. Where it finds no error the two agree.
func decodeSlowly(data []byte) (any, error) {
	decoder := json.NewDecoder(bytes.NewReader(MarkSurrogates(data)))
	decoder.UseNumber()
	var v any
	if err := decoder.Decode(&v); err != nil {
		return nil, err
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, errTrailing
	}
	return v, nil
}

const surrogateMark = `\ufdd0` // LoneSurrogate, as long as the escape that it replaces

// MarkSurrogates rewrites a JSON text: every lone surrogate escape becomes the escape of
// LoneSurrogate. It returns data itself when there is none; data is never changed. The length
// stays, so offsets into the text stay true.
func MarkSurrogates(data []byte) []byte {
	marked := data
	for i := 0; i < len(data); {
		jump := bytes.IndexByte(data[i:], '\\')
		if jump < 0 {
			break
		}
		i += jump
		unit, ok := escapedUnit(data[i:])
		switch {
		case !ok:
			i += 2 // a backslash and what it escapes, be it another backslash
		case unit < 0xD800 || unit > 0xDFFF:
			i += 6
		case unit < 0xDC00 && lowFollows(data[i+6:]):
			i += 12
		default:
			if &marked[0] == &data[0] {
				marked = bytes.Clone(data)
			}
			copy(marked[i:], surrogateMark)
			i += 6
		}
	}
	return marked
}

func lowFollows(text []byte) bool {
	unit, ok := escapedUnit(text)
	return ok && unit >= 0xDC00 && unit <= 0xDFFF
}

// escapedUnit reads the UTF-16 code unit of a \uXXXX that text begins with.
func escapedUnit(text []byte) (unit rune, ok bool) {
	if len(text) < 6 || text[0] != '\\' || text[1] != 'u' {
		return 0, false
	}
	for _, c := range text[2:6] {
		switch {
		case c >= '0' && c <= '9':
			c -= '0'
		case c >= 'a' && c <= 'f':
			c -= 'a' - 10
		case c >= 'A' && c <= 'F':
			c -= 'A' - 10
		default:
			return 0, false
		}
		unit = unit<<4 | rune(c)
	}
	return unit, true
}
