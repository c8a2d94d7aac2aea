//go:build unix

package graph_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/onecdp/onecdp/internal/dbtest"
	"github.com/onecdp/onecdp/internal/store"
)

// attack is a request that costs little to send.
type attack struct {
	name   string
	method string
	target string
	body   string
}

func posted(name, query string, variables any) attack {
	body, err := json.Marshal(map[string]any{"query": query, "variables": variables})
	if err != nil {
		panic(err)
	}
	return raw(name, string(body))
}

// raw is a body as it is.
func raw(name, body string) attack { return attack{name, http.MethodPost, "/graphql", body} }

// got is a query in the URL.
func got(name, query string) attack {
	return attack{name, http.MethodGet, "/graphql?query=" + url.QueryEscape(query), ""}
}

// times repeats a text with numbers in it.
func times(n int, format string) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(strings.ReplaceAll(format, "#", fmt.Sprint(i)))
	}
	return b.String()
}

func deep(n int, before, inside, after string) string {
	return strings.Repeat(before, n) + inside + strings.Repeat(after, n)
}

// chain is fragments of which each spreads the next, number of times.
func chain(n int, format string) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(strings.ReplaceAll(strings.ReplaceAll(format, "#", fmt.Sprint(i)), "$", fmt.Sprint(i+1)))
	}
	return b.String()
}

const inCustomer = `{ customers { edges { node { %s } } } }`

func attacks() []attack {
	customer := func(selections string) string { return fmt.Sprintf(inCustomer, selections) }
	var all []attack
	for _, group := range [][]attack{
		manyFields(customer), fragmentBombs(customer), deepRequests(customer), manyOfAll(customer), strangeTexts(), badVariables(), introspectionBombs(), longLists(customer), wrongRequests(),
	} {
		all = append(all, group...)
	}
	return all
}

func manyFields(customer func(string) string) []attack {
	return []attack{
		posted("aliases of a leaf", customer(times(10_000, "a#: id ")), nil),
		posted("aliases of a leaf, 1 MB", customer(times(90_000, "a#: id ")), nil),
		posted("aliases at the root", "{"+times(1000, "a#: customers { totalCount } ")+"}", nil),
		posted("aliases of questions", "{"+times(200, `a#: customers(where: {event: {aggregate: SUM, property: "amount", is: {gte: #}}}) { totalCount } `)+"}", nil),
		posted("aliases of __typename", "{"+times(20_000, "a#: __typename ")+"}", nil),
		posted("aliases of mutations", "mutation {"+times(500, `a#: track(record: {identities: [{type: "user_id", value: "u#"}]}) { status } `)+"}", nil),
		posted("one field 20 KB", customer(strings.Repeat("id ", 7_000)), nil),
		posted("one field 1 MB", customer(strings.Repeat("id ", 340_000)), nil),
		posted("one field with selections 20 KB", customer(strings.Repeat("merges { id } ", 1500)), nil),
		posted("one field with selections 100 KB", customer(strings.Repeat("merges { id } ", 7500)), nil),
		posted("one field with selections 1 MB", customer(strings.Repeat("merges { id } ", 75_000)), nil),
		posted("one field with inline fragments", customer(strings.Repeat("... on Customer { merges { survivor { id } } } ", 2000)), nil),
		posted("overlaps below overlaps", customer(deep(8, "merges { survivor { ", strings.Repeat("id ", 100), " } } merges { survivor { id } } ")), nil),
		posted("overlaps that double", customer(doubled(14, "merges { survivor { ", " } } ", "id")), nil),
		posted("different arguments under one name", customer(times(5000, "events(first: #) { pageInfo { hasNextPage } } ")), nil),
		posted("long literals under one name", customer(strings.Repeat(`events(names: [`+strings.Repeat(`"a" `, 500)+`]) { totalCount } `, 150)), nil),
		posted("types apart under one name", `{ node(id: "x") { `+times(500, "... on Customer { a: id } ... on Event { a: id } ... on Identity { a: id } ... on Tag { a: id } ")+` } }`, nil),
	}
}

// doubled nests a selection that comes twice at each level.
func doubled(n int, before, after, inside string) string {
	for range n {
		inside = before + inside + after + before + inside + after
	}
	return inside
}

