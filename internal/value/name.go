package value

import (
	"strings"
	"unicode/utf8"

	"github.com/onecdp/onecdp/internal/fault"
)

// MaxName is the length of the longest key or name that people give to things, in Unicode code points.
const MaxName = 255

// maxDecomposed is how many bytes one code point in NFC can have been: no canonical decomposition in Unicode has more than four code
// points, and each takes at most four bytes.
const maxDecomposed = 4 * utf8.UTFMax

// Name returns a key or a name in NFC. One that is empty or only blanks, one longer than most code points in NFC, and what Text refuses
// are a BAD_USER_INPUT at the place. Blanks around a name stay.
func Name(text string, at fault.Path, most int) (string, error) {
	tooLong := func() error { return fault.Bad(at, "the text has more than %d characters", most) }
	if len(text) > most*maxDecomposed { // before any work on it
		return "", tooLong()
	}
	text, err := Text(text, at)
	switch {
	case err != nil:
		return "", err
	case strings.TrimSpace(text) == "":
		return "", fault.Bad(at, "the text must not be empty")
	case utf8.RuneCountInString(text) > most:
		return "", tooLong()
	}
	return text, nil
}
