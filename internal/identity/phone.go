package identity

import (
	"bytes"
	"slices"
	"strings"
)

// E.164 numbers have at most 15 digits; shorter than 8 they are no subscriber's.
const fewestPhoneDigits, mostPhoneDigits = 8, 15

// phone is the number in E.164. home is the plan of numbers without country code; nil: there is
// none, only numbers with + are certain. An extension is left over after squeezing (转, #, ext, x,
// comma), and so it is invalid: a switchboard is no person.
func phone(value string, home *phonePlan) (string, bool) {
	var space [32]byte
	number, ok := squeeze(space[:0], value, "-().·_")
	if !ok || len(number) == 0 {
		return "", false
	}
	digits, international := bytes.CutPrefix(number, []byte("+"))
	if len(digits) == 0 || !allDigits(digits) {
		return "", false
	}
	if !international {
		digits, international, ok = cutInternationalPrefix(digits, home)
		if !ok {
			return "", false
		}
	}
	if !international {
		if home == nil {
			return "", false
		}
		subscriber, ok := home.domestic(digits)
		return home.join(subscriber), ok
	}
	for _, plan := range [...]*phonePlan{chinaPlan, home} {
		if plan == nil {
			continue
		}
		if subscriber, found := bytes.CutPrefix(digits, []byte(plan.country)); found {
			subscriber, ok := plan.subscriber(subscriber)
			return plan.join(subscriber), ok
		}
	}
	if len(digits) < fewestPhoneDigits || len(digits) > mostPhoneDigits || digits[0] == '0' {
		return "", false
	}
	if number[0] == '+' && len(number) == len(value) {
		return value, true
	}
	return "+" + string(digits), true
}

// cutInternationalPrefix takes away what stands for + where it is dialled. 00 does everywhere; some
// countries have another one. It is not ok where the digits after 00 may choose a carrier.
func cutInternationalPrefix(digits []byte, home *phonePlan) (rest []byte, found, ok bool) {
	if home != nil {
		for _, carrier := range home.carriers {
			if bytes.HasPrefix(digits, []byte(carrier)) {
				return nil, false, false
			}
		}
		if home.exit != "" {
			if rest, found := bytes.CutPrefix(digits, []byte(home.exit)); found {
				return rest, true, true
			}
		}
	}
	rest, found = bytes.CutPrefix(digits, []byte("00"))
	return rest, found, true
}

// phonePlan is as much of a country's numbering plan as telling its numbers apart takes.
type phonePlan struct {
	country  string   // country calling code
	trunk    string   // dialled before the number inside the country; "": none
	exit     string   // dialled before a foreign number where it does not begin with 00; "": none
	carriers []string // beginnings that choose a carrier for a foreign number: what follows is not certain
	mobile   []shape  // numbers that are dialled with and without trunk
	fixed    []shape  // numbers that are dialled with trunk
}

// domestic reads digits without +: country code and a mobile, trunk and any number, or a mobile.
// What can be read in two ways is not certain, and dropped.
func (p *phonePlan) domestic(digits []byte) ([]byte, bool) {
	var found []byte
	accept := func(prefix string, shapes []shape) bool {
		rest, ok := bytes.CutPrefix(digits, []byte(prefix))
		if !ok || !fits(shapes, rest) {
			return true
		}
		if found != nil && len(found) != len(rest) {
			return false
		}
		found = rest
		return true
	}
	certain := accept(p.country, p.mobile) && accept(p.trunk, p.mobile) && accept("", p.mobile) && accept(p.trunk, p.fixed)
	return found, certain && found != nil
}

// subscriber reads what follows the country code: a mobile or fixed number, after one trunk prefix
// that should not be there.
func (p *phonePlan) subscriber(digits []byte) ([]byte, bool) {
	if p.trunk != "" {
		digits = bytes.TrimPrefix(digits, []byte(p.trunk))
	}
	return digits, fits(p.mobile, digits) || fits(p.fixed, digits)
}

func (p *phonePlan) join(subscriber []byte) string {
	var space [mostPhoneDigits + 1]byte
	text := append(space[:0], '+')
	text = append(text, p.country...)
	return string(append(text, subscriber...))
}

// shape is a template of numbers: for each place the set of digits that may stand there, as bits.
type shape struct {
	places []uint16
	least  int // places that must be filled; the rest may be missing
}

func fits(shapes []shape, digits []byte) bool {
	return slices.ContainsFunc(shapes, func(s shape) bool { return s.fits(digits) })
}

func (s shape) fits(digits []byte) bool {
	if len(digits) < s.least || len(digits) > len(s.places) {
		return false
	}
	for i, d := range digits {
		if s.places[i]&(1<<(d-'0')) == 0 {
			return false
		}
	}
	return true
}

// shapes reads templates separated by blanks: a digit is itself, X any digit, [3-59] one of 3, 4, 5
// and 9, and ? one more digit that may be missing.
func shapes(templates string) []shape {
	var all []shape
	for template := range strings.FieldsSeq(templates) {
		var s shape
		for i := 0; i < len(template); i++ {
			switch c := template[i]; c {
			case 'X', '?':
				s.places = append(s.places, 1<<10-1)
			case '[':
				end := i + strings.IndexByte(template[i:], ']')
				s.places = append(s.places, digitSet(template[i+1:end]))
				i = end
			default:
				s.places = append(s.places, 1<<(c-'0'))
			}
			if template[i] != '?' {
				s.least = len(s.places)
			}
		}
		all = append(all, s)
	}
	return all
}

func digitSet(class string) uint16 {
	var set uint16
	for i := 0; i < len(class); i++ {
		first, last := class[i], class[i]
		if i+2 < len(class) && class[i+1] == '-' {
			last = class[i+2]
			i += 2
		}
		for d := first; d <= last; d++ {
			set |= 1 << (d - '0')
		}
	}
	return set
}
