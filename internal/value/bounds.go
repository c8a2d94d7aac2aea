package value

import "github.com/onecdp/onecdp/internal/fault"

// The bounds of a JSON text that a stranger sends, before it is decoded. A rule of 32 levels nests about a hundred lists and objects.
const (
	MaxLevels = 128     // lists and objects inside one another
	MaxValues = 500_000 // values, those in lists and objects too
)

// Bounded refuses a JSON text that would cost much more to decode than to send: TOO_DEEP, or BAD_USER_INPUT for too many values. It
// looks at each byte once and does not tell whether the text is JSON.
func Bounded(text []byte) *fault.Error {
	levels, values := 0, 1
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '"':
			for i++; i < len(text) && text[i] != '"'; i++ {
				if text[i] == '\\' {
					i++
				}
			}
		case '{', '[':
			values++
			if levels++; levels > MaxLevels {
				return fault.New(fault.TooDeep, "the JSON nests deeper than %d lists and objects", MaxLevels)
			}
		case '}', ']':
			levels--
		case ',':
			values++
		}
		if values > MaxValues {
			return fault.New(fault.BadUserInput, "the JSON has more than %d values", MaxValues).WithHint("send less at a time")
		}
	}
	return nil
}
