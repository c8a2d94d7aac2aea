package graph_test

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/onecdp/onecdp/internal/access"
	"github.com/onecdp/onecdp/internal/dbtest"
	"github.com/onecdp/onecdp/internal/store"
)

func TestRequestsOverHTTP(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db)
		get := func(query string) string { return "/graphql?query=" + url.QueryEscape(query) }
		for name, c := range map[string]struct {
			scopes               []access.Scope
			method, target, body string
			status               int
			want                 string
		}{
			"a query by GET":        {everything, http.MethodGet, get("{__typename}"), "", 200, `{"data":{"__typename":"Query"}}`},
			"a mutation by GET":     {everything, http.MethodGet, get(`mutation { untagCustomer(customer: "", key: "") { __typename } }`), "", 405, `BAD_USER_INPUT`},
			"variables by GET":      {everything, http.MethodGet, get("query ($k: String!) { segment(key: $k) { id } }") + "&variables=" + url.QueryEscape(`{"k":"a"}`), "", 200, `{"data":{"segment":null}}`},
			"variables, not JSON":   {everything, http.MethodGet, get("{__typename}") + "&variables=nope", "", 400, `BAD_USER_INPUT`},
			"no JSON":               {everything, http.MethodPost, "/graphql", "secret stuff", 400, `BAD_USER_INPUT`},
			"another method":        {everything, http.MethodPut, "/graphql", "{}", 405, `BAD_USER_INPUT`},
			"nobody":                {nil, http.MethodPost, "/graphql", `{"query":"{__schema{types{name}}}"}`, 401, `UNAUTHENTICATED`},
			"no query":              {everything, http.MethodPost, "/graphql", `{}`, 400, `BAD_USER_INPUT`},
			"no such operation":     {everything, http.MethodPost, "/graphql", `{"query":"query a {__typename} query b {__typename}","operationName":"c"}`, 200, `BAD_USER_INPUT`},
			"an unknown hash":       {everything, http.MethodPost, "/graphql", `{"extensions":{"persistedQuery":{"version":1,"sha256Hash":"00"}}}`, 200, `PERSISTED_QUERY_NOT_FOUND`},
			"introspection":         {[]access.Scope{access.Ingest}, http.MethodPost, "/graphql", `{"query":"{__type(name: \"Rule\") { kind isOneOf inputFields { name } }}"}`, 200, `{"data":{"__type":{"kind":"INPUT_OBJECT","isOneOf":true,`},
			"records are an object": {everything, http.MethodPost, "/graphql", `{"query":"{__type(name: \"RecordInput\") { kind }}"}`, 200, `{"data":{"__type":{"kind":"INPUT_OBJECT"}}}`},
		} {
			answer := w.send(t.Context(), c.scopes, c.method, c.target, c.body)
			text := answer.Body.String()
			if answer.Code != c.status || !strings.Contains(text, c.want) {
				t.Errorf("%s: %d %s", name, answer.Code, text)
			}
			if strings.Contains(text, "secret") {
				t.Errorf("%s: the body is repeated", name)
			}
			if c.status >= 400 && strings.Contains(text, `"data"`) {
				t.Errorf("%s: data in an answer to what was not executed: %s", name, text)
			}
		}
	})
}

func TestPersistedQueries(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db)
		sum := sha256.Sum256([]byte("{__typename}"))
		extensions := fmt.Sprintf(`"extensions":{"persistedQuery":{"version":1,"sha256Hash":"%s"}}`, hex.EncodeToString(sum[:]))
		w.send(t.Context(), everything, http.MethodPost, "/graphql", `{"query":"{__typename}",`+extensions+`}`)
		if answer := w.send(t.Context(), everything, http.MethodPost, "/graphql", `{`+extensions+`}`); answer.Body.String() != `{"data":{"__typename":"Query"}}`+"\n" {
			t.Error(answer.Body)
		}
	})
}

func TestNumbersKeepTheirDigits(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db)
		const text = `{"big":123456789012345678901234567890,"list":[1.10,-0.5,{"n":9007199254740993}],"text":"12"}`
		const literal = `{big: 123456789012345678901234567890, list: [1.10, -0.5, {n: 9007199254740993}], text: "12"}`
		record := `{identities: [{type: "email", value: "%s@example.com"}], attributes: ` + literal + `}`
		for name, body := range map[string]string{
			"literals":   fmt.Sprintf(`{"query":%q}`, `mutation { track(record: `+fmt.Sprintf(record, "literal")+`) { customer { attributes } } }`),
			"a default":  fmt.Sprintf(`{"query":%q}`, `mutation ($r: RecordInput! = `+fmt.Sprintf(record, "default")+`) { track(record: $r) { customer { attributes } } }`),
			"a fragment": fmt.Sprintf(`{"query":%q}`, `mutation { ...f } fragment f on Mutation { track(record: `+fmt.Sprintf(record, "fragment")+`) { customer { attributes } } }`),
			"a variable inside": fmt.Sprintf(`{"query":%q,"variables":{"a":%s}}`,
				`mutation ($a: JSON!) { track(record: {identities: [{type: "email", value: "inside@example.com"}], attributes: $a}) { customer { attributes } } }`, text),
		} {
			for range 2 { // the second time from the cache
				answer := w.send(t.Context(), everything, http.MethodPost, "/graphql", body).Body.String()
				if want := `{"data":{"track":{"customer":{"attributes":` + text + `}}}}`; !same(t, []byte(answer), []byte(want)) {
					t.Errorf("%s: %s", name, answer)
				}
			}
		}
	})
}

func TestAMutationShowsWhatItWrote(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db)
		w.useClock()
		answer := w.ask(`mutation { track(record: {identities: [{type: "phone", value: "13812345671"}], event: {name: "order"}}) {
			customer { events { totalCount } } } }`, nil)
		if count := at(answer, "data", "track", "customer", "events", "totalCount"); fmt.Sprint(count) != "1" {
			t.Error(answer)
		}
	})
}

func TestATooLongBatchIsRefusedAsAWhole(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db)
		record := map[string]any{"identities": []any{map[string]any{"type": "phone", "value": "13812345671"}}}
		records := make([]any, 1001)
		for i := range records {
			records[i] = record
		}
		answer := w.ask(`mutation ($r: [RecordInput!]!) { ingest(records: $r) { accepted } }`, map[string]any{"r": records})
		if at(answer, "errors", 0, "extensions", "code") != "BAD_USER_INPUT" || at(answer, "errors", 0, "extensions", "inputPath", 0) != "records" {
			t.Error(answer)
		}
	})
}
