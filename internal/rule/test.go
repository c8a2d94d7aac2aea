package rule

import (
	"encoding/json"
	"errors"
	"math"
	"regexp"
	"time"

	"github.com/onecdp/onecdp/internal/value"
)

// Test is a Comparison at one instant and time zone: plain data, nothing left to compute but the
// value. It travels as JSON (one bound parameter) and holds the same after the journey.
//
// Only the fields of its operator are set. A test is positive (some element must satisfy it), the
// complement of one (notEquals, notIn), exists, or notWithinLast.
type Test struct {
	Op     Op   `json:"op"`
	Exists bool `json:"exists,omitempty"` // of exists: whether the value must be there

	// equals, notEquals, in, notIn: an element of the same type equals one of these.
	Texts   []string `json:"texts,omitempty"`
	Numbers []string `json:"numbers,omitempty"` // shortest exact decimals
	Bools   []bool   `json:"bools,omitempty"`

	// gt, gte, lt, lte, between: an element satisfies all ends, and Times where it is set.
	// between is gte and lte; its ends are numbers, texts, times, or a text and a time.
	NumberEnds []End  `json:"number_ends,omitempty"` // compared by exact decimal value
	TextEnds   []End  `json:"text_ends,omitempty"`   // compared by code point, the order of UTF-8 bytes
	Times      *Times `json:"times,omitempty"`       // orders by time or date; withinLast, notWithinLast, withinNext

	Anniversary *Anniversary `json:"anniversary,omitempty"` // anniversaryWithinNext

	// Masked keeps texts that are personal by shape out of what is searched and ordered.
	Masked bool `json:"masked,omitempty"`

	Text string `json:"text,omitempty"` // contains, startsWith, endsWith: what is searched; matches: the pattern

	ready *prepared
}

// End is one end of an order.
type End struct {
	Op    Op     `json:"op"` // gt, gte, lt, lte
	Value string `json:"value"`
}

// Times says which instants and which days satisfy a test, all ends in. An element that is an RFC 3339
// time is looked up among the instants, one that is YYYY-MM-DD among the days, others satisfy nothing.
// The zone is worked in: a day literal became instants, an instant literal days.
// Least > Greatest holds nothing.
type Times struct {
	LeastInstant    int64     `json:"least_instant"` // Unix microseconds; math.MinInt64 when open
	GreatestInstant int64     `json:"greatest_instant"`
	LeastDay        value.Day `json:"least_day"` // within 0001-01-01 to 9999-12-31
	GreatestDay     value.Day `json:"greatest_day"`
}

// Anniversary says which days have an anniversary in the days from today to today + D.
type Anniversary struct {
	// MonthDays (month·100 + day, ascending, 229 for 29 February) have an anniversary in those days;
	// it counts for days of the year at the same place of LastYears and of earlier years.
	MonthDays []int  `json:"month_days"`
	LastYears []int  `json:"last_years"`
	Zone      string `json:"zone"` // where a time has its calendar day
}

// prepared is what a Test derives from its fields once.
type prepared struct {
	texts   map[string]struct{}
	numbers map[string]struct{}
	pattern *regexp.Regexp
	zone    *time.Location
}

var firstDay, lastDay = value.DayOf(1, time.January, 1), value.DayOf(9999, time.December, 31)

// Resolve fixes a comparison to an instant and time zone.
func (c Comparison) Resolve(env Env) Test {
	t := Test{Op: c.Op, Masked: env.Masked}
	ready := &prepared{pattern: c.pattern, zone: env.zone()}
	switch c.Op {
	case Exists:
		t.Exists = c.Exists
	case Equals, NotEquals, In, NotIn:
		t.equalTo(c.Values)
	case Gt, Gte, Lt, Lte:
		t.end(c.Op, c.Values[0], env)
	case Between:
		t.end(Gte, c.Values[0], env)
		t.end(Lte, c.Values[1], env)
	case Contains, StartsWith, EndsWith:
		t.Text, _ = c.Values[0].(string)
	case Matches:
		t.Text = c.Pattern
	case WithinLast, NotWithinLast:
		today := DayAt(env.asOf(), env.zone())
		t.Times = timesBetween(c.Duration.Before(env.asOf(), env.zone()), env.asOf(), c.Duration.DayBefore(today), today)
	case WithinNext:
		today := DayAt(env.asOf(), env.zone())
		t.Times = timesBetween(env.asOf(), c.Duration.After(env.asOf(), env.zone()), today, c.Duration.DayAfter(today))
	case AnniversaryWithinNext:
		today := DayAt(env.asOf(), env.zone())
		t.Anniversary = anniversaries(today, c.Duration.DayAfter(today), env.zone())
	}
	t.prepare(ready)
	return t
}

func (t *Test) equalTo(literals []any) {
	for _, literal := range literals {
		switch literal := literal.(type) {
		case string:
			t.Texts = append(t.Texts, literal)
		case json.Number:
			t.Numbers = append(t.Numbers, value.ShortestNumber(string(literal)))
		case bool:
			t.Bools = append(t.Bools, literal)
		}
	}
}

// end adds one end of an order. What the literal is decides what is compared.
func (t *Test) end(op Op, literal any, env Env) {
	if number, ok := literal.(json.Number); ok {
		t.NumberEnds = append(t.NumberEnds, End{Op: op, Value: value.ShortestNumber(string(number))})
		return
	}
	text, _ := literal.(string)
	times := everyTime()
	if instant, ok := value.ParseInstant(text); ok {
		times.boundInstant(op, instant, env.zone())
	} else if day, ok := value.ParseDay(text); ok {
		times.boundDay(op, day, env.zone())
	} else {
		t.TextEnds = append(t.TextEnds, End{Op: op, Value: text})
		return
	}
	if t.Times != nil {
		times.narrow(*t.Times)
	}
	times.settle()
	t.Times = &times
}

