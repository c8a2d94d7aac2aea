package rule

import (
	"strconv"
	"strings"
	"time"

	"github.com/onecdp/onecdp/internal/value"
)

// Duration is an ISO 8601 duration as it was written. Years and months are calendar arithmetic on a
// wall clock; the rest is elapsed time (a week is 168 hours, a day 24).
type Duration struct {
	Years, Months, Weeks, Days, Hours, Minutes, Seconds int64
	Micros                                              int64 // of a second
}

const (
	maxCount        = 1e10 // where counts saturate: more seconds than any legal duration has
	maxYears        = 200
	secondsPerYear  = 31_557_600 // 365.25 days, the measure of the limit only
	secondsPerMonth = secondsPerYear / 12
	secondsPerDay   = 86_400
)

// ParseDuration reads P[nY][nM][nW][nD][T[nH][nM][nS]]: upper case, whole numbers, no sign, at least
// one part; seconds may have up to six decimals. Counts beyond 10^10 saturate there; see TooLong.
func ParseDuration(text string) (d Duration, ok bool) {
	rest, ok := strings.CutPrefix(text, "P")
	date, clock, timed := strings.Cut(rest, "T")
	if !ok || rest == "" || timed && clock == "" {
		return Duration{}, false
	}
	date = part(date, 'Y', &d.Years)
	date = part(date, 'M', &d.Months)
	date = part(date, 'W', &d.Weeks)
	date = part(date, 'D', &d.Days)
	clock = part(clock, 'H', &d.Hours)
	clock = part(clock, 'M', &d.Minutes)
	clock = d.seconds(clock)
	if date != "" || clock != "" {
		return Duration{}, false
	}
	return d, true
}

// part reads the count of one unit and returns what follows; text itself when the unit is not there.
func part(text string, unit byte, count *int64) string {
	digits := digitsOf(text)
	if digits == 0 || digits == len(text) || text[digits] != unit {
		return text
	}
	*count = saturating(text[:digits])
	return text[digits+1:]
}

func (d *Duration) seconds(text string) string {
	whole := digitsOf(text)
	if whole == 0 || whole == len(text) || text[whole] != '.' {
		return part(text, 'S', &d.Seconds)
	}
	decimals := digitsOf(text[whole+1:])
	end := whole + 1 + decimals
	if decimals == 0 || decimals > 6 || end == len(text) || text[end] != 'S' {
		return text
	}
	d.Seconds = saturating(text[:whole])
	d.Micros = saturating((text[whole+1:end] + "000000")[:6])
	return text[end+1:]
}

func digitsOf(text string) int {
	for i := range len(text) {
		if text[i] < '0' || text[i] > '9' {
			return i
		}
	}
	return len(text)
}

func saturating(digits string) (n int64) {
	for i := range len(digits) {
		n = min(n*10+int64(digits[i]-'0'), maxCount)
	}
	return n
}

// TooLong tells whether the duration is above 200 years, taking a year as 365.25 days.
func (d Duration) TooLong() bool {
	total := d.months()*secondsPerMonth + d.elapsedSeconds()
	return total > maxYears*secondsPerYear || total == maxYears*secondsPerYear && d.Micros > 0
}

// String is the duration in ISO 8601, without the parts that are zero; P0D when all are.
func (d Duration) String() string {
	var date, clock strings.Builder
	write := func(to *strings.Builder, n int64, unit byte) {
		if n != 0 {
			to.WriteString(strconv.FormatInt(n, 10))
			to.WriteByte(unit)
		}
	}
	write(&date, d.Years, 'Y')
	write(&date, d.Months, 'M')
	write(&date, d.Weeks, 'W')
	write(&date, d.Days, 'D')
	write(&clock, d.Hours, 'H')
	write(&clock, d.Minutes, 'M')
	if d.Micros != 0 {
		clock.WriteString(value.FormatMicros(d.Seconds*1_000_000 + d.Micros))
		clock.WriteByte('S')
	} else {
		write(&clock, d.Seconds, 'S')
	}
	switch {
	case clock.Len() > 0:
		return "P" + date.String() + "T" + clock.String()
	case date.Len() > 0:
		return "P" + date.String()
	default:
		return "P0D"
	}
}

// After is t + d: months and years first, together, on the wall clock of the zone, clamped to the
// last day of the month; then the rest as elapsed time. t is taken in microseconds.
func (d Duration) After(t time.Time, zone *time.Location) time.Time { return d.shift(t, zone, 1) }

// Before is t - d, with the arithmetic of After.
func (d Duration) Before(t time.Time, zone *time.Location) time.Time { return d.shift(t, zone, -1) }

func (d Duration) shift(t time.Time, zone *time.Location, sign int64) time.Time {
	if months := d.months(); months != 0 {
		t = addMonths(t, sign*months, zone)
	}
	micros := t.UnixMicro()%1_000_000 + sign*d.Micros
	seconds := t.UnixMicro()/1_000_000 + sign*d.elapsedSeconds()
	return time.Unix(seconds, micros*1000).UTC()
}

// DayAfter is day + d on the calendar; hours, minutes and seconds do not count.
func (d Duration) DayAfter(day value.Day) value.Day { return d.shiftDay(day, 1) }

// DayBefore is day - d, with the arithmetic of DayAfter.
func (d Duration) DayBefore(day value.Day) value.Day { return d.shiftDay(day, -1) }

func (d Duration) shiftDay(day value.Day, sign int64) value.Day {
	return monthsLater(day, sign*d.months()) + value.Day(sign*(d.Weeks*7+d.Days))
}

func (d Duration) months() int64 { return d.Years*12 + d.Months }

func (d Duration) elapsedSeconds() int64 {
	return (d.Weeks*7+d.Days)*secondsPerDay + d.Hours*3600 + d.Minutes*60 + d.Seconds
}
