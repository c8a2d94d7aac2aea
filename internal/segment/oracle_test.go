package segment_test

import (
	"encoding/json"
	"math/big"
	"strconv"
	"strings"
	"time"

	"github.com/onecdp/onecdp/internal/identity"
	"github.com/onecdp/onecdp/internal/rule"
	"github.com/onecdp/onecdp/internal/value"
)

// oracle evaluates rules in Go, one person after the other, with nothing of the compiler: slowly and plainly.
type oracle struct {
	env   rule.Env
	types *types
}

func (o oracle) means(n rule.Node, p person) bool {
	switch n := n.(type) {
	case *rule.All:
		for _, child := range n.Rules {
			if !o.means(child, p) {
				return false
			}
		}
		return true
	case *rule.Any:
		for _, child := range n.Rules {
			if o.means(child, p) {
				return true
			}
		}
		return false
	case *rule.Not:
		return !o.means(n.Rule, p)
	case *rule.Attribute:
		return n.Is.Resolve(o.env).Holds(rule.FindAttribute(decoded(p.attributes), n.Name))
	case *rule.Tag:
		var found rule.Found
		for _, t := range p.tags {
			if t.key == n.Key && (t.until == nil || t.until.After(o.env.AsOf)) {
				v, _ := value.Decode(canonical(t.value))
				found = rule.Elements(v)
			}
		}
		return n.Is.Resolve(o.env).Holds(found)
	case *rule.Identity:
		return o.identity(n, p)
	case *rule.Event:
		return o.event(n, p)
	default:
		panic("the oracle knows no such rule")
	}
}

func decoded(document string) map[string]any {
	v, err := value.Decode(canonical(document))
	if err != nil {
		panic(err)
	}
	return v.(map[string]any)
}

func (o oracle) identity(n *rule.Identity, p person) bool {
	var values []any
	for _, id := range p.identities {
		if string(id.Type) == n.Type && (n.Scope == nil || id.Scope == *n.Scope) {
			values = append(values, id.Value)
		}
	}
	if n.Is == nil {
		if n.Count == nil {
			return len(values) > 0
		}
		return n.Count.Holds(strconv.Itoa(len(values)))
	}
	registry := o.types.Registry()
	test := n.Is.MapTexts(func(text string) string {
		switch n.Is.Op {
		case rule.Equals, rule.NotEquals, rule.In, rule.NotIn:
			id, reason := registry.Normalise(identity.Claim{Type: n.Type, Scope: "any", Value: text})
			if reason != nil {
				return "\x00 nothing"
			}
			return id.Value
		default:
			return registry.NormaliseFragment(n.Type, text)
		}
	}).Resolve(o.env)
	if n.Count == nil {
		return test.Holds(rule.Found(values))
	}
	count := 0
	for _, v := range values {
		if test.Holds(rule.Elements(v)) {
			count++
		}
	}
	return n.Count.Holds(strconv.Itoa(count))
}

func (o oracle) event(n *rule.Event, p person) bool {
	var ever, within []event
	for _, e := range p.events {
		if e.at.After(o.env.AsOf) || !named(n.Names, e.name) || !o.where(n.Where, e) {
			continue
		}
		ever = append(ever, e)
		if n.Within == nil || n.Within.Bounds(o.env.AsOf, o.env.Zone).Contains(e.at) {
			within = append(within, e)
		}
	}
	if n.First != nil && (len(ever) == 0 || !n.First.Bounds(o.env.AsOf, o.env.Zone).Contains(earliest(ever))) {
		return false
	}
	if n.Last != nil && (len(ever) == 0 || !n.Last.Bounds(o.env.AsOf, o.env.Zone).Contains(latest(ever))) {
		return false
	}
	return o.aggregate(n, within)
}

func named(names []string, name string) bool {
	for _, one := range names {
		if one == name {
			return true
		}
	}
	return names == nil
}

func earliest(events []event) time.Time {
	first := events[0].at
	for _, e := range events {
		if e.at.Before(first) {
			first = e.at
		}
	}
	return first
}

func latest(events []event) time.Time {
	last := events[0].at
	for _, e := range events {
		if e.at.After(last) {
			last = e.at
		}
	}
	return last
}

func (o oracle) where(properties []rule.Property, e event) bool {
	for _, p := range properties {
		if !p.Is.Resolve(o.env).Holds(property(e, p.Name)) {
			return false
		}
	}
	return true
}

func property(e event, path string) rule.Found {
	switch path {
	case rule.ChannelProperty:
		if e.channel == "" {
			return nil
		}
		return rule.Elements(e.channel)
	case rule.SourceProperty:
		return rule.Elements(e.source)
	case rule.AmountProperty:
		if e.amount == nil {
			return nil
		}
		return rule.Elements(json.Number(value.FormatMicros(*e.amount)))
	default:
		return rule.FindProperty(decoded(e.properties), path)
	}
}

func (o oracle) aggregate(n *rule.Event, events []event) bool {
	var numbers []*big.Rat
	distinct, days := map[string]bool{}, map[value.Day]bool{}
	for _, e := range events {
		days[rule.DayAt(e.at, o.env.Zone)] = true
		if n.Property == "" {
			continue
		}
		for _, v := range property(e, n.Property) {
			if number, ok := v.(json.Number); ok {
				exact, _ := new(big.Rat).SetString(string(number))
				numbers = append(numbers, exact)
				distinct["number "+exact.RatString()] = true
			} else if text, ok := v.(string); ok {
				distinct["text "+text] = true
			} else if truth, ok := v.(bool); ok {
				distinct["truth "+strconv.FormatBool(truth)] = true
			}
		}
	}
	result := new(big.Rat)
	switch n.Aggregate {
	case rule.Count:
		result.SetInt64(int64(len(events)))
	case rule.ActiveDays:
		result.SetInt64(int64(len(days)))
	case rule.Distinct:
		result.SetInt64(int64(len(distinct)))
	case rule.Sum, rule.Avg:
		for _, number := range numbers {
			result.Add(result, number)
		}
		if n.Aggregate == rule.Avg {
			if len(numbers) == 0 {
				return false
			}
			result.Quo(result, new(big.Rat).SetInt64(int64(len(numbers))))
		}
	case rule.Min, rule.Max:
		if len(numbers) == 0 {
			return false
		}
		result = numbers[0]
		for _, number := range numbers {
			if c := number.Cmp(result); c < 0 && n.Aggregate == rule.Min || c > 0 && n.Aggregate == rule.Max {
				result = number
			}
		}
	}
	return n.Is.HoldsFor(func(limit string) int {
		bound, ok := new(big.Rat).SetString(strings.TrimSpace(limit))
		if !ok {
			panic("a limit that is no number")
		}
		return result.Cmp(bound)
	})
}
