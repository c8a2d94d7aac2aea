package segment

import (
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/lib/pq"

	"github.com/onecdp/onecdp/internal/personal"
	"github.com/onecdp/onecdp/internal/rule"
	"github.com/onecdp/onecdp/internal/value"
)

// postgresEngine compares in SQL. A cast that could fail stands behind a test of the type.
type postgresEngine struct{}

// noneOf as NOT EXISTS is a join; NOT IN would look every row up in a table that must fit into memory.
func (postgresEngine) noneOf(set string) string {
	return "NOT EXISTS (SELECT FROM (" + set + ") AS m WHERE m.id = c.id)"
}

func (postgresEngine) unitesSets() bool { return true }

func (postgresEngine) sorted(column string) string { return column + " + 0" }

func (postgresEngine) oneOf(c *compiler, number string, list []int64) string {
	return number + " = ANY(" + c.args.Bind(pq.Int64Array(list)) + "::bigint[])"
}

func (postgresEngine) bytesOneOf(c *compiler, bytes string, list [][]byte) string {
	return bytes + " = ANY(" + c.args.Bind(pq.ByteaArray(list)) + "::bytea[])"
}

func (e postgresEngine) holds(c *compiler, doc document, test rule.Test) string {
	if test.Op == rule.Exists {
		return e.exists(c, doc)
	}
	if test.Op == rule.NotWithinLast {
		within := test
		within.Op = rule.WithinLast
		return "(" + e.some(c, doc, e.timely(doc)) + " AND NOT " + e.some(c, doc, e.satisfies(c, doc, within)) + ")"
	}
	if !doc.text && !doc.dotted {
		if sql, ok := e.plain(c, e.value(c, doc), test); ok {
			return sql
		}
	}
	return e.some(c, doc, e.satisfies(c, doc, test))
}

// plain writes the comparisons that need not take a list apart, and so no subplan.
func (e postgresEngine) plain(c *compiler, v string, test rule.Test) (sql string, ok bool) {
	switch {
	case test.Op == rule.Equals || test.Op == rule.In: // a list contains its elements, a scalar itself
		if literals := jsonLiterals(test); len(literals) == 1 {
			return "coalesce(" + v + " @> " + c.args.Bind(literals[0]) + "::jsonb, false)", true
		}
		literals := c.args.Bind(pq.StringArray(jsonLiterals(test)))
		return "coalesce(CASE jsonb_typeof(" + v + ") WHEN 'array' THEN " + v + " @> ANY(" + literals + "::jsonb[]) ELSE " +
			v + " = ANY(" + literals + "::jsonb[]) END, false)", true
	case len(test.NumberEnds) > 0 && len(test.TextEnds) == 0 && test.Times == nil:
		// strict: a lax filter would look into lists inside the list
		conditions, limits := make([]string, len(test.NumberEnds)), make([]string, len(test.NumberEnds))
		for i, end := range test.NumberEnds {
			limit := "limit" + strconv.Itoa(i)
			conditions[i] = "@ " + sign(string(end.Op)) + " $" + limit
			limits[i] = `"` + limit + `":` + end.Value
		}
		return "coalesce(CASE jsonb_typeof(" + v + ") WHEN 'array' THEN jsonb_path_exists(" + v + ", " +
			c.args.Bind("strict $[*] ? ("+strings.Join(conditions, " && ")+")") + "::jsonpath, " + c.args.Bind("{"+strings.Join(limits, ",")+"}") +
			"::jsonb) WHEN 'number' THEN " + e.ordered(c, document{}, test)(v) + " END, false)", true
	default:
		return "", false
	}
}

// value is the JSON value of a document that is no path.
func (postgresEngine) value(c *compiler, doc document) string {
	if doc.whole {
		return doc.column
	}
	return "(" + doc.column + " -> " + c.bind("key", doc.key) + "::text)"
}

func (e postgresEngine) exists(c *compiler, doc document) string {
	switch {
	case doc.text:
		return doc.column + " IS NOT NULL"
	case doc.dotted:
		return "EXISTS (SELECT FROM jsonb_path_query(" + doc.column + ", " + c.bind("path", jsonPath(doc.key)) +
			"::jsonpath) AS x(v) WHERE jsonb_typeof(x.v) <> 'null')"
	default:
		return "coalesce(jsonb_typeof(" + e.value(c, doc) + ") <> 'null', false)"
	}
}

