package segment_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/onecdp/onecdp/internal/dbtest"
	"github.com/onecdp/onecdp/internal/identity"

	"github.com/onecdp/onecdp/internal/profile"
	"github.com/onecdp/onecdp/internal/rule"
	"github.com/onecdp/onecdp/internal/segment"
	"github.com/onecdp/onecdp/internal/store"
)

// TestRandomRules compares, on both databases, what random rules mean with what a plain evaluator in Go says.
func TestRandomRules(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		g := &generator{Rand: rand.New(rand.NewPCG(2026, 3)), now: time.Date(2026, 3, 29, 1, 30, 0, 123456000, time.UTC)}
		people := g.people(60)
		w := newWorld(t, db, people)
		rules := 700
		if testing.Short() {
			rules = 150
		}
		zones := []*time.Location{shanghai, time.UTC, location("America/New_York"), location("Europe/Berlin")}
		for range rules {
			text := g.rule(3)
			zone := zones[g.IntN(len(zones))]
			asOf := g.now.Add(time.Duration(g.IntN(40)-10) * 24 * time.Hour / 4)
			read, err := w.service.Read(object(t, text), nil)
			if err != nil {
				t.Fatalf("%s: %v", text, err)
			}
			judge := oracle{env: rule.Env{AsOf: asOf, Zone: zone}, types: w.types}
			var want []string
			for _, p := range people {
				if judge.means(read.Root, p) {
					want = append(want, p.name)
				}
			}
			if found := w.ask(t, text, asOf, zone); !slices.Equal(found, want) {
				t.Fatalf("%s\nasOf %s in %s\nfound %v\nwant  %v", text, asOf.Format(time.RFC3339Nano), zone, found, want)
			}
			one := g.IntN(len(people))
			matches, err := w.service.Matches(t.Context(), profile.Row(row(one)), segment.Question{Rule: read, AsOf: asOf, Zone: zone}, segment.Question{AsOf: asOf, Zone: zone})
			if err != nil {
				t.Fatalf("%s: %v", text, err)
			}
			if matches[0] != slices.Contains(want, people[one].name) || !matches[1] {
				t.Fatalf("%s\nof %s alone: %v", text, people[one].name, matches)
			}
		}
	})
}

// generator makes small worlds and rules about them, so that most rules mean some people and not all.
type generator struct {
	*rand.Rand
	now time.Time
	n   int
}

func pick[T any](g *generator, of ...T) T { return of[g.IntN(len(of))] }

var (
	attributeNames = []string{"level", "a.b", `quo"te`, `back\slash`, "$x", "[0]", "城市", "new\nline", "born"}
	propertyPaths  = []string{"sku", "items.sku", "items.price", "deep.er.still", `it"s`, "channel", "source", "amount", "note", "items", ".", "x..y"}
	eventNames     = []string{"order", "view", "pay'); DROP TABLE events;--", "登录"}
	tagKeys        = []string{"vip", `k"ey`, "city"}
	texts          = []string{
		"gold", "silver", "", "Gold", "金", "é", "a.b", "5", "true", "null", "2026-03-28", "2026-03-29", "2024-02-29", "1990-03-30", "2023-02-29",
		"2026-03-28T23:30:00+08:00", "2026-03-29T01:30:00.123456Z", "2026-03-29T01:30:00.123457Z", "2026-02-27T00:00:00-23:59", "2026-03-29 01:30:00Z",
		"2026-03-29T01:30:00", "2026-03-29t01:30:00z", "0000-01-01", "9999-12-31T23:59:59-01:00", `quo"te`, `back\slash`, "new\nline", "%", "_", "' OR 1=1 --", "𝒳", "\uffee",
		"goldfish", "fools gold",
	}
	numbers = []string{"5", "5.0", "0", "-1", "0.1", "0.3", "12.5", "9007199254740993", "9007199254740992", "1e2", "100", "0.000001", "123456789012345678901234567890"}
)

func (g *generator) scalar() string {
	switch g.IntN(8) {
	case 0:
		return pick(g, "true", "false")
	case 1, 2, 3:
		return pick(g, numbers...)
	default:
		return quoted(pick(g, texts...))
	}
}

func (g *generator) document() string {
	switch g.IntN(10) {
	case 0:
		return "null"
	case 1:
		return pick(g, "[]", "{}", `{"gold":1}`, `[["gold"]]`, "[null]", `[{"sku":"gold"}]`)
	case 2, 3:
		var elements []string
		for range 1 + g.IntN(3) {
			elements = append(elements, pick(g, g.scalar(), g.scalar(), g.scalar(), "null"))
		}
		return "[" + strings.Join(elements, ",") + "]"
	default:
		return g.scalar()
	}
}

func (g *generator) object(names []string, value func() string) string {
	var members []string
	for _, name := range names {
		if g.IntN(3) > 0 {
			members = append(members, quoted(name)+":"+value())
		}
	}
	return "{" + strings.Join(members, ",") + "}"
}

