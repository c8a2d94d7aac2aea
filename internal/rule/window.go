package rule

import (
	"math"
	"time"

	"github.com/onecdp/onecdp/internal/fault"
	"github.com/onecdp/onecdp/internal/value"
)

// Window is a stretch of time; the parts given must all hold. Without parts it holds always.
type Window struct {
	Path  fault.Path
	Last  *Duration  // [asOf - Last, asOf]
	Days  int        // the calendar days up to and including asOf's; 0 when not given
	Since *time.Time // from here on
	Until *time.Time // and before this

	since, until string // as written, for the saved rule
}

// Bounds is a window at one instant. A nil bound is open to that side.
type Bounds struct {
	From      *time.Time // inclusive
	Until     *time.Time
	Exclusive bool // Until itself lies outside
}

// Bounds resolves the window: the intersection of all parts. It may be empty.
// The end of Days is asOf, after which nothing is visible.
func (w *Window) Bounds(asOf time.Time, zone *time.Location) Bounds {
	var b Bounds
	env := Env{AsOf: asOf, Zone: zone}
	asOf, zone = env.asOf(), env.zone()
	if w.Last != nil {
		b.from(w.Last.Before(asOf, zone))
		b.until(asOf, false)
	}
	if w.Days > 0 {
		b.from(StartOfDay(DayAt(asOf, zone)-value.Day(w.Days-1), zone))
		b.until(asOf, false)
	}
	if w.Since != nil {
		b.from(*w.Since)
	}
	if w.Until != nil {
		b.until(*w.Until, true)
	}
	return b
}

func (b *Bounds) from(t time.Time) {
	if b.From == nil || t.After(*b.From) {
		b.From = &t
	}
}

func (b *Bounds) until(t time.Time, exclusive bool) {
	if b.Until == nil || t.Before(*b.Until) || t.Equal(*b.Until) && exclusive {
		b.Until, b.Exclusive = &t, exclusive
	}
}

// Micros is the bounds as Unix microseconds, both ends in: math.MinInt64 and math.MaxInt64 where a
// side is open, from > until when nothing lies inside.
func (b Bounds) Micros() (from, until int64) {
	from, until = math.MinInt64, math.MaxInt64
	if b.From != nil {
		from = b.From.UnixMicro()
	}
	if b.Until != nil {
		until = b.Until.UnixMicro()
		if b.Exclusive {
			until--
		}
	}
	return from, until
}

// Empty tells whether nothing can lie inside.
func (b Bounds) Empty() bool {
	from, until := b.Micros()
	return from > until
}

// Contains tells whether an instant lies inside.
func (b Bounds) Contains(t time.Time) bool {
	from, until := b.Micros()
	micros := t.UnixMicro()
	return from <= micros && micros <= until
}
