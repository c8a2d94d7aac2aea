package rule

import (
	"encoding/json"
	"strconv"

	"github.com/onecdp/onecdp/internal/fault"
	"github.com/onecdp/onecdp/internal/value"
)

var (
	takes         = make(map[Op]string)
	operatorNames []string
)

func init() {
	for _, operator := range Operators() {
		takes[operator.Op] = operator.Takes
		operatorNames = append(operatorNames, string(operator.Op))
	}
}

// comparison reads the required Comparison is.
func (o object) comparison() Comparison {
	field, at, ok := o.required("is")
	if !ok {
		return Comparison{}
	}
	operator, literal, ok := o.oneOf(field, at, operatorNames)
	if !ok {
		return Comparison{}
	}
	c := Comparison{Path: at, Op: Op(operator)}
	o.literal(&c, literal, at.With(operator))
	return c
}

// literal reads the literal of an operator.
func (r *reader) literal(c *Comparison, v any, at fault.Path) {
	switch c.Op {
	case Exists:
		r.literals++
		exists, ok := v.(bool)
		if !ok {
			r.wrongType(c.Op, at)
		}
		c.Exists = exists
	case Equals, NotEquals:
		c.Values = []any{r.scalar(c.Op, v, at)}
	case In, NotIn:
		c.Values = r.scalars(c.Op, list(v, at))
	case Gt, Gte, Lt, Lte:
		c.Values = []any{r.end(c.Op, v, at)}
	case Between:
		c.Values = r.ends(v, at)
	case Contains, StartsWith, EndsWith:
		c.Values = []any{r.search(c.Op, v, at)}
	case Matches:
		c.Pattern = r.search(c.Op, v, at)
		var message string
		if c.pattern, message = compilePattern(c.Pattern, &r.patternRoom); message != "" {
			r.bad(at, "https://github.com/google/re2/wiki/Syntax", "%s", message)
		}
	default:
		r.literals++
		c.Duration = r.duration(v, at)
	}
}

func (r *reader) wrongType(op Op, at fault.Path) {
	r.bad(at, op.hint(), "the literal has the wrong type")
}

func (op Op) hint() string { return string(op) + " takes " + takes[op] }

// scalar reads a text, number or boolean.
func (r *reader) scalar(op Op, v any, at fault.Path) any {
	r.literals++
	switch v := v.(type) {
	case bool:
		return v
	case string:
		text, _ := r.text(v, at)
		return text
	case nil, []any, map[string]any:
		r.wrongType(op, at)
		return nil
	default:
		number, err := value.Clean(v, at)
		if err != nil {
			r.refuse(err)
		}
		return number
	}
}

func (r *reader) scalars(op Op, entries []entry) []any {
	values := make([]any, 0, min(len(entries), MaxLiterals))
	for _, e := range entries {
		values = append(values, r.scalar(op, e.value, e.at))
		if r.full() {
			break
		}
	}
	return values
}

// end reads the literal of an order: a number or a text.
func (r *reader) end(op Op, v any, at fault.Path) any {
	if _, isBool := v.(bool); isBool {
		r.wrongType(op, at)
		return nil
	}
	return r.scalar(op, v, at)
}

func (r *reader) ends(v any, at fault.Path) []any {
	entries := list(v, at)
	if len(entries) != 2 {
		r.bad(at, Between.hint(), "two ends are needed here, not %d", len(entries))
		return nil
	}
	from, to := r.end(Between, entries[0].value, entries[0].at), r.end(Between, entries[1].value, entries[1].at)
	_, fromText := from.(string)
	_, toText := to.(string)
	if from != nil && to != nil && fromText != toText {
		r.bad(entries[1].at, Between.hint(), "the ends are of two types")
	}
	return []any{from, to}
}

// search reads the text of contains, startsWith, endsWith and matches.
func (r *reader) search(op Op, v any, at fault.Path) string {
	r.literals++
	if _, ok := v.(string); !ok {
		r.wrongType(op, at)
		return ""
	}
	text, _ := r.text(v, at)
	return text
}

// duration reads an ISO 8601 duration of at most 200 years.
func (r *reader) duration(v any, at fault.Path) Duration {
	text, isText := v.(string)
	d, ok := ParseDuration(text)
	switch {
	case !isText || !ok:
		r.bad(at, "like P7D, PT30M or P1Y6M, in capitals and without sign", "this is no duration")
		return Duration{}
	case d.TooLong():
		r.bad(at, "", "the duration is longer than %d years", maxYears)
		return Duration{}
	}
	return d
}

// number reads a number as the shortest exact decimal.
func (r *reader) number(v any, at fault.Path) (string, bool) {
	switch v.(type) {
	case json.Number, int, int32, int64, float64:
	default:
		r.bad(at, "", "a number is needed here")
		return "", false
	}
	number, err := value.Clean(v, at)
	if err != nil {
		r.refuse(err)
		return "", false
	}
	text, _ := number.(json.Number)
	return value.ShortestNumber(string(text)), true
}

// optionalNumbers reads a NumberComparison; nil when it is left out.
func (o object) optionalNumbers(name string) *NumberComparison {
	field, given := o.fields[name]
	if !given {
		return nil
	}
	at := o.at.With(name)
	limits, ok := o.object(field, at, limitOps...)
	if !ok {
		return nil
	}
	c := NumberComparison{Path: at}
	for _, op := range limitOps {
		limit, given := limits.fields[op]
		if !given {
			continue
		}
		o.literals++
		number, _ := o.number(limit, at.With(op))
		c.Limits = append(c.Limits, Limit{Op: op, Value: number})
	}
	if len(c.Limits) == 0 {
		o.bad(at, choice(limitOps), "the comparison is empty")
	}
	return &c
}

// countNumbers reads the field is, which defaults to {gte: 1}.
func (o object) countNumbers() (is NumberComparison, isDefault bool) {
	if _, given := o.fields["is"]; !given {
		return atLeastOne(o.at.With("is")), true
	}
	if limits := o.optionalNumbers("is"); limits != nil {
		is = *limits
	}
	return is, false
}

// whole reads a whole number from 1 to greatest.
func (o object) whole(name string, greatest int64) int {
	n, ok := wholeNumber(o.fields[name])
	if !ok || n < 1 || n > greatest {
		o.bad(o.at.With(name), "", "a whole number from 1 to %d is needed here", greatest)
		return 0
	}
	return int(n)
}

// wholeNumber reads a number without decimals.
func wholeNumber(v any) (int64, bool) {
	switch v.(type) {
	case json.Number, int, int32, int64, float64:
	default:
		return 0, false
	}
	number, err := value.Clean(v, nil)
	if err != nil {
		return 0, false
	}
	text, _ := number.(json.Number)
	n, err := strconv.ParseInt(value.ShortestNumber(string(text)), 10, 64)
	return n, err == nil
}