func fragmentBombs(customer func(string) string) []attack {
	return []attack{
		posted("exponential spreads", chain(60, "fragment f# on Customer { a: merges { survivor { ...f$ } } b: merges { survivor { ...f$ } } } ")+"fragment f60 on Customer { id } "+customer("...f0"), nil),
		posted("exponential spreads without levels", chain(200, "fragment f# on Customer { ...f$ ...f$ ...f$ } ")+"fragment f200 on Customer { id } "+customer("...f0"), nil),
		posted("exponential spreads within the depth", chain(10, "fragment f# on Customer { a: merges { survivor { ...f$ } } b: merges { survivor { ...f$ } } c: merges { survivor { ...f$ } } } ")+"fragment f10 on Customer { id } "+customer("...f0"), nil),
		posted("overlaps through fragments", chain(20, "fragment f# on Customer { merges { survivor { ...f$ } } merges { survivor { ...f$ } } } ")+"fragment f20 on Customer { id } "+customer("...f0"), nil),
		posted("a fragment in itself", "fragment f on Customer { id ...f } "+customer("...f"), nil),
		posted("a fragment in itself below a field", "fragment f on Customer { merges { survivor { ...f } } } "+customer("...f"), nil),
		posted("a long cycle", chain(250, "fragment f# on Customer { ...f$ } ")+"fragment f250 on Customer { ...f0 } "+customer("...f0"), nil),
		posted("cycles everywhere", times(100, "fragment f# on Customer { "+times(100, "...f#X ")+"} ")+customer("...f0"), nil),
		posted("all spread all", allSpreadAll(250), nil),
		posted("each spreads the next two", chain(250, "fragment f# on Customer { id ...f$ ...f$ } ")+"fragment f250 on Customer { id } "+customer("...f0"), nil),
		posted("1500 fragments", chain(1500, "fragment f# on Customer { id ...f$ } ")+"fragment f1500 on Customer { id } "+customer("...f0"), nil),
		posted("50,000 fragments", times(50_000, "fragment f# on Customer { id } ")+"{ __typename }", nil),
		posted("fragments of one name", strings.Repeat("fragment f on Customer { id } ", 250)+customer("...f"), nil),
		posted("fragments of nothing", customer(times(5000, "...f# ")), nil),
		posted("fragments that are not used", times(250, "fragment f# on Customer { id } ")+customer("id"), nil),
		posted("one fragment often", "fragment f on Customer { id identities { id value } } "+customer(strings.Repeat("...f ", 5000)), nil),
		posted("large fragments that many reach", chain(90, "fragment f# on Customer { ...f$ } ")+"fragment f90 on Customer { "+times(1900, "a#: id ")+"} "+customer("...f0"), nil),
		posted("operations that all reach a large fragment", times(45, "query q# "+customer("...f"))+"fragment f on Customer { "+times(1900, "a#: id ")+"}", nil),
	}
}

// allSpreadAll is fragments of which each spreads all later ones.
func allSpreadAll(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "fragment f%d on Customer { id ", i)
		for j := i + 1; j < n; j++ {
			fmt.Fprintf(&b, "...f%d ", j)
		}
		b.WriteString("} ")
	}
	return b.String() + fmt.Sprintf(inCustomer, "...f0")
}

func deepRequests(customer func(string) string) []attack {
	return []attack{
		posted("60 nested lists", customer(deep(60, "identities { customer { ", "id", " } }")), nil),
		posted("8 nested lists", customer(deep(8, "identities { customer { ", "id", " } }")), nil),
		posted("100,000 braces", deep(100_000, "{ a ", "", "}"), nil),
		posted("100,000 open braces", strings.Repeat("{", 100_000), nil),
		posted("inline fragments", customer(deep(2000, "... { ", "id", " }")), nil),
		posted("a deep list", `mutation { tagCustomer(customer: "x", key: "k", value: `+deep(100_000, "[", "", "]")+`) { userErrors { message } } }`, nil),
		posted("a deep object", `mutation { tagCustomer(customer: "x", key: "k", value: `+deep(50_000, "{a: ", "1", "}")+`) { userErrors { message } } }`, nil),
		posted("a literal just below the bound", `mutation { tagCustomer(customer: "x", key: "k", value: `+deep(127, "[", "", "]")+`) { userErrors { message } } }`, nil),
		posted("a deep rule", `{ customers(where: `+deep(3000, "{not: ", "{all: []}", "}")+`) { totalCount } }`, nil),
		raw("a deep variable", `{"query": "query ($v: JSON!) { customers { totalCount } }", "variables": {"v": `+deep(9000, "[", "", "]")+`}}`),
		raw("a deep object in a variable", `{"query": "{ customers { totalCount } }", "variables": {"v": `+deep(9000, `{"a":`, "1", "}")+`}}`),
		raw("a very deep body", deep(1_000_000, "[", "", "]")),
		raw("deep extensions", `{"query": "{ customers { totalCount } }", "extensions": {"v": `+deep(9000, `[{"a":`, "1", "}]")+`}}`),
		posted("a deep type", `query ($v: `+deep(900, "[", "String", "]")+`) { customers(after: $v) { totalCount } }`, map[string]any{"v": "x"}),
		posted("parentheses", strings.Repeat("{ a(", 50_000), nil),
	}
}

