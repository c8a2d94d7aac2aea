package identity

import "strings"

// imei is the 15 digits of an IMEI. An IMEISV (16 digits) has a software version in place of the
// check digit; 14 digits lack it. The check digit is Luhn's (3GPP TS 23.003, annex B).
func imei(value string) (string, bool) {
	var space [17]byte
	digits, ok := squeeze(space[:0], value, "-/")
	if !ok || !allDigits(digits) {
		return "", false
	}
	switch len(digits) {
	case 14, 16:
		digits = append(digits[:14], luhn(digits[:14]))
	case 15:
		if digits[14] != luhn(digits[:14]) {
			return "", false
		}
	default:
		return "", false
	}
	return string(digits), true
}

// luhn is the check digit that follows the digits.
func luhn(digits []byte) byte {
	sum := 0
	for i := range digits {
		d := int(digits[len(digits)-1-i] - '0')
		if i%2 == 0 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	return byte('0' + (10-sum%10)%10)
}

// uuid is 32 hexadecimal digits in upper case, dashed 8-4-4-4-12, however they were wrapped.
func uuid(value string) (string, bool) {
	var space [33]byte
	digits, ok := squeeze(space[:0], value, "-{}")
	if !ok || len(digits) != 32 {
		return "", false
	}
	var text [36]byte
	at := 0
	for i, c := range digits {
		if !isHex(c) {
			return "", false
		}
		if i == 8 || i == 12 || i == 16 || i == 20 {
			text[at] = '-'
			at++
		}
		if c >= 'a' {
			c -= 'a' - 'A'
		}
		text[at] = c
		at++
	}
	return string(text[:]), true
}

// mac is 12 hexadecimal digits in lower case, in pairs with colons.
func mac(value string) (string, bool) {
	var space [13]byte
	digits, ok := squeeze(space[:0], value, "-:.")
	if !ok || len(digits) != 12 {
		return "", false
	}
	var text [17]byte
	at := 0
	for i, c := range digits {
		if !isHex(c) {
			return "", false
		}
		if i > 0 && i%2 == 0 {
			text[at] = ':'
			at++
		}
		text[at] = lowerByte(c)
		at++
	}
	return string(text[:]), true
}

// hex64 is 64 hexadecimal digits in lower case: a SHA-256.
func hex64(value string) (string, bool) {
	if len(value) != 64 {
		return "", false
	}
	for i := 0; i < len(value); i++ {
		if !isHex(value[i]) {
			return "", false
		}
	}
	return strings.ToLower(value), true
}

func isHex(c byte) bool { return isDigit(c) || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F' }
