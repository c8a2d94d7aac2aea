package segment_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/onecdp/onecdp/internal/dbtest"
	"github.com/onecdp/onecdp/internal/profile"
	"github.com/onecdp/onecdp/internal/segment"
	"github.com/onecdp/onecdp/internal/store"
)

var update = flag.Bool("update", false, "write the golden files")

// goldenRules are shapes of rules and the file that shows their SQL; those of masked files compare masked values.
var goldenRules = map[string]string{
	"everyone":           `{"all":[]}`,
	"attribute-equals":   `{"attribute":{"name":"level","is":{"equals":"gold"}}}`,
	"attribute-not-in":   `{"attribute":{"name":"level","is":{"notIn":["gold",5,true]}}}`,
	"attribute-greater":  `{"attribute":{"name":"points","is":{"gt":5}}}`,
	"attribute-birthday": `{"attribute":{"name":"birthday","is":{"anniversaryWithinNext":"P7D"}}}`,
	"attribute-matches":  `{"attribute":{"name":"level","is":{"matches":"g.*"}}}`,
	"identity-count":     `{"identity":{"type":"email","is":{"endsWith":"@example.com"},"count":{"gte":2}}}`,
	"identity-key":       `{"identity":{"type":"wechat_openid","scope":"wx1","is":{"in":["a","b"]}}}`,
	"tag":                `{"tag":{"key":"vip","is":{"equals":true}}}`,
	"event":              `{"event":{"names":["order"]}}`,
	"event-none":         `{"event":{"names":["order"],"within":{"last":"P30D"},"is":{"eq":0}}}`,
	"event-few":          `{"event":{"names":["order","view"],"is":{"lte":2}}}`,
	"event-where":        `{"event":{"names":["order"],"where":[{"property":"items.sku","is":{"equals":"a"}},{"property":"channel","is":{"startsWith":"store:"}},{"property":"amount","is":{"gte":9.99}}]}}`,
	"event-sum-last":     `{"event":{"names":["order"],"aggregate":"SUM","property":"amount","is":{"gte":1000},"within":{"days":90},"last":{"last":"P30D"}}}`,
	"event-average":      `{"event":{"names":["order"],"aggregate":"AVG","property":"items.price","is":{"lt":10}}}`,
	"event-distinct":     `{"event":{"aggregate":"DISTINCT","property":"sku","is":{"gte":3}}}`,
	"event-active-days":  `{"event":{"aggregate":"ACTIVE_DAYS","is":{"gte":3}}}`,
	"all-of-sets":        `{"all":[{"attribute":{"name":"level","is":{"equals":"gold"}}},{"event":{"names":["order"]}},{"not":{"event":{"names":["view"]}}}]}`,
	"any-of-sets":        `{"any":[{"attribute":{"name":"level","is":{"equals":"gold"}}},{"attribute":{"name":"points","is":{"exists":true}}},{"event":{"names":["order"]}},{"not":{"tag":{"key":"vip","is":{"exists":true}}}}]}`,
	"not-any":            `{"not":{"any":[{"event":{"names":["order"]}},{"tag":{"key":"vip","is":{"exists":true}}}]}}`,
	"masked-contains":    `{"attribute":{"name":"level","is":{"contains":"o"}}}`,
	"masked-where":       `{"event":{"names":["order"],"where":[{"property":"items.sku","is":{"gt":"a"}},{"property":"channel","is":{"startsWith":"store:"}}]}}`,
	"bucket":             `{"bucket":{"salt":"spring","percent":12.5}}`,
}

func vocabularyWorld(tb testing.TB, db *store.DB) *world {
	tb.Helper()
	at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	return newWorld(tb, db, []person{{
		name: "one", tags: []tagged{{key: "vip", value: "true"}},
		events: []event{{name: "order", source: "api", channel: "store:1", at: at}, {name: "view", source: "api", at: at.Add(time.Hour)}},
	}})
}

