package segment_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/onecdp/onecdp/internal/dbtest"
	"github.com/onecdp/onecdp/internal/identity"
	"github.com/onecdp/onecdp/internal/store"
)

// noon is the instant of the tables below: in Shanghai it is already 20:00 of Sunday, 15 March 2026.
var noon = time.Date(2026, 3, 15, 12, 0, 0, 0, time.UTC)

// TestComparisons: which of these values of an attribute satisfy a comparison. A person is named like the value it has.
func TestComparisons(t *testing.T) {
	t.Parallel()
	values := []string{
		`absent`, `null`, `""`, `[]`, `{}`, `[null]`, `{"a":1}`, `[["gold"]]`, `true`, `5`, `5.0`, `"5"`, `"gold"`, `"Gold"`, `["gold","silver"]`, `["silver"]`, `30`, `[1,40]`,
		`9007199254740993`, `"é"`, `"2026-03-15"`, `"2026-03-14"`, `"2026-03-08"`, `"2026-03-15T12:00:00Z"`, `"2026-03-15T15:59:59+08:00"`, `"2026-03-16T00:00:00+08:00"`,
		`"2026-03-15 12:00:00Z"`, `"1990-03-15"`, `"1990-03-22"`, `"2000-02-29"`, `"2026-02-30"`, `["2020-01-01","2026-03-14"]`,
	}
	var people []person
	for _, v := range values {
		p := person{name: v, attributes: `{"v":` + v + `}`}
		if v == "absent" {
			p.attributes = "{}"
		}
		people = append(people, p)
	}
	but := func(without ...string) []string {
		return slices.DeleteFunc(slices.Clone(values), func(v string) bool { return slices.Contains(without, v) })
	}
	cases := []struct {
		is   string
		want []string
	}{
		{`{"exists":true}`, but(`absent`, `null`)},
		{`{"exists":false}`, []string{`absent`, `null`}},
		{`{"equals":"gold"}`, []string{`"gold"`, `["gold","silver"]`}},
		{`{"notEquals":"gold"}`, but(`"gold"`, `["gold","silver"]`)},
		{`{"equals":5}`, []string{`5`, `5.0`}},
		{`{"equals":50e-1}`, []string{`5`, `5.0`}},
		{`{"equals":"5"}`, []string{`"5"`}},
		{`{"equals":true}`, []string{`true`}},
		{`{"equals":1}`, []string{`[1,40]`}},
		{`{"equals":""}`, []string{`""`}},
		{`{"equals":9007199254740992}`, nil},
		{`{"equals":9007199254740993.0}`, []string{`9007199254740993`}},
		{`{"equals":"e\u0301"}`, []string{`"é"`}},
		{`{"in":[]}`, nil},
		{`{"notIn":[]}`, values},
		{`{"in":["silver",30,true]}`, []string{`true`, `["gold","silver"]`, `["silver"]`, `30`}},
		{`{"notIn":["silver",30,true]}`, but(`true`, `["gold","silver"]`, `["silver"]`, `30`)},
		{`{"gt":30}`, []string{`[1,40]`, `9007199254740993`}},
		{`{"gte":30}`, []string{`30`, `[1,40]`, `9007199254740993`}},
		{`{"lt":5}`, []string{`[1,40]`}},
		{`{"lte":5}`, []string{`5`, `5.0`, `[1,40]`}},
		{`{"between":[5,30]}`, []string{`5`, `5.0`, `30`}},
		{`{"between":[30,5]}`, nil},
		{`{"between":["Gold","gold"]}`, []string{`"Gold"`, `"gold"`, `["gold","silver"]`}},
		{`{"gt":"gold"}`, []string{`["gold","silver"]`, `["silver"]`, `"é"`}},
		{`{"lt":""}`, nil},
		{`{"contains":"ol"}`, []string{`"gold"`, `"Gold"`, `["gold","silver"]`}},
		{`{"contains":""}`, but(`absent`, `null`, `[]`, `{}`, `[null]`, `{"a":1}`, `[["gold"]]`, `true`, `5`, `5.0`, `30`, `[1,40]`, `9007199254740993`)},
		{`{"startsWith":"5"}`, []string{`"5"`}},
		{`{"endsWith":"ver"}`, []string{`["gold","silver"]`, `["silver"]`}},
		{`{"matches":"[gG]ol."}`, []string{`"gold"`, `"Gold"`, `["gold","silver"]`}},
		{`{"matches":"ol"}`, nil},
		{`{"matches":"e\u0301"}`, []string{`"é"`}},
		{`{"gte":"2026-03-15"}`, []string{`"2026-03-15"`, `"2026-03-15T12:00:00Z"`, `"2026-03-15T15:59:59+08:00"`, `"2026-03-16T00:00:00+08:00"`}},
		{`{"gt":"2026-03-15"}`, []string{`"2026-03-16T00:00:00+08:00"`}},
		{`{"lte":"2026-03-15T00:00:00+08:00"}`, []string{`"2026-03-15"`, `"2026-03-14"`, `"2026-03-08"`, `"1990-03-15"`, `"1990-03-22"`, `"2000-02-29"`, `["2020-01-01","2026-03-14"]`}},
		{`{"equals":"2026-03-15T20:00:00+08:00"}`, nil},
		{`{"withinLast":"P1D"}`, []string{`"2026-03-15"`, `"2026-03-14"`, `"2026-03-15T12:00:00Z"`, `"2026-03-15T15:59:59+08:00"`, `["2020-01-01","2026-03-14"]`}},
		{`{"withinLast":"PT1H"}`, []string{`"2026-03-15"`, `"2026-03-15T12:00:00Z"`}},
		{`{"withinNext":"PT4H"}`, []string{`"2026-03-15"`, `"2026-03-15T12:00:00Z"`, `"2026-03-16T00:00:00+08:00"`}},
		{`{"notWithinLast":"P1D"}`, []string{`"2026-03-08"`, `"2026-03-16T00:00:00+08:00"`, `"1990-03-15"`, `"1990-03-22"`, `"2000-02-29"`}},
		{`{"anniversaryWithinNext":"P7D"}`, []string{`"1990-03-15"`, `"1990-03-22"`}},
		{`{"anniversaryWithinNext":"P1Y"}`, []string{`"2026-03-15"`, `"2026-03-14"`, `"2026-03-08"`, `"2026-03-15T12:00:00Z"`, `"2026-03-15T15:59:59+08:00"`, `"1990-03-15"`, `"1990-03-22"`, `"2000-02-29"`, `["2020-01-01","2026-03-14"]`}},
	}
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		people := slices.Clone(people)
		for i := range people { // the same values as a tag
			if v := people[i].name; v != "absent" {
				people[i].tags = []tagged{{key: "v", value: v}}
			}
		}
		w := newWorld(t, db, people)
		for _, c := range cases {
			for _, field := range []string{`{"attribute":{"name":"v","is":%s}}`, `{"tag":{"key":"v","is":%s}}`} {
				text := fmt.Sprintf(field, c.is)
				want := slices.Clone(c.want)
				slices.SortFunc(want, func(a, b string) int { return slices.Index(values, a) - slices.Index(values, b) })
				if found := w.ask(t, text, noon, shanghai); !slices.Equal(found, want) {
					t.Errorf("%s\nfound %s\nwant  %s", text, strings.Join(found, "  "), strings.Join(want, "  "))
				}
			}
		}
	})
}

