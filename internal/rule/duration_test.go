package rule_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/onecdp/onecdp/internal/rule"
	"github.com/onecdp/onecdp/internal/value"
)

func TestMixedDuration(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]rule.Duration{
		"P0D": {}, "PT0S": {}, "P1Y2M3W4DT5H6M7.5S": {Years: 1, Months: 2, Weeks: 3, Days: 4, Hours: 5, Minutes: 6, Seconds: 7, Micros: 500_000},
		"P1M": {Months: 1}, "PT1M": {Minutes: 1}, "P3W": {Weeks: 3}, "PT0.000001S": {Micros: 1}, "P007D": {Days: 7}, "PT36H": {Hours: 36}, "P1YT1S": {Years: 1, Seconds: 1},
		"P13M": {Months: 13}, "PT1.50S": {Seconds: 1, Micros: 500_000},
	} {
		got, ok := rule.ParseDuration(text)
		if !ok || got != want {
			t.Errorf("%s: %+v %v", text, got, ok)
		}
		if again, ok := rule.ParseDuration(got.String()); !ok || again != got {
			t.Errorf("%s is written %s", text, got)
		}
	}
	for _, text := range []string{"", "P", "PT", "P1DT", "1D", "p1d", "P1d", "-P1D", "P-1D", "+P1D", "P1.5D", "P1,5D", "PT1,5S", "PT.5S", "PT1.S", "PT1.0000000S", "PT1.5H", "P1D1Y", "P1M1Y", "P1D1W",
		"PT1S1M", "P1H", "PT1D", "P1", "PD", "P1DT1", "P1Y1Y", " P1D", "P1D ", "P1DT1HT1M", "P１D", "P0", "PT1.5", "P1DT1.5", "P1S"} {
		if got, ok := rule.ParseDuration(text); ok {
			t.Errorf("%q is no duration: %+v", text, got)
		}
	}
}

func TestDurationLimit(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"P200Y": false, "P2400M": false, "P73050D": false, "P199Y12M": false, "PT1753200H": false, "P201Y": true, "P2401M": true, "P73051D": true, "P200YT0.000001S": true,
		"P200YT1S": true, "P99999999999999999999Y": true, "P99999999999999999999999W": true, "PT99999999999999999999H": true, "P1000000Y": true,
	} {
		d, ok := rule.ParseDuration(text)
		if !ok || d.TooLong() != want {
			t.Errorf("%s: too long %v %v", text, d.TooLong(), ok)
		}
	}
}

