package segment

import (
	"encoding/json"
	"strings"

	"github.com/onecdp/onecdp/internal/rule"
	"github.com/onecdp/onecdp/internal/value"
)

// where is the conditions on the properties of an event, each begun by AND. possible is false when no event
// can satisfy them.
func (c *compiler) where(properties []rule.Property, names []int64) (sql string, possible bool) {
	for _, p := range properties {
		test, negative := positive(p.Is.Resolve(c.env))
		condition := c.property(p.Name, test, names)
		switch {
		case condition == "" && !negative:
			return "", false
		case condition == "":
		case negative:
			sql += " AND NOT (" + condition + ")"
		default:
			sql += " AND " + condition
		}
	}
	return sql, true
}

// property is a positive test of a property, never NULL; "" when it holds for no event.
func (c *compiler) property(name string, test rule.Test, names []int64) string {
	switch name {
	case rule.AmountProperty:
		return c.amountTest(test)
	case rule.ChannelProperty:
		return c.wordTest("e.channel_id", c.words.channels, test)
	case rule.SourceProperty:
		return c.wordTest("e.source_id", c.words.sources, test)
	}
	doc := document{column: "e.properties", key: name, dotted: strings.Contains(name, ".")}
	doc.rows = func(c *compiler) string { return "events e WHERE " + c.visible(names) }
	return c.engine.holds(c, doc, test)
}

// wordTest tests the words of a dictionary here, which are not masked; the database only compares their numbers.
func (c *compiler) wordTest(number string, dictionary map[string]int64, test rule.Test) string {
	test.Masked = false
	if test.Op == rule.Exists {
		return number + " IS NOT NULL"
	}
	var numbers []int64
	for word, n := range dictionary {
		if test.Holds(rule.Elements(word)) {
			numbers = append(numbers, n)
		}
	}
	if len(numbers) == 0 {
		return ""
	}
	return "(" + number + " IS NOT NULL AND " + c.engine.oneOf(c, number, numbers) + ")"
}

// amountTest compares the amount, which is kept in micro-units.
func (c *compiler) amountTest(test rule.Test) string {
	switch test.Op {
	case rule.Exists:
		return "e.amount IS NOT NULL"
	case rule.Equals, rule.In:
		var amounts []int64
		for _, number := range test.Numbers {
			if micros, ok := value.Micros(json.Number(number)); ok {
				amounts = append(amounts, micros)
			}
		}
		if len(amounts) == 0 {
			return ""
		}
		return "(e.amount IS NOT NULL AND " + c.engine.oneOf(c, "e.amount", amounts) + ")"
	case rule.Gt, rule.Gte, rule.Lt, rule.Lte, rule.Between:
		if len(test.NumberEnds) == 0 || len(test.TextEnds) > 0 || test.Times != nil {
			return ""
		}
		var limits rule.NumberComparison
		for _, end := range test.NumberEnds {
			limits.Limits = append(limits.Limits, rule.Limit{Op: string(end.Op), Value: end.Value})
		}
		return "(e.amount IS NOT NULL AND " + c.integers("e.amount", limits.Integers(6)) + ")"
	default:
		return "" // a number is no text and no time
	}
}
