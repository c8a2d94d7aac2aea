package segment

import (
	"context"
	"time"

	"github.com/onecdp/onecdp/internal/profile"
	"github.com/onecdp/onecdp/internal/rule"
	"github.com/onecdp/onecdp/internal/store"
)

// built lists the parts of the language that can be evaluated.
var built = []rule.Feature{
	rule.FeatureAll, rule.FeatureAny, rule.FeatureNot, rule.FeatureAttribute, rule.FeatureIdentity, rule.FeatureTag,
	rule.FeatureEvent, rule.FeatureSegment, rule.FeatureBucket,
	rule.Feature(rule.Count), rule.Feature(rule.Sum), rule.Feature(rule.Avg), rule.Feature(rule.Min), rule.Feature(rule.Max),
	rule.Feature(rule.Distinct), rule.Feature(rule.ActiveDays),
}

// compiler turns the tree of a rule into SQL for one engine. Names and values are bound, never written.
type compiler struct {
	ctx    context.Context
	db     store.Querier
	types  profile.Types
	engine engine
	env    rule.Env
	words  *words
	only   *profile.Row // narrows everything to one customer

	args    store.Args
	held    *held // what SQLite's functions look up by number
	places  map[placed]string
	failure error // of a statement that compiling needed
}

// placed is a value that was bound; values of different kinds are of different types to the database.
type placed struct {
	kind  string
	value any
}

// bind binds a value that may occur many times in a rule (an instant, a name) once.
func (c *compiler) bind(kind string, value any) string {
	place, ok := c.places[placed{kind, value}]
	if !ok {
		place = c.args.Bind(value)
		c.places[placed{kind, value}] = place
	}
	return place
}

// instant binds Unix microseconds as a time.
func (c *compiler) instant(micros int64) string { return c.bind("time", time.UnixMicro(micros).UTC()) }

// beside is a compiler for another statement about the same rule.
func (c *compiler) beside() *compiler {
	other := *c
	other.args, other.places, other.failure = nil, map[placed]string{}, nil
	return &other
}

// onlyRow narrows to the one customer, where there is one.
func (c *compiler) onlyRow(id string) string {
	if c.only == nil {
		return ""
	}
	return id + " = " + c.bind("row", int64(*c.only)) + " AND "
}

// node compiles a rule. What is not built was refused before.
func (c *compiler) node(n rule.Node) predicate {
	switch n := n.(type) {
	case *rule.All:
		return allOf(c.nodes(n.Rules))
	case *rule.Any:
		return anyOf(c.nodes(n.Rules))
	case *rule.Not:
		return c.node(n.Rule).negated()
	case *rule.Attribute:
		return c.attribute(n)
	case *rule.Tag:
		return c.tag(n)
	case *rule.Identity:
		return c.identity(n)
	case *rule.Event:
		return c.event(n)
	case *rule.Bucket:
		return c.bucket(n)
	case *rule.SegmentRef:
		return c.referred(n.Segment)
	default:
		panic("segment: a rule that was not refused")
	}
}

// referred compiles the rule of a segment, which compares what it did when it was saved.
func (c *compiler) referred(name string) predicate {
	masked := c.env.Masked
	c.env.Masked = c.words.masked[name]
	p := c.node(c.words.segments[name])
	c.env.Masked = masked
	return p
}

func (c *compiler) nodes(rules []rule.Node) []predicate {
	all := make([]predicate, len(rules))
	for i, n := range rules {
		all[i] = c.node(n)
	}
	return all
}

func (c *compiler) attribute(n *rule.Attribute) predicate {
	test, negative := positive(n.Is.Resolve(c.env))
	doc := document{column: "c.attributes", key: n.Name, rows: func(*compiler) string { return "customers c WHERE 1 = 1" }}
	holds := column{c.engine.holds(c, doc, test)}
	if negative {
		return holds.negated()
	}
	return holds
}

// positive is the test that a negative one is the complement of. It holds for no absent value.
func positive(t rule.Test) (test rule.Test, negative bool) {
	switch {
	case t.Negative():
		t.Op = rule.In
		return t, true
	case t.Op == rule.Exists && !t.Exists:
		t.Exists = true
		return t, true
	default:
		return t, false
	}
}

func (c *compiler) tag(n *rule.Tag) predicate {
	test, negative := positive(n.Is.Resolve(c.env))
	id, known := c.words.tags[n.Key]
	if !known {
		return always(negative)
	}
	valid := func(c *compiler) string {
		return "customer_tags t WHERE " + c.onlyRow("t.customer_id") + "t.tag_id = " + c.bind("tag", id) +
			" AND t.current AND (t.valid_until IS NULL OR t.valid_until > " + c.instant(c.env.AsOf.UnixMicro()) + ")"
	}
	sql := "SELECT t.customer_id AS id FROM " + valid(c) + " AND " +
		c.engine.holds(c, document{column: "t.value", whole: true, rows: valid}, test)
	return member{set{sql: sql}, negative}
}

// bucket compares a hash of the salt and the public id, which a merge keeps, with a share of all hashes.
func (c *compiler) bucket(n *rule.Bucket) predicate {
	limit := bucketLimit(n.Percent)
	switch limit {
	case 0:
		return always(false)
	case buckets:
		return always(true)
	}
	return column{c.engine.bucket("c.public_id", c.args.Bind(n.Salt)) + " < " + c.args.Bind(limit)}
}
