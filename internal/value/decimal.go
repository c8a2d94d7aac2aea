package value

import (
	"cmp"
	"encoding/json"
	"math"
	"strconv"
	"strings"
)

// The bounds of a number that can be kept. They hold every float64 and keep sums affordable.
const (
	maxExponent = 400
	maxDigits   = 1000
)

// decimal is a JSON number taken apart without copying: (-1)^negative · whole.fraction · 10^exponent.
// whole has no leading and fraction no trailing zeros; zero has neither digits nor sign.
type decimal struct {
	negative        bool
	whole, fraction string
	exponent        int // saturates at ±1e9
	lead            int // of a number below one, the zeros between the point and the first digit
}

func (d decimal) zero() bool { return d.whole == "" && d.fraction == "" }

// split takes a JSON number apart, as it is written. ok is false when text is none.
func split(text string) (negative bool, whole, fraction string, exponent int, ok bool) {
	i := 0
	if i < len(text) && text[i] == '-' {
		negative = true
		i++
	}
	start := i
	i = skipDigits(text, i)
	whole = text[start:i]
	if whole == "" || len(whole) > 1 && whole[0] == '0' {
		return false, "", "", 0, false
	}
	if i < len(text) && text[i] == '.' {
		start = i + 1
		i = skipDigits(text, start)
		if fraction = text[start:i]; fraction == "" {
			return false, "", "", 0, false
		}
	}
	if i < len(text) && (text[i] == 'e' || text[i] == 'E') {
		i++
		down := i < len(text) && text[i] == '-'
		if i < len(text) && (text[i] == '-' || text[i] == '+') {
			i++
		}
		start = i
		for ; i < len(text) && text[i] >= '0' && text[i] <= '9'; i++ {
			exponent = min(exponent*10+int(text[i]-'0'), 1e9)
		}
		if i == start {
			return false, "", "", 0, false
		}
		if down {
			exponent = -exponent
		}
	}
	return negative, whole, fraction, exponent, i == len(text)
}

func skipDigits(text string, i int) int {
	for i < len(text) && text[i] >= '0' && text[i] <= '9' {
		i++
	}
	return i
}

func parseDecimal(text string) (d decimal, ok bool) {
	d.negative, d.whole, d.fraction, d.exponent, ok = split(text)
	if !ok {
		return decimal{}, false
	}
	d.whole = strings.TrimLeft(d.whole, "0")
	d.fraction = strings.TrimRight(d.fraction, "0")
	if d.zero() {
		return decimal{}, true
	}
	if d.whole == "" {
		d.lead = len(d.fraction) - len(strings.TrimLeft(d.fraction, "0"))
	}
	return d, true
}

// magnitude is the power of ten just above a number that is not zero: 0.01 has -1, 1 has 1, 25 has 2.
func (d decimal) magnitude() int {
	if d.whole != "" {
		return len(d.whole) + d.exponent
	}
	return d.exponent - d.lead
}

// digit is the i-th significant digit, '0' past the end.
func (d decimal) digit(i int) byte {
	i += d.lead
	if i < len(d.whole) {
		return d.whole[i]
	}
	if i -= len(d.whole); i < len(d.fraction) {
		return d.fraction[i]
	}
	return '0'
}

func (d decimal) compare(e decimal) int {
	switch {
	case d.zero() && e.zero():
		return 0
	case d.zero():
		return sign(!e.negative)
	case e.zero() || d.negative != e.negative:
		return sign(d.negative)
	}
	order := cmp.Compare(d.magnitude(), e.magnitude())
	if order == 0 && d.exponent == e.exponent && len(d.whole) == len(e.whole) {
		if order = strings.Compare(d.whole, e.whole); order == 0 {
			order = strings.Compare(d.fraction, e.fraction)
		}
	} else if order == 0 {
		order = d.compareDigits(e)
	}
	if d.negative {
		return -order
	}
	return order
}

func (d decimal) compareDigits(e decimal) int {
	n := max(len(d.whole)+len(d.fraction), len(e.whole)+len(e.fraction))
	for i := range n {
		if order := cmp.Compare(d.digit(i), e.digit(i)); order != 0 {
			return order
		}
	}
	return 0
}

func sign(negative bool) int {
	if negative {
		return -1
	}
	return 1
}

// CompareNumbers compares two JSON numbers by exact decimal value: -1, 0 or 1. 30, 30.0 and 3e1 are
// equal, and so are 0 and -0. What is no JSON number counts as 0.
func CompareNumbers(a, b string) int {
	x, _ := parseDecimal(a)
	y, _ := parseDecimal(b)
	return x.compare(y)
}

// IsNumber tells whether text is a JSON number.
func IsNumber(text string) bool {
	_, _, _, _, ok := split(text)
	return ok
}

// numberText is the JSON text of the Go numbers that Clean takes.
func numberText(v any) (string, bool) {
	switch v := v.(type) {
	case json.Number:
		return string(v), IsNumber(string(v))
	case int:
		return strconv.Itoa(v), true
	case int32:
		return strconv.FormatInt(int64(v), 10), true
	case int64:
		return strconv.FormatInt(v, 10), true
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return "", false
		}
		return strconv.FormatFloat(v, 'f', -1, 64), true
	default:
		return "", false
	}
}

// plainNumber writes a JSON number without exponent and zero without sign; other digits stay.
// message says what is wrong with a number that cannot be kept.
func plainNumber(text string) (plain, message string) {
	if len(text) <= 18 && plainAlready(text) {
		return text, ""
	}
	negative, whole, fraction, exponent, ok := split(text)
	switch {
	case !ok:
		return "", "this is no JSON number"
	case exponent > maxExponent || exponent < -maxExponent:
		return "", "the exponent of a number is beyond 400"
	case len(whole)+len(fraction) > maxDigits:
		return "", "a number has more than 1000 digits"
	}
	if exponent > 0 {
		moved := min(exponent, len(fraction))
		whole += fraction[:moved] + strings.Repeat("0", exponent-moved)
		fraction = fraction[moved:]
	} else if exponent < 0 {
		digits := strings.Repeat("0", max(0, 1-exponent-len(whole))) + whole
		point := len(digits) + exponent
		whole, fraction = digits[:point], digits[point:]+fraction
	}
	if whole = strings.TrimLeft(whole, "0"); whole == "" {
		whole = "0"
	}
	if len(whole)+len(fraction) > maxDigits {
		return "", "a number has more than 1000 digits"
	}
	plain = whole
	if fraction != "" {
		plain += "." + fraction
	}
	if negative && strings.Trim(plain, "0.") != "" {
		plain = "-" + plain
	}
	return plain, ""
}

// plainAlready recognises whole numbers that are in plain form, the most common ones.
func plainAlready(text string) bool {
	return text != "" && text[0] >= '1' && text[0] <= '9' && skipDigits(text, 0) == len(text) || text == "0"
}

// ShortestNumber is the plain form without trailing zeros of the fraction: 1.50 is 1.5 and 1.0 is 1,
// so that numbers of equal value have equal texts. A number that Clean refuses comes back as it is.
func ShortestNumber(text string) string {
	plain, message := plainNumber(text)
	if message != "" {
		return text
	}
	if strings.IndexByte(plain, '.') < 0 {
		return plain
	}
	plain = strings.TrimRight(plain, "0")
	return strings.TrimSuffix(plain, ".")
}