func TestWallClockArithmetic(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, zone, from, duration, after string }{
		{"clamping", "UTC", "2026-01-31T10:00:00Z", "P1M", "2026-02-28T10:00:00Z"},
		{"clamping in a leap year", "UTC", "2024-01-31T10:00:00Z", "P1M", "2024-02-29T10:00:00Z"},
		{"29 February", "UTC", "2024-02-29T00:00:00Z", "P1Y", "2025-02-28T00:00:00Z"},
		{"years and months together", "UTC", "2024-02-29T00:00:00Z", "P1Y12M", "2026-02-28T00:00:00Z"},
		{"years and months clamp once", "UTC", "2023-12-31T00:00:00Z", "P1Y2M", "2025-02-28T00:00:00Z"},
		{"months, then elapsed", "UTC", "2026-01-31T00:00:00Z", "P1M1D", "2026-03-01T00:00:00Z"},
		{"microseconds stay", "Asia/Shanghai", "2026-01-31T00:00:00.123456Z", "P1M", "2026-02-28T00:00:00.123456Z"},
		{"the zone's month", "Asia/Shanghai", "2026-01-31T17:00:00Z", "P1M", "2026-02-28T17:00:00Z"},
		{"the wall clock stays over a clock change", "America/New_York", "2026-02-15T12:00:00-05:00", "P1M", "2026-03-15T12:00:00-04:00"},
		{"a week is 168 hours", "America/New_York", "2026-03-05T12:00:00-05:00", "P1W", "2026-03-12T13:00:00-04:00"},
		{"a day is 24 hours", "America/New_York", "2025-03-08T02:30:00-05:00", "P1D", "2025-03-09T03:30:00-04:00"},
		{"a gap moves forward", "America/New_York", "2025-02-09T02:30:00-05:00", "P1M", "2025-03-09T03:30:00-04:00"},
		{"a gap over a year", "America/New_York", "2024-03-09T02:30:00-05:00", "P1Y", "2025-03-09T03:30:00-04:00"},
		{"the earlier of two", "America/New_York", "2025-10-02T01:30:00-04:00", "P1M", "2025-11-02T01:30:00-04:00"},
		{"no months leave the later of two alone", "America/New_York", "2025-11-02T01:30:00-05:00", "P0D", "2025-11-02T01:30:00-05:00"},
		{"Cairo's missing midnight", "Africa/Cairo", "2014-04-16T00:30:00+02:00", "P1M", "2014-05-16T01:30:00+03:00"},
		{"Lord Howe moves by half an hour", "Australia/Lord_Howe", "2025-09-05T02:15:00+10:30", "P1M", "2025-10-05T02:45:00+11:00"},
		{"Lord Howe has half an hour twice", "Australia/Lord_Howe", "2025-03-06T01:45:00+11:00", "P1M", "2025-04-06T01:45:00+11:00"},
		{"Samoa skipped a day", "Pacific/Apia", "2011-11-30T08:00:00-10:00", "P1M", "2011-12-31T08:00:00+14:00"},
	} {
		d, ok := rule.ParseDuration(c.duration)
		got := d.After(instant(t, c.from), zone(t, c.zone))
		if want := instant(t, c.after); !ok || !got.Equal(want) {
			t.Errorf("%s: %s + %s = %s, want %s", c.name, c.from, c.duration, got.In(zone(t, c.zone)).Format(time.RFC3339Nano), c.after)
		}
	}
	for _, c := range []struct{ name, zone, from, duration, before string }{
		{"clamping", "UTC", "2026-03-31T10:00:00Z", "P1M", "2026-02-28T10:00:00Z"},
		{"over the turn of the year", "UTC", "2026-01-15T10:00:00Z", "P13M", "2024-12-15T10:00:00Z"},
		{"months first", "UTC", "2026-03-31T00:00:00Z", "P1M1D", "2026-02-27T00:00:00Z"},
		{"a gap moves forward", "America/New_York", "2025-04-09T02:30:00-04:00", "P1M", "2025-03-09T03:30:00-04:00"},
		{"the earlier of two", "America/New_York", "2025-12-02T01:30:00-05:00", "P1M", "2025-11-02T01:30:00-04:00"},
		{"a gap, then elapsed", "America/New_York", "2025-04-09T02:30:00-04:00", "P1MT1H", "2025-03-09T01:30:00-05:00"},
		{"Samoa skipped a day", "Pacific/Apia", "2012-01-30T08:00:00+14:00", "P1M", "2011-12-31T08:00:00+14:00"},
		{"before 1970", "UTC", "1970-01-01T00:00:00Z", "PT0.000001S", "1969-12-31T23:59:59.999999Z"},
	} {
		d, ok := rule.ParseDuration(c.duration)
		got := d.Before(instant(t, c.from), zone(t, c.zone))
		if want := instant(t, c.before); !ok || !got.Equal(want) {
			t.Errorf("%s: %s - %s = %s, want %s", c.name, c.from, c.duration, got.In(zone(t, c.zone)).Format(time.RFC3339Nano), c.before)
		}
	}
}

