package graph_test

import (
	"fmt"
	"log/slog"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"pgregory.net/rapid"

	"github.com/onecdp/onecdp/examples"
	"github.com/onecdp/onecdp/graph"
	"github.com/onecdp/onecdp/internal/access"
	"github.com/onecdp/onecdp/internal/dbtest"
	"github.com/onecdp/onecdp/internal/store"
	"github.com/onecdp/onecdp/schema"
)

// twoWays sends requests to the handler and to one that answers everything by gqlgen's code.
type twoWays struct {
	*world

	general http.Handler
}

func newTwoWays(t *testing.T, db *store.DB) *twoWays {
	t.Helper()
	w := newWorld(t, db)
	clock := func() time.Time { return now }
	return &twoWays{w, graph.NewGeneralServer(w.services, clock, slog.New(slog.DiscardHandler))}
}

// same sends a query both ways and returns what is not the same; "" when the answers are equal to the byte.
func (w *twoWays) same(scopes []access.Scope, query string, variables any) string {
	one, two := w.bothWays(scopes, query, variables)
	if one == two {
		return ""
	}
	return fmt.Sprintf("%s\ndirectly:  %s\ngenerally: %s", query, one, two)
}

// bothWays are the statuses and bodies of the answers.
func (w *twoWays) bothWays(scopes []access.Scope, query string, variables any) (directly, generally string) {
	other := *w.world
	other.handler = w.general
	one, two := w.answer(w.t.Context(), scopes, query, variables), other.answer(w.t.Context(), scopes, query, variables)
	return fmt.Sprint(one.Code, withoutExtensions(one.Body.String())), fmt.Sprint(two.Code, withoutExtensions(two.Body.String()))
}

var requestIDs = regexp.MustCompile(`request id \w+`)

// withoutExtensions leaves out what changes from request to request: the cost, which comes last, and the id of the request.
func withoutExtensions(body string) string {
	body = requestIDs.ReplaceAllString(body, "request id")
	if strings.HasPrefix(body, `{"errors"`) { // gqlgen's code meets them side by side, in any order
		letters := []byte(body)
		slices.Sort(letters)
		return string(letters)
	}
	if i := strings.LastIndex(body, `,"extensions":{"cost"`); i >= 0 {
		return body[:i] + "}\n"
	}
	return body
}

// populate makes people with everything that a query can show, and returns ids to ask for.
func (w *twoWays) populate() (ids []string) {
	record := `{messageId: "%d", source: "shop%d", channel: %s, identities: [{type: "phone", value: "139%08d"}, {type: "member_no", scope: "s", value: "m%d"}%s],
		attributes: {name: "名 \"%d\"", level: "gold", email: "someone%d@shop.cn", nested: {phone: "139%08d", list: [1, 2.50, null, true]}}, occurredAt: "2026-05-%02dT01:02:03.45Z",
		event: {name: "order", properties: {amount: %d.5, sku: "A/\\u003c", contact: {mobile: "139%08d"}}}}`
	var records []string
	for i := range 30 {
		person, channel, more := i%12, `"tmall"`, ""
		if i%5 == 0 {
			channel = "null"
		}
		if i == 20 {
			more = `, {type: "member_no", scope: "s", value: "m9"}, {type: "email", value: "a.person@shop.cn"}` // a merge
		}
		records = append(records, fmt.Sprintf(record, i, i%3, channel, person, person, more, person, person, person, i%28+1, i, person))
	}
	answer := w.ask(`mutation { ingest(records: [`+strings.Join(records, ",\n")+`]) { accepted results { customer { id } error { message } } } }`, nil)
	if accepted := at(answer, "data", "ingest", "accepted"); fmt.Sprint(accepted) != "30" {
		w.t.Fatalf("%v", answer)
	}
	for i := range 30 {
		ids = append(ids, at(answer, "data", "ingest", "results", i, "customer", "id").(string))
	}
	w.ask(fmt.Sprintf(`mutation { a: tagCustomer(customer: %q, key: "level", value: "gold") { userErrors { message } }
		b: tagCustomer(customer: %q, key: "phone", value: {a: "13900000001"}, validUntil: "2027-01-01T00:00:00Z") { userErrors { message } }
		createSegment(key: "gold", name: "Gold", where: {attribute: {name: "level", is: {equals: "gold"}}}) { userErrors { message } }
		createCampaign(key: "c", name: "C", channel: "sms", segment: "gold") { userErrors { message } } }`, ids[0], ids[1]), nil)
	all := w.ask(`{ customers(first: 100) { edges { node { identities { id } events { edges { node { id } } } merges { id } tags { tag { id } } } } }
		segment(key: "gold") { id } campaign(key: "c") { id } }`, nil)
	collect(all["data"], &ids)
	return ids
}