// TestIdentitiesOfARule: who has which identities.
func TestIdentitiesOfARule(t *testing.T) {
	t.Parallel()
	id := func(typ, scope, value string) identity.Identity {
		return identity.Identity{Type: identity.TypeName(typ), Scope: scope, Value: value}
	}
	people := []person{
		{name: "none"},
		{name: "phone", identities: []identity.Identity{id("phone", "", "+8613800138111")}},
		{name: "mails", identities: []identity.Identity{id("email", "", "a@example.com"), id("email", "", "b@example.cn")}},
		{name: "member", identities: []identity.Identity{id("member_no", "", "M1"), id("member_no", "shop", "M2")}},
		{name: "wx", identities: []identity.Identity{id("wechat_openid", "wx1", "o1")}},
	}
	cases := []struct {
		rule string
		want string
	}{
		{`{"type":"phone"}`, "phone"},
		{`{"type":"phone","is":{"exists":false}}`, "none mails member wx"},
		{`{"type":"phone","is":{"equals":"138 0013 8111"}}`, "phone"},
		{`{"type":"phone","is":{"notEquals":"13800138111"}}`, "none mails member wx"},
		{`{"type":"phone","is":{"equals":"no phone"}}`, ""},
		{`{"type":"email","is":{"equals":"A@Example.com"}}`, "mails"},
		{`{"type":"email","is":{"endsWith":"@EXAMPLE.cn"}}`, "mails"},
		{`{"type":"email","count":{"gte":2}}`, "mails"},
		{`{"type":"email","count":{"lt":2}}`, "none phone member wx"},
		{`{"type":"email","is":{"endsWith":".cn"},"count":{"eq":1}}`, "mails"},
		{`{"type":"email","is":{"notEquals":"a@example.com"},"count":{"eq":1}}`, "mails"},
		{`{"type":"email","is":{"notEquals":"a@example.com"}}`, "none phone member wx"},
		{`{"type":"member_no"}`, "member"},
		{`{"type":"member_no","scope":"","is":{"equals":"M2"}}`, ""},
		{`{"type":"member_no","scope":"shop","is":{"equals":"M2"}}`, "member"},
		{`{"type":"member_no","is":{"in":["M2","x"]}}`, "member"},
		{`{"type":"wechat_openid","is":{"equals":"o1"}}`, "wx"},
		{`{"type":"wechat_openid","scope":"wx2"}`, ""},
		{`{"type":"unheard_of"}`, ""},
		{`{"type":"unheard_of","is":{"notEquals":"x"}}`, "none phone mails member wx"},
		{`{"type":"unheard_of","count":{"eq":0}}`, "none phone mails member wx"},
	}
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db, people)
		for _, c := range cases {
			if found := strings.Join(w.ask(t, `{"identity":`+c.rule+`}`, noon, shanghai), " "); found != c.want {
				t.Errorf("%s: found %q, want %q", c.rule, found, c.want)
			}
		}
	})
}

