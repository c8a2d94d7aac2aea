package segment

import (
	"math"
	"strings"

	"github.com/onecdp/onecdp/internal/customer"
	"github.com/onecdp/onecdp/internal/rule"
)

// event compiles a rule over events to the set of customers whose events satisfy it. Where the rule holds
// for people without events, it is the complement of the set of those who break it.
func (c *compiler) event(n *rule.Event) predicate {
	names, known := c.eventNames(n.Names)
	zero := n.First == nil && n.Last == nil && absentIsZero(n.Aggregate) && n.Is.HoldsAtZero()
	if !known {
		return always(zero)
	}
	where, possible := c.where(n.Where, names)
	if !possible {
		return always(zero)
	}
	if sql, ok := c.anyEvent(n, names, where); ok {
		return member{set{sql: sql}, zero}
	}
	conditions := c.visible(names) + where
	filter := ""
	if n.Within != nil {
		within := c.within(n.Within)
		if n.First == nil && n.Last == nil {
			conditions += " AND " + within
		} else {
			filter = " FILTER (WHERE " + within + ")"
		}
	}
	having, join := c.aggregate(n, filter)
	if n.First != nil {
		having += " AND " + c.endIn("min(e.occurred_at)", n.First)
	}
	if n.Last != nil {
		having += " AND " + c.endIn("max(e.occurred_at)", n.Last)
	}
	if zero {
		having = "NOT (" + having + ")"
	}
	head := "SELECT o.customer_id AS id FROM events e" + owners + join + " WHERE " + c.onlyRow("o.customer_id") + conditions + " GROUP BY o.customer_id"
	return member{grouped(head, having), zero}
}

// owners says whose an event is.
var owners = " JOIN set_owners o ON " + customer.OwnedBy("e.set_id", "e.occurred_at", "o")

// absentIsZero tells whether an aggregate of no events is 0; else it is absent.
func absentIsZero(aggregate rule.Aggregate) bool {
	return aggregate != rule.Avg && aggregate != rule.Min && aggregate != rule.Max
}

// anyEvent is the set for rules that ask only whether there is any event: it needs no groups.
func (c *compiler) anyEvent(n *rule.Event, names []int64, where string) (sql string, ok bool) {
	if n.Aggregate != rule.Count || n.First != nil || n.Last != nil {
		return "", false
	}
	limits := n.Is.Integers(0)
	atLeastOne := limits.Least == 1 && limits.Greatest == math.MaxInt64
	none := limits.Least <= 0 && limits.Greatest == 0
	if !atLeastOne && !none || len(limits.Except) > 0 {
		return "", false
	}
	conditions := c.visible(names) + where
	if n.Within != nil {
		conditions += " AND " + c.within(n.Within)
	}
	return "SELECT o.customer_id AS id FROM events e" + owners + " WHERE " + c.onlyRow("o.customer_id") + conditions, true
}

// eventNames are the numbers of the names; none for any event. known is false when nobody has an event
// of these names.
func (c *compiler) eventNames(names []string) (numbers []int64, known bool) {
	if names == nil {
		return nil, true
	}
	for _, name := range names {
		if number, ok := c.words.events[name]; ok {
			numbers = append(numbers, number)
		}
	}
	return numbers, len(numbers) > 0
}

// visible is the condition on events of these names up to asOf.
func (c *compiler) visible(names []int64) string {
	asOf := "e.occurred_at <= " + c.instant(c.env.AsOf.UnixMicro())
	switch len(names) {
	case 0:
		return asOf
	case 1:
		return "e.name_id = " + c.bind("event", names[0]) + " AND " + asOf
	default:
		return c.engine.oneOf(c, "e.name_id", names) + " AND " + asOf
	}
}

// within is the condition that an event lies in the window. Nothing after asOf is visible anyway.
func (c *compiler) within(w *rule.Window) string { return c.timeIn("e.occurred_at", w) }

// endIn is the condition that the first or last event lies in the window.
func (c *compiler) endIn(end string, w *rule.Window) string { return c.timeIn(end, w) }

func (c *compiler) timeIn(time string, w *rule.Window) string {
	from, until := w.Bounds(c.env.AsOf, c.env.Zone).Micros()
	var conditions []string
	if from != math.MinInt64 {
		conditions = append(conditions, time+" >= "+c.instant(from))
	}
	if until != math.MaxInt64 {
		conditions = append(conditions, time+" <= "+c.instant(until))
	}
	if len(conditions) == 0 {
		return time + " IS NOT NULL"
	}
	return strings.Join(conditions, " AND ")
}

// aggregate is the condition on what is aggregated of one customer's events.
func (c *compiler) aggregate(n *rule.Event, filter string) (having, join string) {
	switch {
	case n.Aggregate == rule.Count:
		return c.integers("count(*)"+filter, n.Is.Integers(0)), ""
	case n.Aggregate == rule.ActiveDays:
		return c.integers("count(DISTINCT "+c.engine.day(c, "e.occurred_at")+")"+filter, n.Is.Integers(0)), ""
	case n.Property == rule.AmountProperty:
		return c.amount(n, filter), ""
	case rule.Reserved(n.Property):
		return c.word(n, filter), ""
	default:
		return c.engine.properties(c, n.Aggregate, n.Property, filter, n.Is)
	}
}

func (c *compiler) amount(n *rule.Event, filter string) string {
	switch n.Aggregate {
	case rule.Distinct:
		return c.integers("count(DISTINCT e.amount)"+filter, n.Is.Integers(0))
	case rule.Min:
		return c.integers("min(e.amount)"+filter, n.Is.Integers(6))
	case rule.Max:
		return c.integers("max(e.amount)"+filter, n.Is.Integers(6))
	default:
		return c.engine.amounts(c, n.Aggregate, filter, n.Is)
	}
}

// word aggregates channel or source: texts, of which only DISTINCT makes a number.
func (c *compiler) word(n *rule.Event, filter string) string {
	switch {
	case n.Aggregate == rule.Distinct && n.Property == rule.ChannelProperty:
		return c.integers("count(DISTINCT e.channel_id)"+filter, n.Is.Integers(0))
	case n.Aggregate == rule.Distinct:
		return c.integers("count(DISTINCT e.source_id)"+filter, n.Is.Integers(0))
	case n.Aggregate == rule.Sum && n.Is.HoldsAtZero():
		return "1 = 1"
	default:
		return "1 = 0"
	}
}

// integers is the condition on a whole number.
func (c *compiler) integers(number string, is rule.Integers) string {
	var conditions []string
	switch {
	case is.Least > is.Greatest:
		return "1 = 0"
	case is.Least == is.Greatest:
		conditions = append(conditions, number+" = "+c.args.Bind(is.Least))
	default:
		if is.Least != math.MinInt64 {
			conditions = append(conditions, number+" >= "+c.args.Bind(is.Least))
		}
		if is.Greatest != math.MaxInt64 {
			conditions = append(conditions, number+" <= "+c.args.Bind(is.Greatest))
		}
	}
	for _, except := range is.Except {
		conditions = append(conditions, number+" <> "+c.args.Bind(except))
	}
	if len(conditions) == 0 {
		return number + " IS NOT NULL"
	}
	return strings.Join(conditions, " AND ")
}