// TestGoldenSQL shows the SQL of each dialect, and runs it.
func TestGoldenSQL(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w := vocabularyWorld(t, db)
		for name, text := range goldenRules {
			w.ask(t, text, benchmarkAsOf, shanghai)
			read, err := w.service.Read(object(t, text), nil)
			if err != nil {
				t.Fatal(err)
			}
			question := segment.Question{Rule: read, AsOf: benchmarkAsOf, Zone: shanghai, Masked: strings.HasPrefix(name, "masked")}
			count, err := w.service.CountSQL(t.Context(), question)
			if err != nil {
				t.Fatal(err)
			}
			page, err := w.service.PageSQL(t.Context(), question, segment.Members.Start(20))
			if err != nil {
				t.Fatal(err)
			}
			found := text + "\n\n-- count\n" + count + "\n\n-- page\n" + page + "\n"
			file := filepath.Join("testdata", name+"."+db.Dialect().Name()+".golden")
			if *update {
				if err := os.WriteFile(file, []byte(found), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if found != string(want) {
				t.Errorf("%s differs; go test ./internal/segment -update writes it anew\n%s", file, found)
			}
		}
	})
}

// injections are texts that end a literal, an identifier, a path or a placeholder somewhere.
var injections = []string{
	"plain", "a' = 'a' OR 1=1 --", `a" OR "1"="1`, "`; DROP TABLE customers; --", "$1", "$2::text", `\`, `\'`, "'", `"`, "]", "[0]", "$.x", `x"."y`, "%", "?", ":name", "@x",
	"$$", "/*", "*/", "');--", "lax $", "strict", "\u2028", "ﬀ", "é", "𝒳", "{}", "null", "true", "1e3", "a\nb", "a\tb", "(SELECT 1)", "NULL", "x'41'",
}

// TestNamesAndValuesAreNeverPartOfTheSQL: one text per shape of rule, whatever the names and values.
func TestNamesAndValuesAreNeverPartOfTheSQL(t *testing.T) {
	t.Parallel()
	shapes := []string{
		`{"attribute":{"name":%s,"is":{"exists":true}}}`, `{"attribute":{"name":%s,"is":{"equals":"x"}}}`, `{"attribute":{"name":"x","is":{"equals":%s}}}`,
		`{"attribute":{"name":"x","is":{"in":[%s,"y"]}}}`, `{"attribute":{"name":"x","is":{"notEquals":%s}}}`, `{"attribute":{"name":"x","is":{"gt":%s}}}`,
		`{"attribute":{"name":"x","is":{"contains":%s}}}`, `{"attribute":{"name":"x","is":{"startsWith":%s}}}`, `{"attribute":{"name":"x","is":{"endsWith":%s}}}`,
		`{"attribute":{"name":%s,"is":{"matches":"x"}}}`, `{"attribute":{"name":%s,"is":{"withinLast":"P1D"}}}`, `{"attribute":{"name":%s,"is":{"anniversaryWithinNext":"P1D"}}}`,
		`{"tag":{"key":%s,"is":{"exists":true}}}`, `{"tag":{"key":"vip","is":{"equals":%s}}}`,
		`{"identity":{"type":"member_no","scope":%s}}`, `{"identity":{"type":"member_no","is":{"equals":%s}}}`,
		`{"identity":{"type":"member_no","scope":%s,"is":{"equals":%[1]s}}}`, `{"identity":{"type":"email","is":{"contains":%s}}}`,
		`{"event":{"names":[%s]}}`, `{"event":{"names":["order"],"where":[{"property":%s,"is":{"equals":"x"}}]}}`, `{"event":{"where":[{"property":"x","is":{"lte":%s}}]}}`,
		`{"event":{"where":[{"property":"x","is":{"contains":%s}}]}}`, `{"event":{"where":[{"property":"channel","is":{"equals":%s}}]}}`,
		`{"event":{"aggregate":"SUM","property":%s,"is":{"gt":1}}}`, `{"event":{"aggregate":"DISTINCT","property":%s,"is":{"gt":1}}}`, `{"event":{"aggregate":"MAX","property":%s,"is":{"gt":1}}}`,
		`{"bucket":{"salt":%s,"percent":10}}`,
	}
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		// Every text is also a known name, or the rule would come to nothing.
		people := []person{{name: "one"}}
		for i, text := range injections {
			people[0].events = append(people[0].events, event{name: text, channel: text, source: text, at: benchmarkAsOf.Add(-time.Duration(i) * time.Hour)})
			people[0].tags = append(people[0].tags, tagged{key: text, value: quoted(text)})
		}
		people[0].events = append(people[0].events, event{name: "order", source: "api", at: benchmarkAsOf.Add(-time.Minute)})
		people[0].tags = append(people[0].tags, tagged{key: "vip", value: "true"})
		attributes := map[string]string{}
		for _, text := range injections {
			attributes[text] = text
		}
		encoded, _ := json.Marshal(attributes)
		people[0].attributes = string(encoded)
		w := newWorld(t, db, people)
		for _, shape := range shapes {
			texts := map[string]string{}
			for _, injection := range injections {
				if strings.Contains(shape, `"property":%s`) && strings.Contains(injection, ".") {
					continue // a dot makes it another shape: a path
				}
				rule := fmt.Sprintf(shape, quoted(injection))
				read, err := w.service.Read(object(t, rule), nil)
				if err != nil {
					t.Fatalf("%s: %v", rule, err)
				}
				question := segment.Question{Rule: read, AsOf: benchmarkAsOf, Zone: shanghai}
				sql, err := w.service.PageSQL(t.Context(), question, segment.Members.Start(20))
				if err != nil {
					t.Fatalf("%s: %v", rule, err)
				}
				texts[sql] = injection
				if _, err := w.service.Count(t.Context(), question); err != nil {
					t.Errorf("%s: %v", rule, err)
				}
			}
			if len(texts) != 1 {
				t.Errorf("%s makes %d texts: %v", shape, len(texts), texts)
			}
		}
		for _, injection := range injections { // and every one is found by its name
			name := quoted(injection)
			rule := fmt.Sprintf(`{"all":[{"attribute":{"name":%[1]s,"is":{"equals":%[1]s}}},{"tag":{"key":%[1]s,"is":{"equals":%[1]s}}},
				{"event":{"names":[%[1]s],"where":[{"property":"channel","is":{"equals":%[1]s}},{"property":"source","is":{"equals":%[1]s}}]}}]}`, name)
			if found := w.ask(t, rule, benchmarkAsOf, shanghai); !slices.Equal(found, []string{"one"}) {
				t.Errorf("%s: found %v", rule, found)
			}
		}
	})
}

// TestTheLargestRules: what the language allows, both engines take.
func TestTheLargestRules(t *testing.T) {
	t.Parallel()
	repeated := func(n int, one func(i int) string) string {
		parts := make([]string, n)
		for i := range parts {
			parts[i] = one(i)
		}
		return strings.Join(parts, ",")
	}
	leaf := func(i int) string {
		return []string{
			fmt.Sprintf(`{"event":{"names":["order"],"is":{"gte":%d}}}`, i%3+1), fmt.Sprintf(`{"attribute":{"name":"a%d","is":{"equals":%d}}}`, i, i),
			`{"not":{"tag":{"key":"vip","is":{"exists":true}}}}`, `{"identity":{"type":"phone"}}`,
		}[i%4]
	}
	deep := func(depth int, join string) string {
		text := `{"event":{"names":["order"]}}`
		for range depth {
			text = `{"` + join + `":[` + text + `,{"not":{"event":{"names":["view"]}}}]}`
			join = map[string]string{"all": "any", "any": "all"}[join]
		}
		return text
	}
	rules := map[string]string{
		"any of 750":      `{"any":[` + repeated(750, leaf) + `]}`,
		"all of 750":      `{"all":[` + repeated(750, leaf) + `]}`,
		"10,000 literals": `{"attribute":{"name":"x","is":{"in":[` + repeated(10_000, func(i int) string { return fmt.Sprint(i) }) + `]}}}`,
		"10,000 tags":     `{"tag":{"key":"vip","is":{"notIn":[` + repeated(9_999, func(i int) string { return quoted(fmt.Sprint("t", i)) }) + `]}}}`,
		"deep all":        deep(29, "all"),
		"deep any":        deep(29, "any"),
	}
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w := vocabularyWorld(t, db)
		for name, text := range rules {
			t.Run(name, func(t *testing.T) {
				started := time.Now()
				w.ask(t, text, benchmarkAsOf, shanghai)
				read, err := w.service.Read(object(t, text), nil)
				if err != nil {
					t.Fatal(err)
				}
				if _, err := w.service.Matches(t.Context(), profile.Row(row(0)), segment.Question{Rule: read, AsOf: benchmarkAsOf, Zone: shanghai}); err != nil {
					t.Fatal(err)
				}
				t.Logf("%s", time.Since(started))
			})
		}
	})
}