func collect(v any, ids *[]string) {
	switch v := v.(type) {
	case map[string]any:
		for key, value := range v {
			if id, isText := value.(string); isText && key == "id" {
				*ids = append(*ids, id)
			}
			collect(value, ids)
		}
	case []any:
		for _, element := range v {
			collect(element, ids)
		}
	}
}

func TestTheExamplesAreAnsweredTheSameBothWays(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w := newTwoWays(t, db)
		w.populate()
		for _, query := range examples.Queries() {
			if !strings.Contains(query.Text, "\nquery ") {
				continue
			}
			for _, scopes := range [][]access.Scope{everything, {access.Read}} {
				if difference := w.same(scopes, query.Text, map[string]any{}); difference != "" {
					t.Error(difference)
				}
			}
		}
	})
}

// The comparison would hold, and say nothing, if every query were given up.
func TestTheExamplesAreAnsweredDirectly(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w := newTwoWays(t, db)
		w.populate()
		var text string
		w.handler = graph.NewWatchedServer(w.services, func() time.Time { return now }, slog.New(slog.DiscardHandler), func(err error) { t.Errorf("%s: %v", text, err) })
		for _, query := range examples.Queries() {
			if text = query.Text; strings.Contains(text, "mutation") || strings.Contains(text, "subscription") {
				continue
			}
			w.answer(t.Context(), everything, text, map[string]any{})
		}
	})
}

func TestGeneratedQueriesAreAnsweredTheSameBothWays(t *testing.T) {
	t.Parallel()
	loaded, err := gqlparser.LoadSchema(&ast.Source{Input: schema.Text()})
	if err != nil {
		t.Fatal(err)
	}
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w := newTwoWays(t, db)
		g := generator{schema: loaded, ids: w.populate()}
		rapid.Check(t, func(t *rapid.T) {
			g.t = t
			query := "query($yes: Boolean = true, $no: Boolean = false) " + g.selections(loaded.Query, 5) + " fragment used on Query { __typename @skip(if: $no) ...{ __typename @include(if: $yes) } }"
			query = strings.Replace(query, "{", "{ ...used ", 1)
			scopes := rapid.SampledFrom([][]access.Scope{everything, {access.Read}, {access.Read, access.Personal}, {access.Ingest}}).Draw(t, "scopes")
			if difference := w.same(scopes, query, nil); difference != "" {
				t.Fatal(difference)
			}
		})
	})
}

// What is kept of a document serves requests with other variables, other keys and other types of nodes, at the same time.
func TestRequestsShareADocumentAndNothingElse(t *testing.T) {
	t.Parallel()
	const query = `query($id: ID!, $type: String, $first: Int, $names: [String!], $phone: String!) {
		node(id: $id) { __typename id ... on Customer { ...some } ... on Event { name properties customer { ...some } } ... on Tag { key } ... on Identity { value } }
		customerByIdentity(identity: {type: "phone", value: $phone}) { ...some events(first: $first, names: $names) { totalCount edges { cursor node { name } } } }
		customers(first: $first) { edges { node { ...some } } }
	} fragment some on Customer { id attributes identities(type: $type) { type value } tags { value } }`
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w := newTwoWays(t, db)
		ids := w.populate()
		var readers sync.WaitGroup
		for reader := range 4 {
			readers.Go(func() {
				for i := range 40 {
					n := reader*40 + i
					variables := map[string]any{"id": ids[n%len(ids)], "phone": fmt.Sprintf("139%08d", n%12), "first": n%7 + 1}
					if n%2 == 0 {
						variables["type"] = []string{"phone", "member_no", "none"}[n%3]
					}
					if n%5 == 0 {
						variables["names"] = []string{"order"}[:n%2]
					}
					scopes := [][]access.Scope{{access.Read}, everything}[n%2]
					directly, generally := w.bothWays(scopes, query, variables)
					if directly != generally {
						t.Errorf("%v\ndirectly:  %s\ngenerally: %s", variables, directly, generally)
					}
				}
			})
		}
		readers.Wait()
	})
}

