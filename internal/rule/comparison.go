package rule

import (
	"regexp"

	"github.com/onecdp/onecdp/internal/fault"
)

// Op is an operator of a Comparison.
type Op string

// The operators.
const (
	Exists                Op = "exists"
	Equals                Op = "equals"
	NotEquals             Op = "notEquals"
	In                    Op = "in"
	NotIn                 Op = "notIn"
	Gt                    Op = "gt"
	Gte                   Op = "gte"
	Lt                    Op = "lt"
	Lte                   Op = "lte"
	Between               Op = "between"
	Contains              Op = "contains"
	StartsWith            Op = "startsWith"
	EndsWith              Op = "endsWith"
	Matches               Op = "matches"
	WithinLast            Op = "withinLast"
	NotWithinLast         Op = "notWithinLast"
	WithinNext            Op = "withinNext"
	AnniversaryWithinNext Op = "anniversaryWithinNext"
)

// Operator documents an operator.
type Operator struct {
	Op      Op
	Takes   string // what its literal must be
	Meaning string // when it holds for a value
	Absent  bool   // whether it holds for an absent value; of exists, with false
}

const (
	anyScalar   = "a text, number or boolean"
	ordered     = "a number or a text"
	oneText     = "a text"
	oneDuration = "a duration like P7D"
)

// Operators lists all operators in the order of the schema.
func Operators() []Operator {
	return []Operator{
		{Exists, "true or false", "the value is there; [] and {} are, null is not", true},
		{Equals, anyScalar, "some value is of the same type and equal", false},
		{NotEquals, anyScalar, "equals does not hold", true},
		{In, "a list of texts, numbers or booleans", "some value equals one of them", false},
		{NotIn, "a list of texts, numbers or booleans", "in does not hold", true},
		{Gt, ordered, "some value is greater, later or after in code point order, as the literal is a number, time, date or text", false},
		{Gte, ordered, "as gt, or equal", false},
		{Lt, ordered, "some value is less, earlier or before in code point order", false},
		{Lte, ordered, "as lt, or equal", false},
		{Between, "two numbers or two texts", "some value is gte the first and lte the second", false},
		{Contains, oneText, "some text holds it", false},
		{StartsWith, oneText, "some text begins with it", false},
		{EndsWith, oneText, "some text ends with it", false},
		{Matches, "an RE2 pattern", "some text matches it as a whole", false},
		{WithinLast, oneDuration, "some time lies in [asOf - duration, asOf], some date on a day from then to today", false},
		{NotWithinLast, oneDuration, "some value is a time or date, and withinLast does not hold", false},
		{WithinNext, oneDuration, "some time lies in [asOf, asOf + duration], some date on a day from today to then", false},
		{AnniversaryWithinNext, oneDuration, "an anniversary of some date or time falls on a day from today to asOf + duration", false},
	}
}

// Comparison is one operator with its literal.
type Comparison struct {
	Path     fault.Path
	Op       Op
	Exists   bool     // of exists
	Values   []any    // of equals to endsWith: string in NFC, json.Number or bool; between has two
	Pattern  string   // of matches, in NFC
	Duration Duration // of the operators of time

	pattern *regexp.Regexp // of matches, for the whole text
}

func (c Comparison) document() any {
	var literal any
	switch c.Op {
	case Exists:
		literal = c.Exists
	case In, NotIn, Between:
		literal = c.Values
	case Matches:
		literal = c.Pattern
	case WithinLast, NotWithinLast, WithinNext, AnniversaryWithinNext:
		literal = c.Duration.String()
	default:
		literal = c.Values[0]
	}
	return map[string]any{string(c.Op): literal}
}

// MapTexts returns the comparison with every text literal of equals, notEquals, in, notIn, the orders
// and the text searches replaced. Identities use it to normalise literals as their values were.
func (c Comparison) MapTexts(f func(string) string) Comparison {
	mapped := make([]any, len(c.Values))
	for i, literal := range c.Values {
		if text, ok := literal.(string); ok {
			literal = f(text)
		}
		mapped[i] = literal
	}
	if c.Values != nil {
		c.Values = mapped
	}
	return c
}
