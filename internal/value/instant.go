package value

import (
	"strings"
	"time"
)

// ParseInstant reads an RFC 3339 time with its offset: 2026-03-15T12:00:00.5+08:00. Strict: capital
// T and Z, seconds up to 59, offsets up to 23:59, years 0001 to 9999 as written and in UTC.
// Anything finer than a microsecond is cut off. The result is in UTC.
func ParseInstant(text string) (instant time.Time, ok bool) {
	const shortest = len("2006-01-02T15:04:05Z")
	if len(text) < shortest || text[10] != 'T' || text[13] != ':' || text[16] != ':' {
		return time.Time{}, false
	}
	day, ok := ParseDay(text[:10])
	hour, hourOK := number(text[11:13], 23)
	minute, minuteOK := number(text[14:16], 59)
	second, secondOK := number(text[17:19], 59)
	if !ok || !hourOK || !minuteOK || !secondOK {
		return time.Time{}, false
	}
	micros, zone, ok := fraction(text[19:])
	if !ok {
		return time.Time{}, false
	}
	offset, ok := offsetSeconds(zone)
	if !ok {
		return time.Time{}, false
	}
	seconds := int64(day)*86400 + int64(hour*3600+minute*60+second-offset)
	instant = time.Unix(seconds, int64(micros)*1000).UTC()
	return instant, instant.Year() >= 1 && instant.Year() <= 9999
}

// fraction reads what may stand between the seconds and the offset.
func fraction(text string) (micros int, rest string, ok bool) {
	if !strings.HasPrefix(text, ".") {
		return 0, text, true
	}
	end := skipDigits(text, 1)
	if end == 1 {
		return 0, "", false
	}
	for i := range 6 {
		micros *= 10
		if 1+i < end {
			micros += int(text[1+i] - '0')
		}
	}
	return micros, text[end:], true
}

func offsetSeconds(zone string) (seconds int, ok bool) {
	if zone == "Z" {
		return 0, true
	}
	if len(zone) != 6 || zone[0] != '+' && zone[0] != '-' || zone[3] != ':' {
		return 0, false
	}
	hours, hoursOK := number(zone[1:3], 23)
	minutes, minutesOK := number(zone[4:], 59)
	seconds = hours*3600 + minutes*60
	if zone[0] == '-' {
		seconds = -seconds
	}
	return seconds, hoursOK && minutesOK
}

// number reads a text of digits only, up to a greatest value.
func number(text string, greatest int) (n int, ok bool) {
	for i := range len(text) {
		if text[i] < '0' || text[i] > '9' {
			return 0, false
		}
		n = n*10 + int(text[i]-'0')
	}
	return n, n <= greatest
}