// some is the condition that some element of the document satisfies: an expression over v, an
// element's JSON, or over the text itself.
func (e postgresEngine) some(c *compiler, doc document, satisfies func(v string) string) string {
	switch {
	case doc.text:
		return "coalesce(" + satisfies(doc.column) + ", false)"
	case doc.dotted:
		return "EXISTS (SELECT FROM jsonb_path_query(" + doc.column + ", " + c.bind("path", jsonPath(doc.key)+"[*]") +
			"::jsonpath) AS x(v) WHERE " + satisfies("x.v") + ")"
	default:
		v := e.value(c, doc)
		return "CASE jsonb_typeof(" + v + ") WHEN 'array' THEN EXISTS (SELECT FROM jsonb_array_elements(" + v +
			") AS x(v) WHERE " + satisfies("x.v") + ") ELSE coalesce(" + satisfies(v) + ", false) END"
	}
}

// jsonPath writes a dotted path as jsonpath. lax goes through lists. It is bound like any value.
func jsonPath(path string) string { return jsonMember(strings.Split(path, ".")...) }

// jsonMember is the jsonpath of a member of a member.
func jsonMember(keys ...string) string {
	text := []byte("lax $")
	for _, key := range keys {
		text = value.AppendText(append(text, '.'), key)
	}
	return string(text)
}

func jsonLiterals(test rule.Test) []string {
	var literals []string
	for _, text := range test.Texts {
		literals = append(literals, string(value.AppendText(nil, text)))
	}
	literals = append(literals, test.Numbers...)
	for _, truth := range test.Bools {
		literals = append(literals, string(value.JSON(truth)))
	}
	return literals
}

// textOf is the text of an element, and the test that it is one.
func textOf(doc document, v string) (text, guard string) {
	if doc.text {
		return v, ""
	}
	return "(" + v + " #>> '{}')", "jsonb_typeof(" + v + ") = 'string' AND "
}

// satisfies writes the positive form of a test for one element. Its values are bound once, however often
// it is written.
func (e postgresEngine) satisfies(c *compiler, doc document, test rule.Test) func(v string) string {
	onText := func(condition func(text string) string) func(string) string {
		return func(v string) string {
			text, guard := textOf(doc, v)
			return guard + condition(text)
		}
	}
	if test.Masked && test.LooksIntoTexts() {
		test.Masked = false
		shape, plain := c.bind("shape", personal.Shape()), e.satisfies(c, doc, test)
		froms, tos := personal.Folding()
		glance, letters, as := c.bind("glance", personal.Glance()), c.bind("letters", froms), c.bind("as", tos)
		return func(v string) string {
			text, _ := textOf(doc, v)
			folded := "CASE WHEN octet_length(" + text + ") = length(" + text + ") THEN " + text + " ELSE translate(" + text + ", " + letters + "::text, " + as + "::text) END"
			return plain(v) + " AND CASE WHEN " + text + " ~ " + glance + "::text THEN (" + folded + ") !~ " + shape + "::text ELSE true END" // last: it costs most
		}
	}
	switch test.Op {
	case rule.Equals, rule.In:
		if doc.text {
			texts := c.args.Bind(pq.StringArray(test.Texts))
			return func(v string) string { return v + " = ANY(" + texts + "::text[])" }
		}
		literals := c.args.Bind(pq.StringArray(jsonLiterals(test)))
		return func(v string) string { return v + " = ANY(" + literals + "::jsonb[])" }
	case rule.Contains:
		part := c.args.Bind(test.Text)
		return onText(func(text string) string { return "strpos(" + text + ", " + part + "::text) > 0" })
	case rule.StartsWith:
		part := c.args.Bind(test.Text)
		return onText(func(text string) string { return "starts_with(" + text + ", " + part + "::text)" })
	case rule.EndsWith:
		part := c.args.Bind(test.Text)
		return onText(func(text string) string {
			return "right(" + text + ", length(" + part + "::text)) = " + part + "::text"
		})
	case rule.Matches:
		texts := c.args.Bind(pq.StringArray(e.matching(c, doc, test)))
		return onText(func(text string) string { return text + " = ANY(" + texts + "::text[])" })
	case rule.AnniversaryWithinNext:
		return onText(e.celebrated(c, test.Anniversary))
	default:
		return e.ordered(c, doc, test)
	}
}

// timely is the condition that an element of a document is a day or an instant.
func (postgresEngine) timely(doc document) func(v string) string {
	return func(v string) string {
		text, guard := textOf(doc, v)
		return guard + "(onecdp_day(" + text + ") IS NOT NULL OR onecdp_instant(" + text + ") IS NOT NULL)"
	}
}