func manyOfAll(customer func(string) string) []attack {
	return []attack{
		posted("directives", customer("id "+strings.Repeat("@include(if: true) ", 40_000)), nil),
		posted("unknown directives", customer("id "+times(100_000, "@a# ")), nil),
		posted("directives everywhere", customer(times(3000, "a#: id @include(if: true) @skip(if: false) ")), nil),
		posted("directives of an operation", "query "+times(1000, "@a# ")+customer("id"), nil),
		posted("operations", times(10_000, "query q# { customers { totalCount } } "), nil),
		posted("anonymous operations", strings.Repeat("{ customers { totalCount } } ", 1000), nil),
		posted("variables", "query ("+times(20_000, "$v#: Int ")+") { customers { totalCount } }", nil),
		posted("variables, all used", "query ("+times(240, "$v#: String ")+") { customers { edges { node { "+times(1500, "a#: tags(keys: [$v1 $v239 $v100 $v7]) { value } ")+"} } } }", nil),
		posted("a list of one variable", "query ("+times(240, "$v#: String ")+") { customers { edges { node { tags(keys: ["+strings.Repeat("$v239", 100_000)+"]) { value } } } } }", nil),
		posted("undefined variables", customer("tags(keys: ["+times(50_000, "$v# ")+"]) { value }"), nil),
		posted("arguments", customer("events("+times(50_000, "a#: 1 ")+") { totalCount }"), nil),
		posted("one argument again and again", customer("events("+strings.Repeat("first: 1 ", 50_000)+") { totalCount }"), nil),
		posted("keys of an object", `{ customerByIdentity(identity: {`+times(50_000, "a#: 1 ")+`}) { id } }`, nil),
		posted("unknown fields", customer(times(5_000, "nothing# ")), nil),
		posted("wrong leaves", customer(times(2_000, "a#: id { x } ")), nil),
		posted("conditions", "query ("+times(200, "$v#: Boolean! ")+") { customers { edges { node { "+times(200, "... @include(if: $v#) { ...f } ")+"} } } } fragment f on Customer { "+times(90, "a#: id ")+"}", nil),
	}
}

func strangeTexts() []attack {
	return []attack{
		posted("an unknown field of 500 KB", "{ "+strings.Repeat("x", 500_000)+" }", nil),
		posted("an unknown argument of 500 KB", "{ customers("+strings.Repeat("x", 500_000)+": 1) { totalCount } }", nil),
		posted("an unknown type of 500 KB", "query ($a: "+strings.Repeat("x", 500_000)+") { customers { totalCount } }", nil),
		posted("an operation's name of 500 KB", "query "+strings.Repeat("x", 500_000)+" { customers { totalCount } }", nil),
		raw("another operation's name of 500 KB", `{"query": "{ customers { totalCount } }", "operationName": "`+strings.Repeat("x", 500_000)+`"}`),
		posted("a text of 900 KB for an enum", `{ customerByIdentity(identity: {type: `+strings.Repeat("x", 900)+`, value: "`+strings.Repeat("y", 900_000)+`"}) { id } }`, nil),
		posted("an id of 900 KB", `{ node(id: "`+strings.Repeat("A", 900_000)+`") { id } }`, nil),
		posted("a number of 500 KB", `{ customers(first: `+strings.Repeat("9", 500_000)+`) { totalCount } }`, nil),
		posted("a block of empty lines", `{ customers(after: """`+strings.Repeat("\n", 900_000)+`""") { totalCount } }`, nil),
		posted("quotes", strings.Repeat(`"`, 900_000), nil),
		posted("block quotes", strings.Repeat(`""" `, 200_000), nil),
		posted("backslashes", `{ node(id: "`+strings.Repeat(`\\`, 400_000)+`") { id } }`, nil),
		posted("escapes", `{ node(id: "`+strings.Repeat(`\u0041`, 150_000)+`") { id } }`, nil),
		posted("comments", strings.Repeat("#\n", 500_000)+"{ __typename }", nil),
		posted("one comment", "#"+strings.Repeat("x", 1_000_000)+"\n{ __typename }", nil),
		posted("commas", strings.Repeat(",", 1_000_000)+"{ __typename }", nil),
		posted("byte order marks", strings.Repeat("\ufeff", 300_000)+"{ __typename }", nil),
		posted("punctuation", strings.Repeat("!", 1_000_000), nil),
		posted("spreads", "{ "+strings.Repeat("... ", 250_000), nil),
		posted("a NUL", "{ customers\x00 { totalCount } }", nil),
		posted("NULs", strings.Repeat("\x00", 500_000), nil),
		raw("invalid UTF-8", "{\"query\": \"{ customers \xff\xfe { totalCount } }\"}"),
		posted("surrogates", `{ node(id: "\ud800\udc00\ud800") { id } }`, nil),
		posted("8 MB", "{ "+strings.Repeat("customers ", 800_000)+"}", nil),
		posted("nothing", "", nil),
		posted("blanks", strings.Repeat(" ", 1_000_000), nil),
	}
}