// prepare derives what the fields need to be used.
func (t *Test) prepare(ready *prepared) {
	const few = 8 // below, a walk is faster than a hash
	if len(t.Texts) > few {
		ready.texts = set(t.Texts)
	}
	if len(t.Numbers) > few {
		ready.numbers = set(t.Numbers)
	}
	t.ready = ready
}

func set(texts []string) map[string]struct{} {
	members := make(map[string]struct{}, len(texts))
	for _, text := range texts {
		members[text] = struct{}{}
	}
	return members
}

var errNoTest = errors.New("this is no test of a rule")

// UnmarshalJSON reads a Test back from its JSON.
func (t *Test) UnmarshalJSON(data []byte) error {
	type plain Test
	var read plain
	if err := json.Unmarshal(data, &read); err != nil {
		return errNoTest
	}
	*t = Test(read)
	ready := &prepared{zone: time.UTC}
	if t.Op == Matches {
		room := maxPatternSize
		var message string
		if ready.pattern, message = compilePattern(t.Text, &room); message != "" {
			return errNoTest
		}
	}
	if t.Anniversary != nil {
		zone, err := time.LoadLocation(t.Anniversary.Zone)
		if err != nil || len(t.Anniversary.MonthDays) != len(t.Anniversary.LastYears) {
			return errNoTest
		}
		ready.zone = zone
	}
	t.prepare(ready)
	return nil
}

// Negative tells whether the test is the complement of a positive one, and so holds for an absent value.
func (t Test) Negative() bool { return t.Op == NotEquals || t.Op == NotIn }

// HoldsAbsent tells whether the test holds for an absent value.
func (t Test) HoldsAbsent() bool { return t.Negative() || t.Op == Exists && !t.Exists }

// Regexp is the compiled pattern of matches, for whole texts; nil for other operators.
func (t Test) Regexp() *regexp.Regexp { return t.ready.pattern }

func everyTime() Times {
	return Times{LeastInstant: math.MinInt64, GreatestInstant: math.MaxInt64, LeastDay: firstDay, GreatestDay: lastDay}
}

func timesBetween(from, until time.Time, first, last value.Day) *Times {
	times := everyTime()
	times.narrow(Times{LeastInstant: from.UnixMicro(), GreatestInstant: until.UnixMicro(), LeastDay: first, GreatestDay: last})
	times.settle()
	return &times
}

func (t *Times) narrow(other Times) {
	t.LeastInstant = max(t.LeastInstant, other.LeastInstant)
	t.GreatestInstant = min(t.GreatestInstant, other.GreatestInstant)
	t.LeastDay = max(t.LeastDay, other.LeastDay)
	t.GreatestDay = min(t.GreatestDay, other.GreatestDay)
}

// settle brings empty ranges to one form inside the calendar, where texts of days sort like days.
func (t *Times) settle() {
	if t.LeastDay > t.GreatestDay {
		t.LeastDay, t.GreatestDay = lastDay, firstDay
	}
	if t.LeastInstant > t.GreatestInstant {
		t.LeastInstant, t.GreatestInstant = math.MaxInt64, math.MinInt64
	}
}

// boundInstant compares instants with an instant, and days by their first instant in the zone.
func (t *Times) boundInstant(op Op, literal time.Time, zone *time.Location) {
	micros := literal.UnixMicro()
	switch op {
	case Gt:
		t.LeastInstant, t.LeastDay = micros+1, lastDayBegunBy(literal, zone)+1
	case Gte:
		t.LeastInstant, t.LeastDay = micros, lastDayBegunBy(literal.Add(-time.Microsecond), zone)+1
	case Lt:
		t.GreatestInstant, t.GreatestDay = micros-1, lastDayBegunBy(literal.Add(-time.Microsecond), zone)
	default: // Lte
		t.GreatestInstant, t.GreatestDay = micros, lastDayBegunBy(literal, zone)
	}
	t.narrow(everyTime())
}

// lastDayBegunBy is the last day whose first instant is not after t.
func lastDayBegunBy(t time.Time, zone *time.Location) value.Day {
	day := DayAt(t, zone) + 1
	for StartOfDay(day, zone).After(t) {
		day--
	}
	return day
}

// boundDay compares days with a day, and instants by their day in the zone. A day ends where the
// next begins: at the first instant of that.
func (t *Times) boundDay(op Op, literal value.Day, zone *time.Location) {
	begins, ends := StartOfDay(literal, zone).UnixMicro(), StartOfDay(literal+1, zone).UnixMicro()
	switch op {
	case Gt:
		t.LeastInstant, t.LeastDay = ends, literal+1
	case Gte:
		t.LeastInstant, t.LeastDay = begins, literal
	case Lt:
		t.GreatestInstant, t.GreatestDay = begins-1, literal-1
	default: // Lte
		t.GreatestInstant, t.GreatestDay = ends-1, literal
	}
}

// anniversaries lists the days that have an anniversary from today to the last day.
func anniversaries(today, last value.Day, zone *time.Location) *Anniversary {
	a := &Anniversary{MonthDays: []int{}, LastYears: []int{}, Zone: zone.String()}
	from, _, _ := today.Date()
	to, _, _ := last.Date()
	for month := time.January; month <= time.December; month++ {
		for date := 1; date <= value.DaysIn(2000, month); date++ {
			for year := to; year >= from; year-- {
				on := value.DayOf(year, month, min(date, value.DaysIn(year, month)))
				if on >= today && on <= last {
					a.MonthDays = append(a.MonthDays, int(month)*100+date)
					a.LastYears = append(a.LastYears, year-1)
					break
				}
			}
		}
	}
	return a
}