func (e postgresEngine) ordered(c *compiler, doc document, test rule.Test) func(v string) string {
	var conditions []func(v string) string
	for _, end := range test.NumberEnds {
		limit := c.args.Bind(end.Value)
		conditions = append(conditions, func(v string) string {
			if doc.text {
				return "false"
			}
			return "jsonb_typeof(" + v + ") = 'number' AND " + v + " " + sign(string(end.Op)) + " " + limit + "::jsonb"
		})
	}
	for _, end := range test.TextEnds {
		limit := c.args.Bind(end.Value)
		conditions = append(conditions, func(v string) string {
			text, guard := textOf(doc, v)
			return guard + text + ` COLLATE "C" ` + sign(string(end.Op)) + " " + limit + "::text"
		})
	}
	if test.Times != nil {
		between := e.between(c, test.Times)
		conditions = append(conditions, func(v string) string {
			text, guard := textOf(doc, v)
			return guard + between(text)
		})
	}
	return func(v string) string {
		texts := make([]string, len(conditions))
		for i, condition := range conditions {
			texts[i] = condition(v)
		}
		return strings.Join(texts, " AND ")
	}
}

func sign(op string) string {
	return map[string]string{"eq": "=", "ne": "<>", "gt": ">", "gte": ">=", "lt": "<", "lte": "<="}[op]
}

// between is the condition that a text is a day or an instant inside. Only days have ten characters.
func (postgresEngine) between(c *compiler, times *rule.Times) func(text string) string {
	firstDay, lastDay := c.args.Bind(times.LeastDay.String()), c.args.Bind(times.GreatestDay.String())
	from, until := c.args.Bind(calendarInstant(times.LeastInstant)), c.args.Bind(calendarInstant(times.GreatestInstant))
	return func(text string) string {
		return "CASE WHEN length(" + text + ") = 10 THEN onecdp_day(" + text + ") BETWEEN " + firstDay + "::date AND " + lastDay +
			"::date ELSE onecdp_instant(" + text + ") BETWEEN " + from + "::timestamptz AND " + until + "::timestamptz END"
	}
}

// calendarInstant brings an end that is open to the ends of the years 1 to 9999, where all instants lie.
func calendarInstant(micros int64) time.Time {
	least := time.Date(1, time.January, 1, 0, 0, 0, 0, time.UTC).UnixMicro()
	greatest := time.Date(10000, time.January, 1, 0, 0, 0, 0, time.UTC).UnixMicro() - 1
	if micros == math.MaxInt64 { // of a range that is empty, too
		return time.UnixMicro(greatest).UTC()
	}
	return time.UnixMicro(min(max(micros, least), greatest)).UTC()
}

// celebrated is the condition that a text is a day that has an anniversary. The subquery, which OFFSET keeps from being dissolved, finds
// the day once.
func (postgresEngine) celebrated(c *compiler, a *rule.Anniversary) func(text string) string {
	zone, years := c.bind("zone", a.Zone), c.args.Bind(pq.Int64Array(lastYears(a)))
	return func(text string) string {
		day := "CASE WHEN length(" + text + ") = 10 THEN onecdp_day(" + text + ") ELSE (onecdp_instant(" + text + ") AT TIME ZONE " + zone + "::text)::date END"
		return "(SELECT date_part('year', d.on_day) <= (" + years + "::bigint[])[date_part('month', d.on_day)::int * 31 + date_part('day', d.on_day)::int - 31]" +
			" FROM (SELECT " + day + " AS on_day OFFSET 0) AS d)"
	}
}

// lastYears are the years of an anniversary's days, each at the place (month - 1)·31 + day - 1; 0 for other days.
func lastYears(a *rule.Anniversary) []int64 {
	years := make([]int64, 12*31)
	for i, monthDay := range a.MonthDays {
		years[(monthDay/100-1)*31+monthDay%100-1] = int64(a.LastYears[i])
	}
	return years
}

func (postgresEngine) bucket(number, salt string) string {
	return "('x' || substr(md5(" + salt + "::text || ':' || " + number + "::text), 1, 15))::bit(60)::bigint"
}

func (postgresEngine) day(c *compiler, time string) string {
	return "(" + time + " AT TIME ZONE " + c.bind("zone", c.env.Zone.String()) + "::text)::date"
}