func badVariables() []attack {
	lookup := `query ($i: [IdentityInput!]!) { customersByIdentity(identities: $i) { id } }`
	take := `mutation ($r: [RecordInput!]!) { ingest(records: $r) { accepted } }`
	value := `mutation ($v: JSON!) { tagCustomer(customer: "Q3VzdG9tZXI6MQ", key: "k", value: $v) { userErrors { message } } }`
	variable := func(name, query, variable, text string) attack {
		encoded, err := json.Marshal(query)
		if err != nil {
			panic(err)
		}
		return raw(name, `{"query": `+string(encoded)+`, "variables": {"`+variable+`": `+text+`}}`)
	}
	list := func(n int, element string) string {
		return "[" + strings.Repeat(element+",", n-1) + element + "]"
	}
	return []attack{
		variable("250,000 identities", lookup, "i", list(250_000, `{"type":"a","value":"b"}`)),
		variable("10,000 identities", lookup, "i", list(10_000, `{"type":"a","value":"b"}`)),
		variable("450,000 nulls for identities", lookup, "i", list(450_000, "null")),
		variable("2,000,000 nulls for identities", lookup, "i", list(1_600_000, "null")),
		variable("8 MB of records", take, "r", list(250_000, `{"identities":[{"type":"a"}]}`)),
		variable("500,000 empty records", take, "r", list(500_000, "{}")),
		variable("1,001 records", take, "r", list(1001, `{"identities":[{"type":"user_id","value":"u"}]}`)),
		variable("a value of many numbers", value, "v", list(450_000, "1")),
		variable("a value of many lists", value, "v", list(200_000, "[]")),
		variable("a value of many keys", value, "v", "{"+strings.TrimSuffix(times(400_000, `"k#":1,`), ",")+"}"),
		variable("a value of one key often", value, "v", "{"+strings.Repeat(`"k":1,`, 400_000)+`"k":1}`),
		variable("a number with a huge exponent", value, "v", "1e999999999"),
		variable("a number with a huge negative exponent", value, "v", "1e-999999999"),
		variable("a number of 7 MB", value, "v", strings.Repeat("9", 7_000_000)),
		variable("a text of 7 MB", value, "v", `"`+strings.Repeat("é", 3_500_000)+`"`),
		variable("a text that NFC reorders", value, "v", `"a`+strings.Repeat("\u0301\u0323", 300_000)+`"`),
		variable("a time of 1 MB", `query ($t: Time) { customers(asOf: $t) { totalCount } }`, "t", `"2026-01-01T00:00:00.`+strings.Repeat("1", 1_000_000)+`Z"`),
		variable("a time zone of 1 MB", `query ($t: String) { customers(timeZone: $t) { totalCount } }`, "t", `"`+strings.Repeat("../", 300_000)+`"`),
		variable("a duration of 1 MB", `mutation ($d: Duration) { rotateApiKey(name: "none", overlap: $d) { userErrors { message } } }`, "d", `"P`+strings.Repeat("9", 1_000_000)+`D"`),
		variable("an id with a huge exponent", `query ($id: ID!) { node(id: $id) { id } }`, "id", "1e999999999"),
		variable("an id of 7 MB", `query ($id: ID!) { node(id: $id) { id } }`, "id", `"`+strings.Repeat("A", 7_000_000)+`"`),
		variable("a number of elements beyond all numbers", `query ($n: Int) { customers(first: $n) { edges { node { id } } } }`, "n", "1e400"),
		variable("a text for a number of elements", `query ($n: Int) { customers(first: $n) { edges { node { events(first: $n) { edges { node { customer { events(first: $n) { edges { node { id } } } } } } } } } } }`, "n", `"100"`),
		variable("a rule with a long list", `query ($w: Rule) { customers(where: $w) { totalCount } }`, "w", `{"attribute":{"name":"a","is":{"in":`+list(500_000, "1")+`}}}`),
		variable("a rule with many nodes", `query ($w: Rule) { customers(where: $w) { totalCount } }`, "w", `{"any":`+list(100_000, `{"all":[]}`)+`}`),
		variable("a rule with a costly expression", `query ($w: Rule) { customers(where: $w) { totalCount } }`, "w", `{"attribute":{"name":"a","is":{"matches":"`+strings.Repeat("(a{1,1000}){1,1000}", 200)+`"}}}`),
		raw("many variables that nobody asks for", `{"query": "{ customers { totalCount } }", "variables": {`+strings.TrimSuffix(times(300_000, `"v#":1,`), ",")+`}}`),
	}
}