func (g *generator) properties() string {
	item := func() string { return g.object([]string{"sku", "price"}, g.document) }
	members := map[string]func() string{
		"sku": g.document, "note": g.document, `it"s`: g.document, "channel": g.document, "amount": g.document, "x..y": g.document,
		"items": func() string {
			return pick(g, item(), "["+item()+","+item()+"]", "[["+item()+"]]", "[]", "null", "["+item()+",null,5]")
		},
		"deep": func() string {
			return pick(g, `{"er":{"still":`+g.document()+`}}`, `[{"er":[{"still":`+g.document()+`}]}]`, `{"er":`+g.document()+`}`)
		},
		"":  func() string { return `{"":` + g.document() + `}` },
		"x": func() string { return `{"":{"y":` + g.document() + `}}` },
	}
	var parts []string
	for _, name := range []string{"sku", "note", `it"s`, "channel", "amount", "x..y", "items", "deep", "", "x"} {
		if g.IntN(2) > 0 {
			parts = append(parts, quoted(name)+":"+members[name]())
		}
	}
	return "{" + strings.Join(parts, ",") + "}"
}

func (g *generator) time() time.Time {
	g.n++
	day := 24 * time.Hour
	at := g.now.Add(-time.Duration(g.IntN(50)-8) * day).Add(time.Duration(g.IntN(5)-2) * 6 * time.Hour)
	if g.IntN(8) == 0 {
		at = at.AddDate(-1-g.IntN(3), 0, 0)
	}
	return at.Add(time.Duration(g.n) * time.Microsecond)
}

func (g *generator) people(n int) []person {
	people := make([]person, n)
	for i := range people {
		p := person{name: fmt.Sprint("p", i), attributes: g.object(attributeNames, g.document)}
		for _, key := range tagKeys {
			if g.IntN(2) > 0 {
				tag := tagged{key: key, value: strings.ReplaceAll(g.document(), "123456789012345678901234567890", "1234567")}
				if g.IntN(2) > 0 {
					tag.until = new(g.time())
				}
				p.tags = append(p.tags, tag)
			}
		}
		p.identities = g.identities(i)
		for range g.IntN(4) * g.IntN(4) {
			e := event{
				name: pick(g, eventNames...), at: g.time(), source: pick(g, "api", "tmall"), channel: pick(g, "", "mini_program", "store:1", "5"),
				properties: g.properties(), device: g.IntN(5) == 0,
			}
			if g.IntN(3) > 0 {
				e.amount = new(pick(g, int64(0), 5_000_000, 100_000, 300_000, 12_500_000, 9_000_000_000_000_000_000, -5_000_000, 1))
			}
			p.events = append(p.events, e)
		}
		people[i] = p
	}
	return people
}

func (g *generator) identities(i int) []identity.Identity {
	var all []identity.Identity
	if g.IntN(2) > 0 {
		all = append(all, identity.Identity{Type: "phone", Value: fmt.Sprintf("+86138001381%02d", i)})
	}
	for j := range g.IntN(4) {
		all = append(all, identity.Identity{Type: "email", Value: fmt.Sprintf("p%d.%d@example.%s", i, j, pick(g, "com", "cn"))})
	}
	for _, app := range []string{"wx1", "wx2"} {
		if g.IntN(2) > 0 {
			all = append(all, identity.Identity{Type: "wechat_openid", Scope: app, Value: fmt.Sprint("o", i) + app})
		}
	}
	for _, shop := range []string{"", "s'1"} {
		if g.IntN(3) > 0 {
			all = append(all, identity.Identity{Type: "member_no", Scope: shop, Value: fmt.Sprint("m", i)})
		}
	}
	return all
}

func (g *generator) rule(depth int) string {
	if depth > 0 {
		switch g.IntN(6) {
		case 0, 1:
			var children []string
			for range g.IntN(4) {
				children = append(children, g.rule(depth-1))
			}
			return `{"` + pick(g, "all", "any") + `":[` + strings.Join(children, ",") + "]}"
		case 2:
			return `{"not":` + g.rule(depth-1) + "}"
		}
	}
	switch g.IntN(10) {
	case 0, 1, 2:
		return `{"attribute":{"name":` + quoted(pick(g, append(attributeNames, "nobody has it")...)) + `,"is":` + g.comparison() + "}}"
	case 3:
		return `{"tag":{"key":` + quoted(pick(g, append(tagKeys, "no such")...)) + `,"is":` + g.comparison() + "}}"
	case 4, 5:
		return g.identityRule()
	default:
		return g.eventRule()
	}
}

func (g *generator) duration() string {
	return pick(g, "P0D", "P1D", "P7D", "P1M", "P1Y", "PT36H", "P1M3DT2H", "P30D", "P13M", "PT0.000001S")
}

