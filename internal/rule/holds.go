package rule

import (
	"slices"
	"strings"

	"github.com/onecdp/onecdp/internal/personal"
	"github.com/onecdp/onecdp/internal/value"
)

// element is one value to be compared.
type element struct {
	kind kind
	text string // of texts, numbers and booleans
}

type kind byte

const (
	otherKind kind = iota // an object, or a list inside a list: there, but equal to nothing
	textKind
	numberKind
	boolKind
)

// verdict is what was seen of the elements so far.
type verdict struct {
	present bool // there is a value, be it an empty list
	held    bool // some element satisfies the positive form of the test
	timely  bool // some element is a time or a date
}

// see looks at one element.
func (t *Test) see(v *verdict, e element) {
	v.present = true
	switch t.Op {
	case Exists:
	case NotWithinLast:
		within, timely := t.Times.hold(e)
		v.held = v.held || within
		v.timely = v.timely || timely
	default:
		v.held = v.held || t.satisfied(e)
	}
}

// settle says whether the test holds, once all elements were seen.
func (t *Test) settle(v verdict) bool {
	switch t.Op {
	case Exists:
		return v.present == t.Exists
	case NotEquals, NotIn:
		return !v.held
	case NotWithinLast:
		return v.timely && !v.held
	default:
		return v.held
	}
}

// satisfied tells whether one element satisfies the positive form of the test.
func (t *Test) satisfied(e element) bool {
	if t.LooksIntoTexts() && t.Masked && e.kind == textKind && personal.Like(e.text) {
		return false
	}
	switch t.Op {
	case Equals, NotEquals, In, NotIn:
		return t.equal(e)
	case Gt, Gte, Lt, Lte, Between:
		return t.ordered(e)
	case Contains:
		return e.kind == textKind && strings.Contains(e.text, t.Text)
	case StartsWith:
		return e.kind == textKind && strings.HasPrefix(e.text, t.Text)
	case EndsWith:
		return e.kind == textKind && strings.HasSuffix(e.text, t.Text)
	case Matches:
		return e.kind == textKind && t.ready.pattern.MatchString(e.text)
	case WithinLast, WithinNext:
		within, _ := t.Times.hold(e)
		return within
	case AnniversaryWithinNext:
		return t.celebrated(e)
	default:
		return false
	}
}

// LooksIntoTexts says that the test searches texts or orders them, and so tells their letters one by one.
func (t *Test) LooksIntoTexts() bool {
	switch t.Op {
	case Contains, StartsWith, EndsWith, Matches:
		return true
	default:
		return len(t.TextEnds) > 0
	}
}

func (t *Test) equal(e element) bool {
	switch e.kind {
	case textKind:
		if t.ready.texts != nil {
			_, ok := t.ready.texts[e.text]
			return ok
		}
		return slices.Contains(t.Texts, e.text)
	case numberKind:
		if t.ready.numbers != nil {
			_, ok := t.ready.numbers[value.ShortestNumber(e.text)]
			return ok
		}
		for _, number := range t.Numbers {
			if value.CompareNumbers(e.text, number) == 0 {
				return true
			}
		}
		return false
	case boolKind:
		return slices.Contains(t.Bools, e.text == "true")
	default:
		return false
	}
}

func (t *Test) ordered(e element) bool {
	for _, end := range t.NumberEnds {
		if e.kind != numberKind || !end.holds(value.CompareNumbers(e.text, end.Value)) {
			return false
		}
	}
	for _, end := range t.TextEnds {
		if e.kind != textKind || !end.holds(strings.Compare(e.text, end.Value)) {
			return false
		}
	}
	if t.Times == nil {
		return true
	}
	within, _ := t.Times.hold(e)
	return within
}

func (e End) holds(order int) bool { return orderHolds(string(e.Op), order) }

// hold tells whether an element is a time or date inside, and whether it is one at all.
func (t *Times) hold(e element) (within, timely bool) {
	if e.kind != textKind {
		return false, false
	}
	if day, ok := value.ParseDay(e.text); ok {
		return t.LeastDay <= day && day <= t.GreatestDay, true
	}
	if instant, ok := value.ParseInstant(e.text); ok {
		micros := instant.UnixMicro()
		return t.LeastInstant <= micros && micros <= t.GreatestInstant, true
	}
	return false, false
}

// celebrated tells whether an element has an anniversary that counts.
func (t *Test) celebrated(e element) bool {
	if e.kind != textKind {
		return false
	}
	day, ok := value.ParseDay(e.text)
	if !ok {
		instant, ok := value.ParseInstant(e.text)
		if !ok {
			return false
		}
		day = DayAt(instant, t.ready.zone)
	}
	year, month, date := day.Date()
	place, ok := slices.BinarySearch(t.Anniversary.MonthDays, int(month)*100+date)
	return ok && year <= t.Anniversary.LastYears[place]
}
