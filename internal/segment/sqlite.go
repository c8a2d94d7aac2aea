package segment

import (
	"encoding/json"
	"strings"

	"github.com/onecdp/onecdp/internal/rule"
	"github.com/onecdp/onecdp/internal/value"
)

// sqliteEngine leaves values to functions of this program, see functions.go.
type sqliteEngine struct{}

func (sqliteEngine) noneOf(set string) string { return "c.id NOT IN (" + set + ")" }
func (sqliteEngine) unitesSets() bool         { return false }

func (sqliteEngine) sorted(column string) string { return column }

func (sqliteEngine) holds(c *compiler, doc document, test rule.Test) string {
	switch {
	case doc.text && (test.Op == rule.Equals || test.Op == rule.In):
		return textOneOf(c, doc.column, test.Texts)
	case doc.text:
		return "onecdp_holds(json_quote(" + doc.column + "), " + c.hold(test) + ")"
	case doc.whole:
		return "onecdp_holds(" + doc.column + ", " + c.hold(test) + ")"
	case doc.dotted:
		return "onecdp_path_holds(" + doc.column + ", " + c.args.Bind(doc.key) + ", " + c.hold(test) + ")"
	default:
		return "onecdp_holds(" + doc.column + " -> " + c.args.Bind(memberPath(doc.key)) + ", " + c.hold(test) + ")"
	}
}

// memberPath is SQLite's path of one member of an object.
func memberPath(key string) string { return "$." + string(value.AppendText(nil, key)) }

// hold keeps a test for the functions and returns its number's placeholder.
func (c *compiler) hold(test rule.Test) string { return c.args.Bind(c.held.keep(&test)) }

func (sqliteEngine) oneOf(c *compiler, number string, list []int64) string {
	return number + " IN (SELECT value FROM json_each(" + c.args.Bind(jsonOf(list)) + "))"
}

// textOneOf is the condition that a text is in the list.
func textOneOf(c *compiler, text string, list []string) string {
	if list == nil {
		list = []string{}
	}
	return text + " IN (SELECT value FROM json_each(" + c.args.Bind(jsonOf(list)) + "))"
}

func (sqliteEngine) bytesOneOf(c *compiler, bytes string, list [][]byte) string {
	const digits = "0123456789abcdef"
	texts := make([]string, len(list))
	for i, b := range list {
		var text strings.Builder
		for _, one := range b {
			text.WriteByte(digits[one>>4])
			text.WriteByte(digits[one&15])
		}
		texts[i] = text.String()
	}
	return bytes + " IN (SELECT unhex(value) FROM json_each(" + c.args.Bind(jsonOf(texts)) + "))"
}

// jsonOf writes lists of numbers and texts, which cannot fail.
func jsonOf(list any) string {
	text, err := json.Marshal(list)
	if err != nil {
		panic("segment: " + err.Error())
	}
	return string(text)
}

// amounts: a sum of amounts may leave 64 bits, so the high and the low half are summed apart.
func (sqliteEngine) amounts(c *compiler, aggregate rule.Aggregate, filter string, is rule.NumberComparison) string {
	const high, low = "coalesce(sum(e.amount >> 32)", "coalesce(sum(e.amount & 4294967295)"
	count := "1"
	if aggregate == rule.Avg {
		count = "count(e.amount)" + filter
	}
	return "onecdp_amount_holds(" + high + filter + ", 0), " + low + filter + ", 0), " + count + ", " + c.args.Bind(c.held.keep(&is)) + ")"
}

func (sqliteEngine) properties(c *compiler, aggregate rule.Aggregate, path, filter string, is rule.NumberComparison) (having, join string) {
	zero := int64(0)
	if absentIsZero(aggregate) && is.HoldsAtZero() {
		zero = 1
	}
	question := &aggregation{aggregate: aggregate, path: path, is: is}
	return "coalesce(onecdp_aggregate_holds(e.properties, " + c.args.Bind(c.held.keep(question)) + ")" + filter + ", " + c.args.Bind(zero) + ")", ""
}

func (sqliteEngine) day(c *compiler, time string) string {
	return "onecdp_day(" + time + ", " + c.bind("zone", c.held.zone(c.env.Zone)) + ")"
}

func (sqliteEngine) bucket(number, salt string) string {
	return "onecdp_bucket(" + number + ", " + salt + ")"
}