func (g *generator) comparison() string {
	list := func() string {
		elements := []string{}
		for range g.IntN(12) {
			elements = append(elements, g.scalar())
		}
		return "[" + strings.Join(elements, ",") + "]"
	}
	number := func() string { return pick(g, numbers...) }
	text := func() string { return quoted(pick(g, texts...)) }
	ordered := pick(g, number, text, text)
	switch op := pick(g, "exists", "equals", "notEquals", "in", "notIn", "order", "order", "order", "between", "text", "text", "matches", "duration", "duration"); op {
	case "exists":
		return `{"exists":` + pick(g, "true", "false") + "}"
	case "equals", "notEquals":
		return `{"` + op + `":` + g.scalar() + "}"
	case "in", "notIn":
		return `{"` + op + `":` + list() + "}"
	case "order":
		return `{"` + pick(g, "gt", "gte", "lt", "lte") + `":` + ordered() + "}"
	case "between":
		return `{"between":[` + ordered() + "," + ordered() + "]}"
	case "text":
		return `{"` + pick(g, "contains", "startsWith", "endsWith") + `":` + quoted(pick(g, append(texts, "o", "2026", "00Z")...)) + "}"
	case "matches":
		return `{"matches":` + quoted(pick(g, `(?i)gold`, `.*`, `\d+`, `2026-.*`, `(gold|silver)`, `[^x]*"[^x]*`, ``)) + "}"
	default:
		return `{"` + pick(g, "withinLast", "notWithinLast", "withinNext", "anniversaryWithinNext") + `":"` + g.duration() + `"}`
	}
}

func (g *generator) identityRule() string {
	fields := []string{`"type":` + quoted(pick(g, "phone", "email", "wechat_openid", "member_no", "no_such"))}
	if g.IntN(3) == 0 {
		fields = append(fields, `"scope":`+quoted(pick(g, "", "wx1", "s'1", "other")))
	}
	if g.IntN(2) == 0 {
		fields = append(fields, `"is":`+pick(g, g.comparison(), `{"contains":"EXAMPLE.CN"}`, `{"in":["13800138105","138 0013 8106","o3wx1","m7","P8.0@Example.com"]}`,
			`{"notEquals":"m3"}`, `{"matches":".*[02468]"}`, `{"startsWith":"o"}`, `{"equals":"o4wx2"}`))
	}
	if g.IntN(2) == 0 {
		fields = append(fields, `"count":`+g.limits([]string{"0", "1", "2", "1.5", "3"}))
	}
	return `{"identity":{` + strings.Join(fields, ",") + "}}"
}

func (g *generator) limits(of []string) string {
	var limits []string
	for _, op := range g.Perm(6)[:1+g.IntN(2)] {
		limits = append(limits, `"`+[]string{"eq", "ne", "gt", "gte", "lt", "lte"}[op]+`":`+pick(g, of...))
	}
	return "{" + strings.Join(limits, ",") + "}"
}

func (g *generator) window() string {
	var parts []string
	if g.IntN(2) == 0 {
		parts = append(parts, `"last":"`+g.duration()+`"`)
	}
	if g.IntN(4) == 0 {
		parts = append(parts, `"days":`+pick(g, "1", "7", "30"))
	}
	if g.IntN(4) == 0 {
		parts = append(parts, `"since":"`+g.time().Format(time.RFC3339Nano)+`"`)
	}
	if g.IntN(4) == 0 {
		parts = append(parts, `"until":"`+g.time().Format(time.RFC3339Nano)+`"`)
	}
	return "{" + strings.Join(parts, ",") + "}"
}

func (g *generator) eventRule() string {
	var fields []string
	if g.IntN(4) > 0 {
		names := []string{pick(g, append(eventNames, "nobody's", "never")...)}
		if g.IntN(3) == 0 {
			names = append(names, pick(g, eventNames...))
		}
		encoded, _ := json.Marshal(names)
		fields = append(fields, `"names":`+string(encoded))
	}
	if g.IntN(3) == 0 {
		var where []string
		for range 1 + g.IntN(2) {
			is := g.comparison()
			where = append(where, `{"property":`+quoted(pick(g, propertyPaths...))+`,"is":`+is+"}")
		}
		fields = append(fields, `"where":[`+strings.Join(where, ",")+"]")
	}
	for _, window := range []string{"within", "first", "last"} {
		if g.IntN(4) == 0 {
			fields = append(fields, `"`+window+`":`+g.window())
		}
	}
	switch aggregate := pick(g, "", "", "COUNT", "COUNT", "SUM", "SUM", "AVG", "MIN", "MAX", "DISTINCT", "ACTIVE_DAYS"); aggregate {
	case "":
	case "COUNT", "ACTIVE_DAYS":
		fields = append(fields, `"aggregate":"`+aggregate+`"`, `"is":`+g.limits([]string{"0", "1", "2", "3", "2.5"}))
	default:
		fields = append(fields, `"aggregate":"`+aggregate+`"`, `"property":`+quoted(pick(g, append(propertyPaths, "amount", "amount", "items.price")...)),
			`"is":`+g.limits(append(numbers, "1", "2", "18000000000000", "0.4")))
	}
	return `{"event":{` + strings.Join(fields, ",") + "}}"
}
