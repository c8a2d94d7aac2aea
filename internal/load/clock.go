package load

import (
	"strconv"
	"strings"
	"time"

	"github.com/onecdp/onecdp/internal/fault"
	"github.com/onecdp/onecdp/internal/value"
)

// clock reads times of one layout.
type clock struct {
	layouts []string      // Go's; none: RFC 3339, or a usual form of date and time
	unit    time.Duration // of a number since 1970; 0: a layout
	zone    *time.Location
}

// usual are the forms that a clock without a layout reads beside RFC 3339.
var usual = []string{"2006-01-02 15:04:05", "2006-01-02T15:04:05", "2006-01-02 15:04", "2006-01-02", "2006/1/2 15:04:05", "2006/1/2 15:04", "2006/1/2"}

// letters turns the layouts that other tools use into Go's.
var letters = strings.NewReplacer("YYYY", "2006", "MM", "01", "DD", "02", "HH", "15", "mm", "04", "ss", "05", "SSS", "000")

func parseClock(layout string, zone *time.Location) (clock, *fault.Error) {
	switch layout {
	case "":
		return clock{layouts: usual, zone: zone}, nil
	case "unix":
		return clock{unit: time.Second}, nil
	case "unixms":
		return clock{unit: time.Millisecond}, nil
	}
	if strings.Contains(layout, "YYYY") {
		layout = letters.Replace(layout)
	}
	if !strings.Contains(layout, "2006") {
		return clock{}, fault.New(fault.BadUserInput, "the layout of the time has no year").WithHint("YYYY-MM-DD HH:mm:ss, Go's 2006-01-02, unix, unixms, or nothing for RFC 3339")
	}
	return clock{layouts: []string{layout}, zone: zone}, nil
}

func (c clock) read(text string) (time.Time, bool) {
	if c.unit > 0 {
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil || n > 1<<53 || n < -1<<53 {
			return time.Time{}, false
		}
		at := time.Unix(n, 0)
		if c.unit == time.Millisecond {
			at = time.UnixMilli(n)
		}
		return valid(at)
	}
	if len(c.layouts) > 1 {
		if at, ok := value.ParseInstant(text); ok {
			return at, true
		}
	}
	for _, layout := range c.layouts {
		if at, err := time.ParseInLocation(layout, text, c.zone); err == nil {
			return valid(at)
		}
	}
	return time.Time{}, false
}

// valid is the time in UTC, where its year has four digits as RFC 3339 wants it.
func valid(at time.Time) (time.Time, bool) {
	at = at.UTC()
	return at, at.Year() >= 1 && at.Year() <= 9999
}
