// Package personal knows which values are personal data - phone numbers, e-mail addresses, national ids - and shows them
// masked.
//
// A value is personal by its name or by its shape. By name: what stands below a name such as phone, at any depth. By
// shape: a text that is, as a whole, a phone number, an e-mail address or a Chinese identity number, whatever it is
// called, because people write them into a field called remark. What is masked by shape takes part in no comparison of
// who may not see it, so that a rule tells no more than an answer does.
package personal

import (
	"regexp"
	"strings"
	"unicode"
)

// shape is what a text is personal by, in the syntax that RE2 and PostgreSQL share and read alike. In its order: a Chinese
// mobile number with or without country code, an international number, an identity number (GB 11643-1999: province, day
// of birth; the check character is not looked at, so that one mistyped is masked too), an e-mail address. Marks and
// Chinese around it do not count, nor does what stands before an e-mail address.
const shape = `^[^0-9A-Za-z+]*(` +
	`((\+|00)?86[ ()-]{0,3})?1[3-9]([ -]{0,2}[0-9]){9}` +
	`|\+[1-9]([ ().-]{0,3}[0-9]){7,14}` +
	`|(1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|71|8[1-3])[0-9]{4}(19|20)[0-9]{2}(0[1-9]|1[0-2])(0[1-9]|[12][0-9]|3[01])[0-9]{3}[0-9Xx]` +
	`)[^0-9A-Za-z]*$` +
	`|^[^@]*[^@ 	,;<>]@[^@ 	,;<>]+\.[^@ 	,;<>]{2,}[^0-9A-Za-z@]*$`

var shaped = regexp.MustCompile(shape)

// Shape is the regular expression of texts that are personal by shape, for RE2 and for PostgreSQL.
func Shape() string { return shape }

// fewestDigits is the length of the shortest number of shape without a +, fewestDialled of one with it.
const fewestDigits, fewestDialled = 11, 8

// Like says whether a text is personal by its shape.
func Like(text string) bool { return mayBe(text) && shaped.MatchString(text) }

// mayBe rules most texts out at a glance: without an @ there are no Latin letters in what shape means, but for the X of an
// identity number.
func mayBe[T string | []byte](text T) bool {
	if len(text) < len("a@b.cn") {
		return false
	}
	digits, letters, plus := 0, false, false
	for i := range len(text) {
		switch c := text[i]; {
		case c >= '0' && c <= '9':
			digits++
		case c == '@':
			return true
		case c == '+':
			plus = true
		case c|0x20 >= 'a' && c|0x20 <= 'z' && c|0x20 != 'x':
			letters = true
		}
	}
	return !letters && (digits >= fewestDigits || plus && digits >= fewestDialled)
}

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
