package personal

import (
	"regexp"
	"strings"
	"unicode/utf8"
)

// The parts of shape. They are in the syntax that RE2 and PostgreSQL share and read alike.
const (
	// mobile is a Chinese mobile number with or without country code or trunk prefix, in groups of any marks that people use between
	// them, and as what makes it a decimal number writes it.
	mobile = `((\+|00)?86[ ().-]{0,3}(0[ ().-]{0,2})?|0)?` +
		"(1[3-9]([ -]{0,2}[0-9]){9}|1[3-9][0-9][ \t\n/_-]{0,5}[0-9]{4}[ \t\n/_-]{0,5}[0-9]{4}" + `|1[3-9][0-9](\.[0-9]{4}){2})(\.0)?`
	// international is a number with + and country code: ten digits, or eight of which the country's stand apart. A point is a mark
	// between groups only when there are three, else one of decimals.
	international = `\+[1-9]([ ()-]{0,3}[0-9]){9,14}|\+[1-9][0-9]{0,2}[ ()-]{1,3}[0-9]([ ()-]{0,3}[0-9]){6,13}` +
		`|\+[1-9][0-9]{0,2}\.[0-9]{2,4}(\.[0-9]{3,4}){2}|\+[1-9][0-9]{0,2}\.[0-9]{1,2}(\.[0-9]{2}){4}`
	// citizen is an identity number (GB 11643-1999: province, day of birth; the check character is not looked at, so that one mistyped is
	// masked too).
	citizen = `(1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|71|8[1-3])[0-9]{4}[ -]{0,3}(19|20)[0-9]{2}[ -]{0,3}(0[1-9]|1[0-2])[ -]{0,3}` +
		`(0[1-9]|[12][0-9]|3[01])[ -]{0,3}[0-9]{3}[0-9Xx]`
	number = `(` + mobile + `|` + international + `|` + citizen + `)`
	// called is what people write before a number.
	called = `(([Tt][Ee][Ll]([Ee][Pp][Hh][Oo][Nn][Ee])?|[Pp][Hh][Oo][Nn][Ee]|[Mm][Oo][Bb]([Ii][Ll][Ee])?|[Cc][Ee][Ll][Ll]|[Ss][Mm][Ss]` +
		`|[Ff][Aa][Xx]|[Ww][Hh][Aa][Tt][Ss][Aa][Pp][Pp]|[Ii][Dd]|[Nn][Oo])[^0-9A-Za-z+]*)*`
	// address is an e-mail address with what stands before it. The last label of its domain is letters.
	address = "[^@]*[^@ \t,;<>][ \t]*@[ \t]*[^@ \t,;<>]+" + `\.([^` + "\x01-@[-`{-\x7f" + `]{2,}|[Xx][Nn]--[0-9A-Za-z-]+)`

	// shape is what a folded text is personal by: one or more numbers, or one or more addresses. Marks and Chinese between and around
	// them do not count, nor does what follows in brackets.
	shape = `^[^0-9A-Za-z+]*` + called + number + `([^0-9A-Za-z+]+` + number + `)*[^0-9A-Za-z]*(\([^()0-9]*\)[^0-9A-Za-z]*)?$` +
		`|^@?(` + address + `)+` + "([/?#:][^@ \t,;]*)?" + `[^0-9A-Za-z@]*(\([^()@]*\)[^0-9A-Za-z@]*)?$`
)

var shaped = regexp.MustCompile(shape)

// Shape is the regular expression of folded texts that are personal by shape, for RE2 and for PostgreSQL. See Folding.
func Shape() string { return shape }

// glance is what every text of shape has before it is folded: an @, or the digits of the shortest number. It takes a database a tenth of
// the time of shape.
const glance = `[@＠﹫]|(` + anyDigit + `[^@＠﹫]*){8}`

const anyDigit = `[0-9٠-٩۰-۹０-９⁰¹²³⁴-⁹₀-₉⓪①-⑨𝟎-𝟿]`

// Glance is the regular expression that rules out, as they are, texts that cannot be personal by shape: those that it does not match.
func Glance() string { return glance }

