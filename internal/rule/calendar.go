package rule

import (
	"time"

	"github.com/onecdp/onecdp/internal/value"
)

// DayAt is the calendar day of an instant in a zone.
func DayAt(t time.Time, zone *time.Location) value.Day { return value.DayOf(t.In(zone).Date()) }

// StartOfDay is the first instant of a calendar day in a zone: midnight, the earlier one of two, or
// the clock change that skips it.
func StartOfDay(day value.Day, zone *time.Location) time.Time {
	instant, change, skipped := onWallClock(int64(day)*secondsPerDay, zone)
	if skipped {
		instant = change
	}
	return time.Unix(instant, 0).UTC()
}

// addMonths moves the wall clock of t in the zone by months. A day that the month does not have is
// its last; a time that a clock change skips moves forward by the gap; of two the earlier counts.
func addMonths(t time.Time, months int64, zone *time.Location) time.Time {
	local := t.In(zone)
	day := monthsLater(value.DayOf(local.Date()), months)
	hour, minute, second := local.Clock()
	wall := int64(day)*secondsPerDay + int64(hour*3600+minute*60+second)
	instant, _, _ := onWallClock(wall, zone)
	return time.Unix(instant, int64(local.Nanosecond())).UTC()
}

func monthsLater(day value.Day, months int64) value.Day {
	if months == 0 {
		return day
	}
	year, month, date := day.Date()
	count := int64(year)*12 + int64(month) - 1 + months
	year, month = int(count/12), time.Month(count%12+1)
	if month < 1 {
		year, month = year-1, month+12
	}
	return value.DayOf(year, month, min(date, value.DaysIn(year, month)))
}

// onWallClock finds the Unix second at which a zone's clock shows wall (seconds as if it were UTC).
// A time shown twice is the earlier one. One that is skipped moves forward by the gap, which is to
// read it with the offset from before; change is then the Unix second of the clock change.
// RFC 5545, 3.3.5, and java.time agree; time.Date moves some gaps backward.
func onWallClock(wall int64, zone *time.Location) (instant, change int64, skipped bool) {
	const farthest = 36 * 3600 // beyond any offset and any change of one
	at := time.Unix(wall-farthest, 0).In(zone)
	_, offset := at.Zone()
	_, end := at.ZoneBounds()
	for !end.IsZero() && wall-int64(offset) >= end.Unix() {
		before := offset
		_, offset = end.Zone()
		if wall-int64(offset) < end.Unix() {
			return wall - int64(before), end.Unix(), true
		}
		_, end = end.ZoneBounds()
	}
	return wall - int64(offset), 0, false
}