// generator draws queries of a schema.
type generator struct {
	schema *ast.Schema
	ids    []string
	t      *rapid.T
}

func (g *generator) pick(most int) int { return rapid.IntRange(0, most-1).Draw(g.t, "n") }

// selections draws what is asked of a type.
func (g *generator) selections(typ *ast.Definition, depth int) string {
	var text strings.Builder
	text.WriteString("{ ")
	if g.pick(6) == 0 {
		text.WriteString("__typename ")
	}
	if typ.IsAbstractType() {
		for _, one := range g.schema.GetPossibleTypes(typ) {
			if g.pick(2) == 0 {
				fmt.Fprintf(&text, "... on %s %s ", one.Name, g.selections(one, depth-1))
			}
		}
		return text.String() + "id }"
	}
	written := 0
	for _, field := range typ.Fields {
		few := len(typ.Fields) > 5 && g.pick(3) > 0
		if typ == g.schema.Query {
			few = g.pick(5) > 0
		}
		if strings.HasPrefix(field.Name, "__") || few {
			continue
		}
		below := g.schema.Types[field.Type.Name()]
		if below.IsCompositeType() && depth == 0 {
			continue
		}
		if g.pick(8) == 0 {
			fmt.Fprintf(&text, "a%d: ", written)
		}
		text.WriteString(field.Name)
		g.arguments(&text, field)
		switch g.pick(20) {
		case 0:
			text.WriteString(" @include(if: $no)")
		case 1:
			text.WriteString(" @skip(if: $no)")
		}
		if below.IsCompositeType() {
			text.WriteString(" " + g.selections(below, depth-1))
		}
		text.WriteString(" ")
		written++
	}
	if written == 0 {
		text.WriteString("__typename ")
	}
	return text.String() + "}"
}

// arguments draws the arguments of a field: good ones mostly.
func (g *generator) arguments(text *strings.Builder, field *ast.FieldDefinition) {
	var given []string
	for _, argument := range field.Arguments {
		if !argument.Type.NonNull && g.pick(2) == 0 {
			continue
		}
		given = append(given, argument.Name+": "+g.value(argument))
	}
	if given != nil {
		text.WriteString("(" + strings.Join(given, ", ") + ")")
	}
}

func (g *generator) value(argument *ast.ArgumentDefinition) string {
	choices := map[string][]string{
		"first": {"1", "2", "3", "7", "100", "0", "-1", "null"}, "after": {"null", `"x"`}, "asOf": {`"2026-05-10T00:00:00Z"`, `"2031-01-01T00:00:00Z"`},
		"since": {`"2026-05-10T00:00:00Z"`}, "until": {`"2026-05-20T00:00:00+08:00"`}, "timeZone": {`"Europe/Berlin"`, `"Nowhere"`},
		"names": {`["order"]`, `[]`, `"order"`, `["x", "order"]`}, "keys": {`["level", "phone"]`, `[]`}, "type": {`"phone"`, `"none"`}, "name": {`"level"`, `"email"`, `"none"`, `"nested"`},
		"key": {`"gold"`, `"c"`, `"none"`}, "identity": {`{type: "phone", value: "13900000003"}`, `{type: "member_no", scope: "s", value: "m9"}`, `{type: "x", value: "1"}`},
		"identities": {`[{type: "phone", value: "13900000001"}, {type: "phone", value: "1"}]`, `[]`},
		"where":      {`{attribute: {name: "level", is: {equals: "gold"}}}`, `{event: {names: ["order"], is: {gte: 3}}}`, `{any: []}`, `{attribute: {name: "phone", is: {startsWith: "1"}}}`, `{all: {x: 1}}`, `{segment: "gold"}`},
	}
	switch {
	case argument.Type.Name() == "IdentityInput":
		argument = &ast.ArgumentDefinition{Name: "identity"}
	case argument.Type.Name() == "ID":
		return strconv.Quote(append(g.ids, "nothing")[g.pick(len(g.ids)+1)])
	}
	some := choices[argument.Name]
	if some == nil {
		g.t.Fatalf("no value for an argument %s", argument.Name)
	}
	return some[g.pick(len(some))]
}