// TestEventsOfARule: what people did, counted and summed.
func TestEventsOfARule(t *testing.T) {
	t.Parallel()
	day := func(n int) time.Time { return noon.AddDate(0, 0, -n) }
	order := func(at time.Time, micros int64, properties string) event {
		return event{name: "order", source: "api", at: at, amount: &micros, properties: properties}
	}
	people := []person{
		{name: "nobody"},
		{name: "dimes", events: []event{order(day(1), 100_000, `{"sku":"a"}`), order(day(2), 200_000, `{"sku":"b"}`)}},
		{name: "edge", events: []event{order(day(7), 5_000_000, `{"items":[{"sku":"a","price":0.1},{"sku":"b","price":0.2},{"price":"9"}]}`)}},
		{name: "early", events: []event{order(day(7).Add(-time.Microsecond), 5_000_000, `{"channel":"fake","n":[1,1.0,"1",true,null]}`)}},
		{name: "future", events: []event{order(noon.Add(time.Microsecond), 5_000_000, "")}},
		{name: "now", events: []event{order(noon, 5_000_000, `{"n":"12.50"}`)}},
		{name: "viewer", events: []event{{name: "view", source: "tmall", channel: "store:1", at: day(3)}, {name: "view", source: "api", at: day(3).Add(4 * time.Hour), device: true}}},
	}
	cases := []struct{ rule, want string }{
		{`{}`, "dimes edge early now viewer"},
		{`{"names":["order"]}`, "dimes edge early now"},
		{`{"names":["order","view"],"is":{"gte":2}}`, "dimes viewer"},
		{`{"names":["never"]}`, ""},
		{`{"names":["never"],"is":{"lte":2}}`, "nobody dimes edge early future now viewer"},
		{`{"names":["order"],"is":{"eq":0}}`, "nobody future viewer"},
		{`{"names":["order"],"is":{"lte":1}}`, "nobody edge early future now viewer"},
		{`{"names":["order"],"is":{"ne":1}}`, "nobody dimes future viewer"},
		{`{"names":["order"],"is":{"gt":1.5}}`, "dimes"},
		{`{"names":["order"],"within":{"last":"P7D"}}`, "dimes edge now"},
		{`{"names":["order"],"within":{"days":1}}`, "now"},
		{`{"names":["order"],"within":{"since":"2026-03-13T12:00:00Z","until":"2026-03-14T12:00:00Z"},"is":{"eq":1}}`, "dimes"},
		{`{"names":["order"],"within":{"since":"2026-03-14T12:00:00Z","until":"2026-03-13T12:00:00Z"}}`, ""},
		{`{"names":["order"],"within":{}}`, "dimes edge early now"},
		{`{"names":["order"],"aggregate":"SUM","property":"amount","is":{"eq":0.3}}`, "dimes"},
		{`{"names":["order"],"aggregate":"SUM","property":"amount","is":{"lt":1}}`, "nobody dimes future viewer"},
		{`{"names":["order"],"aggregate":"AVG","property":"amount","is":{"eq":0.15}}`, "dimes"},
		{`{"names":["order"],"aggregate":"AVG","property":"amount","is":{"lt":1}}`, "dimes"},
		{`{"names":["order"],"aggregate":"MIN","property":"amount","is":{"lte":0.1}}`, "dimes"},
		{`{"aggregate":"SUM","property":"items.price","is":{"eq":0.3}}`, "edge"},
		{`{"aggregate":"MAX","property":"items.price","is":{"gt":0}}`, "edge"},
		{`{"aggregate":"MAX","property":"n","is":{"gt":0}}`, "early"},
		{`{"aggregate":"DISTINCT","property":"n","is":{"eq":3}}`, "early"},
		{`{"aggregate":"DISTINCT","property":"sku","is":{"eq":2}}`, "dimes"},
		{`{"aggregate":"DISTINCT","property":"channel","is":{"eq":1}}`, "viewer"},
		{`{"aggregate":"ACTIVE_DAYS","is":{"gte":2}}`, "dimes viewer"}, // in Shanghai four hours later is the next day
		{`{"where":[{"property":"items.sku","is":{"equals":"b"}}]}`, "edge"},
		{`{"where":[{"property":"items.sku","is":{"notEquals":"b"}}],"names":["order"]}`, "dimes early now"},
		{`{"where":[{"property":"channel","is":{"equals":"fake"}}]}`, ""},
		{`{"where":[{"property":"channel","is":{"startsWith":"store:"}}]}`, "viewer"},
		{`{"where":[{"property":"channel","is":{"exists":false}}],"names":["view"],"is":{"eq":1}}`, "viewer"},
		{`{"where":[{"property":"source","is":{"matches":"t.*"}}]}`, "viewer"},
		{`{"where":[{"property":"amount","is":{"between":[0.1,0.15]}}]}`, "dimes"},
		{`{"where":[{"property":"amount","is":{"equals":"5"}}]}`, ""},
		{`{"where":[{"property":"nobody.has","is":{"equals":1}}]}`, ""},
		{`{"names":["order"],"first":{"last":"P7D"}}`, "dimes edge now"},
		{`{"names":["order"],"last":{"until":"2026-03-10T00:00:00Z"}}`, "edge early"},
		{`{"names":["order"],"last":{"last":"P1D"},"is":{"gte":2}}`, "dimes"},
		{`{"names":["order"],"last":{},"is":{"eq":0}}`, ""},
		{`{"names":["order"],"within":{"last":"PT1H"},"last":{},"is":{"eq":0}}`, "dimes edge early"},
	}
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db, people)
		for _, c := range cases {
			if found := strings.Join(w.ask(t, `{"event":`+c.rule+`}`, noon, shanghai), " "); found != c.want {
				t.Errorf("%s: found %q, want %q", c.rule, found, c.want)
			}
		}
		if found := strings.Join(w.ask(t, `{"event":{"names":["order"]}}`, noon.Add(time.Hour), shanghai), " "); found != "dimes edge early future now" {
			t.Errorf("an hour later: %q", found)
		}
	})
}

// TestASampleIsStable: the same people on both engines, and a smaller share is part of a greater one.
func TestASampleIsStable(t *testing.T) {
	t.Parallel()
	people := make([]person, 200)
	for i := range people {
		people[i].name = fmt.Sprint(i)
	}
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db, people)
		sample := func(percent string) []string {
			return w.ask(t, `{"bucket":{"salt":"spring","percent":`+percent+`}}`, noon, shanghai)
		}
		if len(sample("0")) != 0 || len(sample("100")) != len(people) {
			t.Error("0 is nobody and 100 everybody")
		}
		small, large := sample("10"), sample("50.5")
		if len(small) < 8 || len(small) > 35 || len(large) < 80 || len(large) > 120 {
			t.Errorf("%d and %d of 200", len(small), len(large))
		}
		for _, name := range small {
			if !slices.Contains(large, name) {
				t.Errorf("%s is in 10 percent, but not in 50.5", name)
			}
		}
		if first := []string{"3", "7", "24"}; !slices.Equal(small[:3], first) {
			t.Errorf("10 percent begin with %v, want %v on every engine", small[:3], first)
		}
	})
}
