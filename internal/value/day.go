package value

import "time"

// Day is a calendar day without a time zone, counted from 1970-01-01 (which is 0).
type Day int32

// ParseDay reads YYYY-MM-DD, a day that exists, years 0001 to 9999.
func ParseDay(text string) (day Day, ok bool) {
	if len(text) != 10 || text[4] != '-' || text[7] != '-' {
		return 0, false
	}
	year, yearOK := number(text[:4], 9999)
	month, monthOK := number(text[5:7], 12)
	date, dateOK := number(text[8:], 31)
	if !yearOK || !monthOK || !dateOK || year < 1 || month < 1 || date < 1 || date > DaysIn(year, time.Month(month)) {
		return 0, false
	}
	return DayOf(year, time.Month(month), date), true
}

// DayOf is the day of a date; months and days beyond their range carry over, as in time.Date.
func DayOf(year int, month time.Month, day int) Day {
	return Day(time.Date(year, month, day, 0, 0, 0, 0, time.UTC).Unix() / 86400)
}

// Date takes a day apart.
func (d Day) Date() (year int, month time.Month, day int) {
	return time.Unix(int64(d)*86400, 0).UTC().Date()
}

// String is YYYY-MM-DD.
func (d Day) String() string { return time.Unix(int64(d)*86400, 0).UTC().Format(time.DateOnly) }

// DaysIn is the number of days of a month.
func DaysIn(year int, month time.Month) int {
	switch month {
	case time.February:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	case time.April, time.June, time.September, time.November:
		return 30
	default:
		return 31
	}
}
