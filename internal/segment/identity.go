package segment

import (
	"math"

	"github.com/onecdp/onecdp/internal/identity"
	"github.com/onecdp/onecdp/internal/rule"
)

// identity compiles a rule over the identities of a type, which are a list.
func (c *compiler) identity(n *rule.Identity) predicate {
	limits := rule.Integers{Least: 1, Greatest: math.MaxInt64}
	zero := false
	if n.Count != nil {
		limits, zero = n.Count.Integers(0), n.Count.HoldsAtZero()
	}
	condition, negative := "", false
	name := identity.TypeName(n.Type)
	number, known := c.types.TypeID(name)
	ofType := func(c *compiler) string {
		sql := "identities i WHERE " + c.onlyRow("i.customer_id") + "i.customer_id IS NOT NULL AND i.type_id = " + c.bind("type", int64(number))
		if n.Scope != nil {
			sql += " AND i.scope = " + c.bind("scope", c.types.Registry().NormaliseFragment("", *n.Scope))
		}
		return sql
	}
	if n.Is != nil {
		var test rule.Test
		test, negative = positive(n.Is.MapTexts(c.normaliser(n)).Resolve(c.env))
		test.Masked = false // whole types are masked or none of their values
		if known {
			condition = c.identityTest(n, test, ofType)
		}
	}
	switch {
	case n.Count == nil && !known:
		return always(negative)
	case !known:
		return always(zero)
	case n.Count == nil: // a list: positive any, negative none
		sql := "SELECT i.customer_id AS id FROM " + ofType(c)
		if condition != "" {
			sql += " AND " + condition
		}
		return member{set{sql: sql}, negative}
	}
	sql := "SELECT i.customer_id AS id FROM " + ofType(c)
	switch { // the identities that satisfy it are counted
	case condition != "" && negative:
		sql += " AND NOT (" + condition + ")"
	case condition != "":
		sql += " AND " + condition
	}
	having := c.integers("count(*)", limits)
	if zero {
		having = "NOT (" + having + ")"
	}
	return member{grouped(sql+" GROUP BY i.customer_id", having), zero}
}

// identityTest is the positive test of one identity.
func (c *compiler) identityTest(n *rule.Identity, test rule.Test, ofType func(*compiler) string) string {
	if test.Op == rule.Equals || test.Op == rule.In {
		if keys, ok := c.keys(n, test.Texts); ok {
			return c.engine.bytesOneOf(c, "i.key", keys)
		}
	}
	return c.engine.holds(c, document{column: "i.value", text: true, rows: ofType}, test)
}

// keys are the index keys of identities whose scope is known.
func (c *compiler) keys(n *rule.Identity, values []string) (keys [][]byte, ok bool) {
	t, _ := c.types.Registry().Type(identity.TypeName(n.Type))
	id := identity.Identity{Type: t.Name}
	switch {
	case n.Scope != nil:
		id.Scope = c.types.Registry().NormaliseFragment("", *n.Scope)
	case t.Scope != identity.ScopeNone:
		return nil, false
	}
	keys = [][]byte{}
	for _, id.Value = range values {
		key := id.Key()
		keys = append(keys, key[:])
	}
	return keys, true
}

// normaliser makes a literal what the stored value would be. A literal that cannot be an identity
// becomes "", which no identity is.
func (c *compiler) normaliser(n *rule.Identity) func(string) string {
	registry := c.types.Registry()
	if n.Is.Op != rule.Equals && n.Is.Op != rule.NotEquals && n.Is.Op != rule.In && n.Is.Op != rule.NotIn {
		return func(text string) string { return registry.NormaliseFragment(n.Type, text) }
	}
	const someScope = "-" // for types that need one: the value does not depend on it
	return func(text string) string {
		id, reason := registry.Normalise(identity.Claim{Type: n.Type, Scope: someScope, Value: text, Verified: true})
		if reason != nil {
			return ""
		}
		return id.Value
	}
}
