package rule

import (
	"time"

	"github.com/onecdp/onecdp/internal/value"
)

const maxWindowDays = maxYears * secondsPerYear / secondsPerDay

// window reads a Window; nil when it is left out.
func (o object) window(name string) *Window {
	field, given := o.fields[name]
	if !given {
		return nil
	}
	at := o.at.With(name)
	parts, ok := o.object(field, at, "last", "days", "since", "until")
	if !ok {
		return nil
	}
	w := &Window{Path: at}
	if last, given := parts.fields["last"]; given {
		length := o.duration(last, at.With("last"))
		w.Last = &length
	}
	if _, given := parts.fields["days"]; given {
		w.Days = parts.whole("days", maxWindowDays)
	}
	w.Since, w.since = parts.instant("since")
	w.Until, w.until = parts.instant("until")
	if w.Since != nil && w.Until != nil && w.Until.After(w.Since.AddDate(maxYears, 0, 0)) {
		o.bad(at.With("until"), "", "the window is longer than %d years", maxYears)
	}
	return w
}

// instant reads a Time; nil when it is left out.
func (o object) instant(name string) (*time.Time, string) {
	field, given := o.fields[name]
	if !given {
		return nil, ""
	}
	text, _ := field.(string)
	instant, ok := value.ParseInstant(text)
	if !ok || len(text) > MaxText {
		o.bad(o.at.With(name), "like 2026-03-15T12:00:00+08:00", "this is no RFC 3339 time with an offset")
		return nil, ""
	}
	return &instant, text
}
