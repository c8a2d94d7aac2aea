package graph_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/onecdp/onecdp/internal/dbtest"
	"github.com/onecdp/onecdp/internal/store"
	"github.com/onecdp/onecdp/internal/value"
)

// survivorshipCase is a case of survivorship.json: statements about one person, and what survives of them.
type survivorshipCase struct {
	Name       string
	Attributes map[string]struct {
		Survivorship string
		Sources      []string
	}
	Statements []struct {
		Identity, Source, Attribute string
		Value                       any
		Hour                        int
	}
	Expected map[string]any
}

func readSurvivorshipCases(t *testing.T) []survivorshipCase {
	t.Helper()
	text, err := os.ReadFile(dbtest.Shared(t, "cases", "survivorship.json"))
	if err != nil {
		t.Fatal(err)
	}
	var file struct{ Cases []survivorshipCase }
	decoder := json.NewDecoder(strings.NewReader(string(text)))
	decoder.UseNumber()
	if err := decoder.Decode(&file); err != nil || len(file.Cases) == 0 {
		t.Fatal("no cases", err)
	}
	return file.Cases
}

// arrangement is a way in which the records of all cases come.
type arrangement struct {
	name    string
	order   func(records []map[string]any)
	batch   int
	defined float64 // the part of the records after which the attributes are defined
}

func shuffled(seed uint64) func([]map[string]any) {
	return func(records []map[string]any) {
		random := rand.New(rand.NewPCG(seed, seed))
		random.Shuffle(len(records), func(i, j int) { records[i], records[j] = records[j], records[i] })
	}
}

var arrangements = []arrangement{
	{"as listed, defined first, all at once", func([]map[string]any) {}, 1000, 0},
	{"as listed, defined last, one by one", func([]map[string]any) {}, 1, 1},
	{"backwards, defined last", func(records []map[string]any) { slices.Reverse(records) }, 7, 1},
	{"shuffled, defined half-way", shuffled(1), 3, 0.5},
	{"shuffled, defined first", shuffled(2), 5, 0},
	{"shuffled, defined last", shuffled(3), 4, 1},
}

// records are the statements of all cases, and the links of each case's identities, first of all.
func recordsOf(cases []survivorshipCase) []map[string]any {
	begin := time.Date(2024, 1, 1, 0, 0, 0, 0, time.FixedZone("", 8*60*60))
	var links, records []map[string]any
	for i, c := range cases {
		email := func(name string) map[string]any {
			return map[string]any{"type": "email", "value": fmt.Sprintf("%s@s%d.cn", name, i)}
		}
		linked := map[string]bool{}
		for _, s := range c.Statements {
			if !linked[s.Identity] {
				linked[s.Identity] = true
				links = append(links, map[string]any{"source": "links", "identities": []any{email(s.Identity), personOf(i)}})
			}
			records = append(records, map[string]any{
				"source": s.Source, "occurredAt": begin.Add(time.Duration(s.Hour) * time.Hour).Format(time.RFC3339),
				"identities": []any{email(s.Identity)}, "attributes": map[string]any{s.Attribute: s.Value},
			})
		}
	}
	return append(links, records...)
}

func personOf(i int) map[string]any {
	return map[string]any{"type": "user_id", "value": fmt.Sprintf("person-%d", i)}
}

func TestSurvivorshipCasesInAnyOrder(t *testing.T) {
	t.Parallel()
	cases := readSurvivorshipCases(t)
	for _, way := range arrangements {
		t.Run(way.name, func(t *testing.T) {
			t.Parallel()
			dbtest.Each(t, func(t *testing.T, db *store.DB) {
				w := newWorld(t, db)
				records := recordsOf(cases)
				way.order(records)
				when, defined := int(way.defined*float64(len(records))), false
				for sent := 0; sent <= len(records); sent += way.batch {
					if sent >= when && !defined || sent+way.batch > len(records) && !defined && way.defined < 1 {
						w.defineAttributes(cases)
						defined = true
					}
					if batch := records[sent:min(sent+way.batch, len(records))]; len(batch) > 0 {
						w.took(batch...)
					}
				}
				if !defined {
					w.defineAttributes(cases)
				}
				for i, c := range cases {
					answer := w.ask(`query($i: IdentityInput!) { customerByIdentity(identity: $i) { attributes } }`, map[string]any{"i": personOf(i)})
					got, want := shortest(t, at(answer, "data", "customerByIdentity", "attributes")), shortest(t, c.Expected)
					if got != want {
						t.Errorf("%s: %s, want %s", c.Name, got, want)
					}
				}
			})
		})
	}
}

// defineAttributes defines the attributes of all cases, each with its job done.
func (w *world) defineAttributes(cases []survivorshipCase) {
	w.t.Helper()
	for _, c := range cases {
		for _, name := range slices.Sorted(maps.Keys(c.Attributes)) {
			input := map[string]any{"name": name, "survivorship": c.Attributes[name].Survivorship}
			if len(c.Attributes[name].Sources) > 0 {
				input["sources"] = c.Attributes[name].Sources
			}
			answer := w.ask(`mutation($i: AttributeTypeInput!) { defineAttribute(input: $i) { attributeType { name } job { state } userErrors { code field } } }`, map[string]any{"i": input})
			state := at(answer, "data", "defineAttribute", "job")
			if at(answer, "data", "defineAttribute", "attributeType", "name") != name || state != nil && at(state, "state") != "SUCCEEDED" {
				w.t.Fatalf("%s: %v", name, answer)
			}
		}
	}
}

// shortest is a value as JSON that equal values share.
func shortest(t *testing.T, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	decoded, err := value.Decode(text)
	if err != nil {
		t.Fatal(err)
	}
	return string(value.Shortest(decoded))
}
