package transport_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

func hashOf(query string) string {
	sum := sha256.Sum256([]byte(query))
	return hex.EncodeToString(sum[:])
}

// persist sends a query, or "" for its hash alone, as Apollo's clients do.
func (a *api) persist(t *testing.T, query, hash string, headers ...string) *httptest.ResponseRecorder {
	t.Helper()
	request := map[string]any{"extensions": map[string]any{"persistedQuery": map[string]any{"version": 1, "sha256Hash": hash}, "clientLibrary": map[string]any{}}}
	if query != "" {
		request["query"] = query
	}
	body, err := json.Marshal(request)
	if err != nil {
		t.Fatal(err)
	}
	return a.ask(t, "POST", "/graphql", string(body), headers...)
}

const answered = `{"data":{"text":"text"}}` + "\n"

func TestAQueryIsFoundByItsHash(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	hash := hashOf("{text}")
	for _, accept := range []struct {
		kind   string
		status int
	}{{jsonType, 200}, {graphqlType, 400}} {
		w := a.persist(t, "", hash, "Accept", accept.kind)
		if text := w.Body.String(); w.Code != accept.status ||
			!strings.Contains(text, `"message":"PersistedQueryNotFound"`) || !strings.Contains(text, `"code":"PERSISTED_QUERY_NOT_FOUND"`) {
			t.Errorf("unknown as %s: %d %s", accept.kind, w.Code, text)
		}
	}
	if w := a.persist(t, "{text}", hash); w.Body.String() != answered {
		t.Errorf("both: %s", w.Body)
	}
	if w := a.persist(t, "", strings.ToUpper(hash)); w.Body.String() != answered {
		t.Errorf("the hash alone: %s", w.Body)
	}
	target := "/graphql?extensions=" + url.QueryEscape(`{"persistedQuery":{"version":1,"sha256Hash":"`+hash+`"}}`)
	if w := a.ask(t, "GET", target, ""); w.Body.String() != answered {
		t.Errorf("by GET: %s", w.Body)
	}
	if w := a.persist(t, "", hash, "Authorization", "Bearer other"); w.Body.String() != answered {
		t.Errorf("another key: %s", w.Body)
	}
}

func TestWhatIsNoPersistedQueryIsRefused(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	hash := hashOf("{text}")
	if w := a.persist(t, "{nothing}", hash); w.Code != 400 || !strings.Contains(w.Body.String(), "BAD_USER_INPUT") {
		t.Errorf("another's hash: %d %s", w.Code, w.Body)
	}
	for _, extension := range []string{`1`, `{}`, `{"version":2,"sha256Hash":"` + hash + `"}`, `{"version":"1","sha256Hash":"` + hash + `"}`, `{"version":1,"sha256Hash":"00"}`, `{"version":1,"sha256Hash":5}`, `{"version":1,"sha256Hash":"` + strings.Repeat("z", 64) + `"}`, `{"version":1,"sha256Hash":"` + hash + hash + `"}`} {
		if w := a.ask(t, "POST", "/graphql", `{"query":"{text}","extensions":{"persistedQuery":`+extension+`}}`); w.Code != 400 {
			t.Errorf("%s: %d %s", extension, w.Code, w.Body)
		}
	}
	if w := a.ask(t, "POST", "/graphql", `{"query":"{text}","extensions":{"persistedQuery":null}}`); w.Body.String() != answered {
		t.Errorf("null: %s", w.Body)
	}
	a.persist(t, "{wrong}", hashOf("{wrong}"))
	if w := a.persist(t, "", hashOf("{wrong}")); !strings.Contains(w.Body.String(), "PERSISTED_QUERY_NOT_FOUND") {
		t.Errorf("what is no query was kept: %s", w.Body)
	}
}

func TestAFloodOfQueriesPushesOutItsOwnAlone(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	a.persist(t, "{text}", hashOf("{text}"))
	flood := func(i int) string { return fmt.Sprintf("{a%d:text}", i) }
	for i := range 1500 {
		a.persist(t, flood(i), hashOf(flood(i)), "Authorization", "Bearer other")
	}
	known := func(query string) bool {
		return !strings.Contains(a.persist(t, "", hashOf(query)).Body.String(), "PERSISTED_QUERY_NOT_FOUND")
	}
	if !known("{text}") || known(flood(0)) || !known(flood(1499)) {
		t.Errorf("kept: %t %t %t", known("{text}"), known(flood(0)), known(flood(1499)))
	}
	long := "{text}#" + strings.Repeat("x", 64<<10)
	if w := a.persist(t, long, hashOf(long)); w.Body.String() != answered || known(long) {
		t.Errorf("a long query: %s", w.Body)
	}
	for i := range 40 {
		large := "{text}#" + fmt.Sprint(i) + strings.Repeat("x", 60<<10)
		a.persist(t, large, hashOf(large), "Authorization", "Bearer other")
	}
	if !known("{text}") || known(flood(1499)) {
		t.Error("bytes are not bounded by key")
	}
}