func TestDayBeginsAtItsFirstInstant(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ zone, day, begins string }{
		{"UTC", "2026-03-15", "2026-03-15T00:00:00Z"},
		{"Asia/Shanghai", "2026-03-15", "2026-03-15T00:00:00+08:00"},
		{"America/New_York", "2025-03-09", "2025-03-09T00:00:00-05:00"},
		{"Africa/Cairo", "2014-05-16", "2014-05-16T01:00:00+03:00"},
		{"America/Havana", "2025-11-02", "2025-11-02T00:00:00-04:00"},
		{"America/Sao_Paulo", "2018-11-04", "2018-11-04T01:00:00-02:00"},
		{"America/Toronto", "1919-03-31", "1919-03-31T00:30:00-04:00"}, // 23:30 became 00:30
		{"America/St_Johns", "2006-10-29", "2006-10-29T00:00:00-02:30"},
		{"Pacific/Apia", "2011-12-30", "2011-12-31T00:00:00+14:00"},
		{"Pacific/Apia", "2011-12-31", "2011-12-31T00:00:00+14:00"},
		{"Pacific/Kwajalein", "1993-08-22", "1993-08-22T00:00:00+12:00"},
	} {
		day, _ := value.ParseDay(c.day)
		if got := rule.StartOfDay(day, zone(t, c.zone)); !got.Equal(instant(t, c.begins)) {
			t.Errorf("%s begins in %s at %s, want %s", c.day, c.zone, got.In(zone(t, c.zone)).Format(time.RFC3339), c.begins)
		}
	}
}

// The definition, tried minute by minute: a wall time that exists is its earliest instant; one that
// does not moves forward by the gap, which is the first instant to show the wall time plus the gap.
func TestWallClockAgainstItsDefinition(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	month, _ := rule.ParseDuration("P1M")
	for _, name := range []string{"America/New_York", "Africa/Cairo", "Australia/Lord_Howe", "Pacific/Apia", "America/St_Johns", "America/Havana", "Europe/London", "Asia/Tehran", "Antarctica/Troll", "Africa/Casablanca"} {
		z := zone(t, name)
		at := time.Date(2005, 1, 1, 0, 0, 0, 0, time.UTC).In(z)
		for range 16 {
			_, end := at.ZoneBounds()
			if end.IsZero() {
				break
			}
			at = end
			for range 6 {
				target := end.Add(time.Duration(random.IntN(60*8)-240) * time.Minute)
				_, before := end.Add(-time.Second).Zone()
				wall := target.UTC().Add(time.Duration(before) * time.Second)
				if wall.Day() > 28 {
					continue // would clamp on the way
				}
				start := wall.AddDate(0, -1, 0)
				from, found := earliest(start, z)
				if !found {
					continue
				}
				want, found := earliest(wall, z)
				if !found {
					want = wall.Add(-time.Duration(before) * time.Second)
				}
				if got := month.After(from, z); !got.Equal(want) {
					t.Errorf("%s %s: %s, want %s", name, wall.Format(time.DateTime), got, want.UTC())
				}
			}
		}
	}
}

func earliest(wall time.Time, z *time.Location) (time.Time, bool) {
	for at := wall.Add(-15 * time.Hour); at.Before(wall.Add(15 * time.Hour)); at = at.Add(time.Minute) {
		if at.In(z).Format(time.DateTime) == wall.Format(time.DateTime) {
			return at, true
		}
	}
	return time.Time{}, false
}

func FuzzParseDuration(f *testing.F) {
	for _, seed := range []string{"P1Y2M3W4DT5H6M7.5S", "PT0.000001S", "P0D", "P99999999999D"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		d, ok := rule.ParseDuration(text)
		if !ok {
			return
		}
		again, ok := rule.ParseDuration(d.String())
		if !ok || again != d {
			t.Fatalf("%q is written %q", text, d)
		}
		if d.TooLong() {
			return
		}
		at := time.Date(2026, 3, 15, 12, 0, 0, 0, time.UTC)
		if d.Before(at, time.UTC).After(at) || d.After(at, time.UTC).Before(at) {
			t.Fatalf("%s goes the wrong way", d)
		}
	})
}
