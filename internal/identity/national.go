package identity

import "time"

// nationalID is a Chinese identity number of 18 characters (GB 11643-1999). A number of 15 digits
// (GB 11643-1989) lacks the century, which is 19, and the check character.
func nationalID(value string) (string, bool) {
	var space [19]byte
	number, ok := squeeze(space[:0], value, "-")
	if !ok {
		return "", false
	}
	switch len(number) {
	case 15:
		if !allDigits(number) {
			return "", false
		}
		var full [18]byte
		copy(full[:6], number)
		copy(full[6:], "19")
		copy(full[8:], number[6:])
		full[17] = checkCharacter(full[:17])
		number = append(space[:0], full[:]...)
	case 18:
		if number[17] == 'x' {
			number[17] = 'X'
		}
		if !allDigits(number[:17]) || number[17] != checkCharacter(number[:17]) {
			return "", false
		}
	default:
		return "", false
	}
	if !isProvince(int(number[0]-'0')*10+int(number[1]-'0')) || !isBirthDate(number[6:14]) {
		return "", false
	}
	return string(number), true
}

// checkCharacter is ISO 7064 MOD 11-2 over 17 digits: each position weighs 2^(17-position) mod 11.
func checkCharacter(digits []byte) byte {
	sum := 0
	for _, d := range digits {
		sum = (sum + int(d-'0')) * 2 % 11
	}
	return "0123456789X"[(12-sum)%11]
}

// isProvince knows the first two digits of GB/T 2260, with 81 to 83 for residence permits of Hong Kong, Macao and Taiwan.
func isProvince(code int) bool {
	switch {
	case code >= 11 && code <= 15, code >= 21 && code <= 23, code >= 31 && code <= 37, code >= 41 && code <= 46,
		code >= 50 && code <= 54, code >= 61 && code <= 65, code == 71, code >= 81 && code <= 83:
		return true
	}
	return false
}

// isBirthDate says that YYYYMMDD is a day of the calendar, from 1900 on.
func isBirthDate(digits []byte) bool {
	number := 0
	for _, d := range digits {
		number = number*10 + int(d-'0')
	}
	year, month, day := number/10000, time.Month(number/100%100), number%100
	if year < 1900 || month < 1 || month > 12 || day < 1 {
		return false
	}
	lastDay := time.Date(year, month+1, 0, 0, 0, 0, 0, time.UTC).Day()
	return day <= lastDay
}
