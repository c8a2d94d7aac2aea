// Package personal knows which values are personal data - phone numbers, e-mail addresses, national ids - and shows them
// masked.
//
// A value is personal by its name or by its shape. By name: what stands below a name such as phone, at any depth. By
// shape: a text that is, as a whole, phone numbers, e-mail addresses or Chinese identity numbers, whatever it is called,
// because people write them into a field called remark; and a number that can be one, below a name such as phone_extra. What is masked by shape takes part in no comparison of
// who may not see it, so that a rule tells no more than an answer does.
package personal

import (
	"strings"
	"unicode"
)

const stars = "****"

// Mask shows the ends of a value: of an international Chinese mobile number the country code, three digits and the last
// four, +86138****5671; of an e-mail address the ends of what is before the @, and what is after it; of others at most
// half, at most four characters at each end. The stars do not tell how much they hide.
func Mask(text string) string {
	if local, domain, isAddress := strings.Cut(text, "@"); isAddress {
		if !isHost(domain) {
			return stars
		}
		return ends(local[strings.LastIndexAny(local, " \t:,;<>\"'()")+1:]) + "@" + domain
	}
	return ends(text)
}

func ends(text string) string {
	letters := []rune(text)
	head := min(4, len(letters)/4)
	tail := head
	if len(letters) == len("+8613812345671") && strings.HasPrefix(text, "+861") {
		head, tail = len("+86138"), 4
	}
	return string(letters[:head]) + stars + string(letters[len(letters)-tail:])
}

// isHost says that a text may be the domain of an address, and is not something more behind one.
func isHost(text string) bool {
	digits := 0
	for _, letter := range text {
		switch {
		case letter >= '0' && letter <= '9':
			digits++
		case letter != '.' && letter != '-' && !unicode.IsLetter(letter):
			return false
		}
	}
	return digits < fewestDialled
}