func introspectionBombs() []attack {
	types := `__schema { types { name fields { name type { name } } } } `
	return []attack{
		posted("types of types", `{ __schema { types { fields { type { fields { type { fields { type { fields { name } } } } } } } } } }`, nil),
		posted("lists of types of lists of types", `{ __schema { types { possibleTypes { interfaces { possibleTypes { interfaces { name } } } } } } }`, nil),
		posted("ofType", `{ __schema { types { fields { type { `+deep(500, "ofType { ", "name", " }")+` } } } } }`, nil),
		posted("ofType and aliases", `{ __type(name: "Customer") { fields { type { `+doubled(12, "ofType { ", " } ", "name")+` } } } }`, nil),
		posted("introspection by aliases", "{ "+times(30, "a#: "+types)+"}", nil),
		posted("introspection by many aliases", "{ "+times(1000, "a#: "+types)+"}", nil),
		posted("introspection below aliases", "{ __schema { "+times(1000, "a#: types { name fields { name } } ")+"} }", nil),
		posted("introspection by fragments", "{ __schema { types { ...t } } } "+chain(12, "fragment t# on __Type { a: ofType { ...t$ } b: ofType { ...t$ } } ")+"fragment t on __Type { ...t0 } fragment t12 on __Type { name }", nil),
		posted("types by name", "{ "+times(30, `a#: __type(name: "Query") { fields { args { type { kind name ofType { name kind } } } } } `)+"}", nil),
	}
}

func longLists(customer func(string) string) []attack {
	return []attack{
		posted("a huge first", `{ customers(first: 2147483647) { edges { node { id } } } }`, nil),
		posted("a first beyond all numbers", `{ customers(first: 99999999999999999999) { edges { node { id } } } }`, nil),
		posted("a negative first", `{ customers(first: -1) { edges { node { events(first: -1) { edges { node { id } } } } } } }`, nil),
		posted("a negative first in a variable", `query ($n: Int) { customers(first: $n) { edges { node { events(first: 100) { edges { node { id } } } } } } }`, map[string]any{"n": -2147483648}),
		posted("a null first", `{ customers(first: null) { edges { node { events(first: null) { edges { node { customer { events(first: 100) { edges { node { id } } } } } } } } } } }`, nil),
		posted("pages of pages", `{ customers(first: 100) { edges { node { events(first: 100) { edges { node { customer { events(first: 100) { edges { node { id } } } } } } } } } } }`, nil),
		posted("many identities in the text", `{ customersByIdentity(identities: [`+strings.Repeat(`{type: "a", value: "b"} `, 25_000)+`]) { id } }`, nil),
		posted("many records in the text", `mutation { ingest(records: [`+strings.Repeat(`{identities: [{type: "a", value: "b"}]} `, 15_000)+`]) { accepted } }`, nil),
		posted("many keys", customer(`tags(keys: [`+strings.Repeat(`"a" `, 100_000)+`]) { value }`), nil),
		posted("deferred", customer(times(100, `... @defer { a#: merges { id } } `)), nil),
	}
}