// foldings are letters that look like others, and these: the wide and mathematical forms of ASCII, digits of other scripts, and the
// kinds of blanks, dashes and points. It is our own table because those of Unicode differ from one release of a database to the next.
var foldings = func() (all []rune) {
	pair := func(letters string, as rune) {
		for _, letter := range letters {
			all = append(all, letter, as)
		}
	}
	digits := func(zero rune) {
		for digit := range rune(10) {
			all = append(all, zero+digit, '0'+digit)
		}
	}
	for wide := '！'; wide <= '～'; wide++ {
		all = append(all, wide, wide-'！'+'!')
	}
	for _, zero := range []rune{'٠', '۰', '₀', '𝟎', '𝟘', '𝟢', '𝟬', '𝟶'} {
		digits(zero)
	}
	for i, letter := range []rune("⁰¹²³⁴⁵⁶⁷⁸⁹") {
		all = append(all, letter, '0'+rune(i))
	}
	for i, letter := range []rune("⓪①②③④⑤⑥⑦⑧⑨") {
		all = append(all, letter, '0'+rune(i))
	}
	pair("\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000", ' ')
	pair("‐‑‒–—―−﹘﹣", '-')
	pair("。·․﹒•・", '.')
	pair("﹫", '@')
	pair("、﹐", ',')
	return all
}()

// unseen are letters that take no room: they do not count.
const unseen = "\u00ad\u034f\u061c\u180e\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2061\u2062\u2063\u2064\u2066\u2067\u2068\u2069\ufe0e\ufe0f\ufeff"

// Folding is how texts are folded before they are compared with Shape, as SQL's translate takes it: each letter of from becomes the one
// of to at the same place; those of from without one fall out. ASCII stays.
func Folding() (from, to string) {
	var froms, tos strings.Builder
	for i := 0; i < len(foldings); i += 2 {
		froms.WriteRune(foldings[i])
		tos.WriteRune(foldings[i+1])
	}
	return froms.String() + unseen, tos.String()
}

var folded = func() map[rune]rune {
	all := make(map[rune]rune)
	for i := 0; i < len(foldings); i += 2 {
		all[foldings[i]] = foldings[i+1]
	}
	for _, letter := range unseen {
		all[letter] = -1
	}
	return all
}()

func fold(text string) string {
	return strings.Map(func(letter rune) rune {
		if letter >= utf8.RuneSelf {
			if as, known := folded[letter]; known {
				return as
			}
		}
		return letter
	}, text)
}

// fewestDigits is the length of the shortest number of shape without a +, fewestDialled of one with it.
const fewestDigits, fewestDialled = 11, 8

// Like says whether a text is personal by its shape.
func Like(text string) bool {
	switch possible(text) {
	case plain:
		return shaped.MatchString(text)
	case foreign:
		return shaped.MatchString(fold(text))
	default:
		return false
	}
}

func like(text []byte) bool {
	switch possible(text) {
	case plain:
		return shaped.Match(text)
	case foreign:
		return shaped.MatchString(fold(string(text)))
	default:
		return false
	}
}

type possibility byte

const (
	impossible possibility = iota
	plain                  // ASCII alone
	foreign                // to be folded
)

// possible rules most texts out at a glance: without an @ there are enough digits in what shape means, and between and behind them no
// Latin letters but the X of an identity number and those in brackets.
func possible[T string | []byte](text T) possibility {
	if len(text) < len("a@b.cn") {
		return impossible
	}
	digits, likelyDigits := 0, 0
	at, plus, bracket, letters, kind := false, false, false, false, plain
	for i := range len(text) {
		switch c := text[i]; {
		case c >= '0' && c <= '9':
			digits++
		case c >= utf8.RuneSelf:
			kind = foreign
			switch c {
			case 0xC2, 0xD9, 0xDB, 0xE2, 0xF0: // the first bytes of what is folded to digits
				likelyDigits++
			case 0xEF:
				likelyDigits++
				if i+2 < len(text) {
					at = at || text[i+1] == 0xBC && text[i+2] == 0xA0 || text[i+1] == 0xB9 && text[i+2] == 0xAB // ＠ ﹫
					bracket = bracket || text[i+1] == 0xBC && text[i+2] == 0x88                                 // （
				}
			}
		case c == '@':
			at = true
		case c == '+':
			plus = true
		case c == '(':
			bracket = true
		case c|0x20 >= 'a' && c|0x20 <= 'z' && c|0x20 != 'x':
			letters = letters || digits > 0 && !bracket
		}
	}
	plus = plus || likelyDigits > 0
	digits += likelyDigits
	if at || !letters && (digits >= fewestDigits || plus && digits >= fewestDialled) {
		return kind
	}
	return impossible
}
