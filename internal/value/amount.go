package value

import (
	"encoding/json"
	"strconv"
	"strings"
)

// MaxMicros bounds an amount: 9,000,000,000,000 in micro-units, well inside 64 bits.
const MaxMicros = 9_000_000_000_000 * 1_000_000

// Micros is an amount in micro-units, exact. ok is false when the number has more than six decimals
// that matter, or lies beyond ±9,000,000,000,000, or is no number: then there is no amount.
func Micros(n json.Number) (micros int64, ok bool) {
	d, ok := parseDecimal(string(n))
	if !ok {
		return 0, false
	}
	return d.micros()
}

func (d decimal) micros() (int64, bool) {
	if d.zero() {
		return 0, true
	}
	magnitude := d.magnitude()
	if magnitude > 13 || magnitude < -5 {
		return 0, false
	}
	significant := len(d.whole) + len(d.fraction)
	var micros int64
	for i := range max(magnitude+6, significant) {
		digit := int64(d.digit(i) - '0')
		if i >= magnitude+6 {
			if digit != 0 {
				return 0, false
			}
			continue
		}
		micros = micros*10 + digit
	}
	if micros > MaxMicros {
		return 0, false
	}
	if d.negative {
		micros = -micros
	}
	return micros, true
}

// FormatMicros is the shortest exact JSON number of micro-units: 1500000 is 1.5.
func FormatMicros(micros int64) string {
	negative := micros < 0
	size := uint64(micros)
	if negative {
		size = -size
	}
	text := strconv.FormatUint(size/1_000_000, 10)
	if rest := size % 1_000_000; rest != 0 {
		fraction := strconv.FormatUint(1_000_000+rest, 10)[1:]
		text += "." + strings.TrimRight(fraction, "0")
	}
	if negative {
		return "-" + text
	}
	return text
}