func wrongRequests() []attack {
	return []attack{
		raw("a batch", `[`+strings.TrimSuffix(strings.Repeat(`{"query": "{ customers { totalCount } }"},`, 1000), ",")+`]`),
		raw("a batch of nothing", `[]`),
		raw("no object", `"{ customers { totalCount } }"`),
		raw("a query that is a list", `{"query": ["{ customers { totalCount } }"]}`),
		raw("variables that are a list", `{"query": "{ customers { totalCount } }", "variables": [1, 2]}`),
		raw("many queries in one", `{`+strings.Repeat(`"query": "{ customers { totalCount } }",`, 10_000)+`"query": "{ a }"}`),
		raw("a body cut off", `{"query": "{ customers { totalCount } }", "variables": {"a": [[[[`),
		raw("8 MB of blanks", strings.Repeat(" ", 8<<20-10)),
		raw("more than 8 MB", `{"query": "`+strings.Repeat("x", 9<<20)+`"}`),
		got("a subscription by GET", `subscription { customerMerged { id } }`),
		got("a mutation by GET", `mutation { track(record: {identities: [{type: "user_id", value: "u"}]}) { status } }`),
		got("aliases by GET", "{"+times(1000, "a#: customers { totalCount } ")+"}"),
		{"many parameters", http.MethodGet, "/graphql?query={__typename}&" + strings.TrimSuffix(times(50_000, "a#=1&"), "&"), ""},
		{"deep variables by GET", http.MethodGet, "/graphql?query={__typename}&variables=" + deep(9000, "[", "", "]"), ""},
		raw("an unknown persisted query", `{"extensions": {"persistedQuery": {"version": 1, "sha256Hash": "`+strings.Repeat("a", 1_000_000)+`"}}}`),
		posted("a subscription with many fields", `subscription { `+times(100, "a#: customerMerged { id } ")+`}`, nil),
	}
}

// busy is the time that the processors have worked for this process. It tells more than the clock on a machine that others use.
func busy(t *testing.T) time.Duration {
	t.Helper()
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		t.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

func TestHostileRequestsAreAnsweredInNoTime(t *testing.T) { //nolint:paralleltest // it measures
	var one sync.Mutex // at a time
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db)
		w.ask(`mutation { identify(record: {identities: [{type: "user_id", value: "u1"}], attributes: {a: 1}}) { status } }`, nil)
		var (
			slowest, largest string
			longest          time.Duration
			most             uint64
			before, after    runtime.MemStats
			sent             = attacks()
		)
		for _, attack := range sent {
			one.Lock()
			runtime.ReadMemStats(&before)
			began := busy(t)
			response := w.send(t.Context(), everything, attack.method, attack.target, attack.body)
			took := busy(t) - began
			runtime.ReadMemStats(&after)
			one.Unlock()
			if allocated := after.TotalAlloc - before.TotalAlloc; allocated > most {
				most, largest = allocated, attack.name
			}
			if took > longest {
				longest, slowest = took, attack.name
			}
			switch {
			case took > 5*time.Second:
				t.Errorf("%s: %v", attack.name, took)
			case response.Code >= http.StatusInternalServerError || strings.Contains(response.Body.String(), "INTERNAL"):
				t.Errorf("%s: %d %.300s", attack.name, response.Code, response.Body)
			case response.Body.Len() > 1<<20:
				t.Errorf("%s: an answer of %d bytes", attack.name, response.Body.Len())
			}
			if testing.Verbose() {
				t.Logf("%-50s %8.1f ms %6.1f MB  %s", attack.name, took.Seconds()*1000, float64(after.TotalAlloc-before.TotalAlloc)/1e6, codeOf(decode(t, response.Body.Bytes())))
			}
		}
		t.Logf("%d requests; the slowest was %s, %v; the most memory took %s, %d MB", len(sent), slowest, longest, largest, most>>20)
		if most > 600<<20 {
			t.Errorf("%s: %d MB", largest, most>>20)
		}
		if n := at(w.ask(`{ customers { totalCount } }`, nil), "data", "customers", "totalCount"); fmt.Sprint(n) != "1" {
			t.Errorf("afterwards there are %v customers", n)
		}
	})
}
