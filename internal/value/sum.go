package value

import (
	"math/big"
	"strings"
)

// Sum adds decimal numbers exactly. The zero Sum is 0; it must not be copied after use.
type Sum struct {
	micros int64   // what fits an amount; most numbers do
	rest   big.Int // the others, in units of 10^-scale
	scale  int
}

// Add adds a JSON number. It returns false, and adds nothing, when text is no number or one that
// Clean refuses.
func (s *Sum) Add(text string) bool {
	d, ok := parseDecimal(text)
	if !ok {
		return false
	}
	const half = 1 << 62 // two of them just fit 64 bits
	if micros, fits := d.micros(); fits && max(micros, -micros) < half && max(s.micros, -s.micros) < half {
		s.micros += micros
		return true
	}
	coefficient, scale, ok := d.integer()
	if !ok {
		return false
	}
	s.rest.Add(align(&s.rest, s.scale, scale), align(coefficient, scale, s.scale))
	s.scale = max(s.scale, scale)
	return true
}

// integer returns the number as coefficient · 10^-scale, scale >= 0.
func (d decimal) integer() (coefficient *big.Int, scale int, ok bool) {
	if d.exponent > maxExponent || d.exponent < -maxExponent || len(d.whole)+len(d.fraction) > maxDigits {
		return nil, 0, false
	}
	digits := d.whole + d.fraction
	scale = len(d.fraction) - d.exponent
	if scale < 0 {
		digits += strings.Repeat("0", -scale)
		scale = 0
	}
	if digits == "" {
		return new(big.Int), 0, true
	}
	coefficient, _ = new(big.Int).SetString(digits, 10)
	if d.negative {
		coefficient.Neg(coefficient)
	}
	return coefficient, scale, true
}

// align returns n of one scale in the greater of the two scales.
func align(n *big.Int, scale, other int) *big.Int {
	if other <= scale {
		return n
	}
	factor := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(other-scale)), nil)
	return factor.Mul(factor, n)
}

// total is the whole sum as coefficient · 10^-scale.
func (s *Sum) total() (*big.Int, int) {
	micros := big.NewInt(s.micros)
	scale := max(s.scale, 6)
	return micros.Add(align(micros, 6, scale), align(&s.rest, s.scale, scale)), scale
}

// Compare compares the sum with a JSON number: -1, 0 or 1. What is no number that Clean keeps counts as 0.
func (s *Sum) Compare(text string) int { return s.CompareTimes(text, 1) }

// CompareTimes compares the sum with limit · count, which is how an average over count numbers is
// compared with a limit without dividing.
func (s *Sum) CompareTimes(limit string, count int64) int {
	d, _ := parseDecimal(limit)
	other, otherScale, ok := d.integer()
	if !ok {
		other = new(big.Int)
	}
	other.Mul(other, big.NewInt(count))
	sum, scale := s.total()
	return align(sum, scale, otherScale).Cmp(align(other, otherScale, scale))
}

// String is the shortest exact JSON number of the sum.
func (s *Sum) String() string {
	sum, scale := s.total()
	text := new(big.Int).Abs(sum).String()
	if len(text) <= scale {
		text = strings.Repeat("0", scale+1-len(text)) + text
	}
	whole, fraction := text[:len(text)-scale], strings.TrimRight(text[len(text)-scale:], "0")
	if fraction != "" {
		whole += "." + fraction
	}
	if sum.Sign() < 0 {
		return "-" + whole
	}
	return whole
}
