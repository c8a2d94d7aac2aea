package segment

import "strings"

// A predicate says which customers are meant, as a condition on the row c of customers. It is two-valued:
// no SQL text made of it is ever NULL.
type predicate interface{ negated() predicate }

type (
	// always is everyone, or nobody.
	always bool
	// column is a condition on the row itself.
	column struct{ sql string }
	// member says whether the row is in a set.
	member struct {
		set  set
		none bool // not in the set
	}
	both   []predicate
	either []predicate
)

// set is a SELECT with one column, id: rows of customers. It may hold a row twice unless distinct.
type set struct {
	sql      string
	distinct bool
	// head and having are the parts of a set of groups: the same groups can be asked two things at once.
	head, having string
}

// grouped is the set of the groups of head for which having holds.
func grouped(head, having string) set {
	return set{sql: head + " HAVING " + having, distinct: true, head: head, having: having}
}

func (p always) negated() predicate { return !p }
func (p column) negated() predicate { return column{"NOT (" + p.sql + ")"} }
func (p member) negated() predicate { return member{p.set, !p.none} }
func (p both) negated() predicate   { return anyOf(negatedAll(p)) }
func (p either) negated() predicate { return allOf(negatedAll(p)) }

func negatedAll(all []predicate) []predicate {
	negated := make([]predicate, len(all))
	for i, p := range all {
		negated[i] = p.negated()
	}
	return negated
}

// allOf joins conditions that must all hold: nested ones are opened, constants disappear.
func allOf(all []predicate) predicate {
	var flat both
	for _, p := range all {
		switch p := p.(type) {
		case always:
			if !p {
				return p
			}
		case both:
			flat = append(flat, p...)
		default:
			flat = append(flat, p)
		}
	}
	flat = together(flat)
	switch len(flat) {
	case 0:
		return always(true)
	case 1:
		return flat[0]
	default:
		return flat
	}
}

// together makes one set of those that ask for the same groups, such as a count and a sum of the same events.
func together(all both) both {
	places := map[string]int{}
	var merged both
	for _, p := range all {
		m, ok := p.(member)
		if !ok || m.none || m.set.head == "" {
			merged = append(merged, p)
			continue
		}
		if place, seen := places[m.set.head]; seen {
			first, _ := merged[place].(member)
			merged[place] = member{set: grouped(m.set.head, first.set.having+" AND "+m.set.having)}
			continue
		}
		places[m.set.head] = len(merged)
		merged = append(merged, p)
	}
	return merged
}

// anyOf joins conditions of which one must hold.
func anyOf(all []predicate) predicate {
	var flat either
	for _, p := range all {
		switch p := p.(type) {
		case always:
			if p {
				return p
			}
		case either:
			flat = append(flat, p...)
		default:
			flat = append(flat, p)
		}
	}
	switch len(flat) {
	case 0:
		return always(false)
	case 1:
		return flat[0]
	default:
		return flat
	}
}

// condition writes a predicate as a condition on c.
func (c *compiler) condition(p predicate) string {
	switch p := p.(type) {
	case always:
		if p {
			return "1 = 1"
		}
		return "1 = 0"
	case column:
		return p.sql
	case member:
		if p.none {
			return c.engine.noneOf(p.set.sql)
		}
		return "c.id IN (" + p.set.sql + ")"
	case both:
		return c.conjunction(p)
	case either:
		return c.alternatives(p)
	default:
		panic("segment: an unknown predicate")
	}
}

func (c *compiler) conditions(all []predicate) []string {
	texts := make([]string, 0, len(all))
	for _, p := range all {
		text := c.condition(p)
		if _, nested := p.(either); nested {
			text = "(" + text + ")"
		}
		texts = append(texts, text)
	}
	return texts
}

// fewSets is how many joins with sets PostgreSQL's planner is asked to order. The time it takes grows with
// the power of their number: 200 took minutes.
const fewSets = 6

// conjunction writes an AND. Many sets become one: of whoever is in all of them. Sets that must not hold the row
// become their union.
func (c *compiler) conjunction(all both) string {
	if !c.engine.unitesSets() {
		return joined(c.conditions(all), " AND ")
	}
	var conditions, within, without []string
	var sets []set
	for _, p := range all {
		switch p := p.(type) {
		case member:
			if p.none {
				without = append(without, p.set.sql)
			} else {
				sets = append(sets, p.set)
			}
		case either:
			if sql, ok := c.union(p); ok {
				sets = append(sets, set{sql: sql})
			} else {
				conditions = append(conditions, "("+c.condition(p)+")")
			}
		default:
			conditions = append(conditions, c.condition(p))
		}
	}
	if len(sets) > fewSets {
		for _, s := range sets {
			if !s.distinct {
				s.sql = "SELECT DISTINCT id FROM (" + s.sql + ") AS d"
			}
			within = append(within, s.sql)
		}
		conditions = append(conditions, "c.id IN (SELECT id FROM ("+joined(within, " UNION ALL ")+") AS everywhere GROUP BY id HAVING count(*) = "+
			c.args.Bind(int64(len(sets)))+")")
	} else {
		for _, s := range sets {
			conditions = append(conditions, "c.id IN ("+s.sql+")")
		}
	}
	if len(without) > 0 {
		conditions = append(conditions, c.engine.noneOf(joined(without, " UNION ALL ")))
	}
	return joined(conditions, " AND ")
}

// alternatives writes an OR.
func (c *compiler) alternatives(all either) string {
	if sql, ok := c.union(all); ok {
		return "c.id IN (" + sql + ")"
	}
	return joined(c.conditions(all), " OR ")
}

// union puts alternatives together as one set, where the engine would otherwise check each row against each set.
func (c *compiler) union(all either) (sql string, ok bool) {
	var rows, sets []predicate
	for _, p := range all {
		if _, plain := p.(column); plain {
			rows = append(rows, p)
		} else {
			sets = append(sets, p)
		}
	}
	if len(sets) == 0 || !c.engine.unitesSets() {
		return "", false
	}
	var parts []string
	if len(rows) > 0 {
		parts = append(parts, c.rowsWhere("("+joined(c.conditions(rows), " OR ")+")"))
	}
	for _, p := range sets {
		if m, ok := p.(member); ok && !m.none {
			parts = append(parts, m.set.sql)
		} else {
			parts = append(parts, c.rowsWhere(c.condition(p)))
		}
	}
	return joined(parts, " UNION ALL "), true
}

// rowsWhere is the set of customers for whom a condition holds.
func (c *compiler) rowsWhere(condition string) string {
	return "SELECT c.id FROM customers c WHERE " + c.onlyRow("c.id") + condition
}

// joined joins many terms as a balanced tree: engines recurse into long chains, and SQLite stops at
// a depth of 1,000.
func joined(terms []string, operator string) string {
	const flat = 40 // shorter chains read better than brackets
	if len(terms) <= flat {
		return strings.Join(terms, operator)
	}
	groups := make([]string, 0, len(terms)/flat+1)
	for len(terms) > 0 {
		n := min(flat, len(terms))
		groups = append(groups, group(strings.Join(terms[:n], operator), operator))
		terms = terms[n:]
	}
	return joined(groups, operator)
}

// group puts terms in brackets. A bracket around a SELECT is not SQL everywhere; a SELECT from it is.
func group(terms, operator string) string {
	if strings.Contains(operator, "UNION") {
		return "SELECT id FROM (" + terms + ") AS part"
	}
	return "(" + terms + ")"
}
