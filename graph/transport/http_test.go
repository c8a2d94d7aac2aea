package transport_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

const (
	graphqlType = "application/graphql-response+json"
	jsonType    = "application/json"
)

func TestStatusFollowsFromWhatWasWrongAndTheTypeOfTheAnswer(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	long := `{"query":"` + strings.Repeat("x", 8<<20) + `"}`
	for name, c := range map[string]struct {
		method, target, body string
		headers              []string
		plain, graphql       int // the status for each type
		code                 string
	}{
		"all is well":             {"POST", "/graphql", `{"query":"{text}"}`, nil, 200, 200, ""},
		"by GET":                  {"GET", "/graphql?query={text}", "", nil, 200, 200, ""},
		"a partial answer":        {"POST", "/graphql", `{"query":"{broken}"}`, nil, 200, 200, "NOT_FOUND"},
		"nobody":                  {"POST", "/graphql", `{"query":"{text}"}`, []string{"Authorization", ""}, 401, 401, "UNAUTHENTICATED"},
		"no JSON":                 {"POST", "/graphql", `secret stuff`, nil, 400, 400, "BAD_USER_INPUT"},
		"half JSON":               {"POST", "/graphql", `{"query":`, nil, 400, 400, "BAD_USER_INPUT"},
		"two values":              {"POST", "/graphql", `{"query":"{text}"}{}`, nil, 400, 400, "BAD_USER_INPUT"},
		"nothing":                 {"POST", "/graphql", ``, nil, 400, 400, "BAD_USER_INPUT"},
		"a list":                  {"POST", "/graphql", `[{"query":"{text}"}]`, nil, 400, 400, "BAD_USER_INPUT"},
		"not UTF-8":               {"POST", "/graphql", "{\"query\":\"{text}\",\"x\":\"\xff\"}", nil, 400, 400, "BAD_USER_INPUT"},
		"no query":                {"POST", "/graphql", `{}`, nil, 400, 400, "BAD_USER_INPUT"},
		"an empty query":          {"POST", "/graphql", `{"query":""}`, nil, 400, 400, "BAD_USER_INPUT"},
		"a query that is none":    {"POST", "/graphql", `{"query":["{text}"]}`, nil, 400, 400, "BAD_USER_INPUT"},
		"a name that is none":     {"POST", "/graphql", `{"query":"{text}","operationName":1}`, nil, 400, 400, "BAD_USER_INPUT"},
		"variables as a text":     {"POST", "/graphql", `{"query":"{text}","variables":"{}"}`, nil, 400, 400, "BAD_USER_INPUT"},
		"variables as a list":     {"POST", "/graphql", `{"query":"{text}","variables":[]}`, nil, 400, 400, "BAD_USER_INPUT"},
		"extensions as a number":  {"POST", "/graphql", `{"query":"{text}","extensions":0}`, nil, 400, 400, "BAD_USER_INPUT"},
		"nulls":                   {"POST", "/graphql", `{"query":"{text}","operationName":null,"variables":null,"extensions":null}`, nil, 200, 200, ""},
		"more than GraphQL knows": {"POST", "/graphql", `{"query":"{text}","extensions":{"x":1},"y":2}`, nil, 200, 200, ""},
		"variables by GET":        {"GET", "/graphql?query={text}&variables=[]", "", nil, 400, 400, "BAD_USER_INPUT"},
		"no JSON by GET":          {"GET", "/graphql?query={text}&extensions=x", "", nil, 400, 400, "BAD_USER_INPUT"},
		"not UTF-8 by GET":        {"GET", "/graphql?query=%ff", "", nil, 400, 400, "BAD_USER_INPUT"},
		"a broken query string":   {"GET", "/graphql?query=%zz", "", nil, 400, 400, "BAD_USER_INPUT"},
		"nested too deeply":       {"POST", "/graphql", `{"variables":` + strings.Repeat(`[`, 9000) + strings.Repeat(`]`, 9000) + `}`, nil, 400, 400, "TOO_DEEP"},
		"a query with a fault":    {"POST", "/graphql", `{"query":"{"}`, nil, 200, 400, "BAD_USER_INPUT"},
		"no such field":           {"POST", "/graphql", `{"query":"{nothing}"}`, nil, 200, 400, "BAD_USER_INPUT"},
		"no such operation":       {"POST", "/graphql", `{"query":"query a {text}","operationName":"b"}`, nil, 200, 400, "BAD_USER_INPUT"},
		"which operation":         {"POST", "/graphql", `{"query":"query a {text} query b {text}"}`, nil, 200, 400, "BAD_USER_INPUT"},
		"a text for a number":     {"POST", "/graphql", `{"query":"query($n: Int) {echo(n: $n)}","variables":{"n":"5"}}`, nil, 200, 400, "BAD_USER_INPUT"},
		"a text in a list":        {"POST", "/graphql", `{"query":"query($n: [Int!]) {echo(list: $n)}","variables":{"n":[1,"5"]}}`, nil, 200, 400, "BAD_USER_INPUT"},
		"a number for a text":     {"POST", "/graphql", `{"query":"query($s: String) {echo(s: $s)}","variables":{"s":5}}`, nil, 200, 400, "BAD_USER_INPUT"},
		"a number with a part":    {"POST", "/graphql", `{"query":"query($n: Int) {echo(n: $n)}","variables":{"n":5.5}}`, nil, 200, 400, "BAD_USER_INPUT"},
		"one for a list":          {"POST", "/graphql", `{"query":"query($n: [Int!]) {echo(list: $n)}","variables":{"n":1}}`, nil, 200, 200, ""},
		"a default":               {"POST", "/graphql", `{"query":"query($n: Int = 5, $l: [Int!] = [1]) {echo(n: $n, list: $l)}"}`, nil, 200, 200, ""},
		"forbidden":               {"POST", "/graphql", `{"query":"query Forbidden {text}","operationName":"Forbidden"}`, nil, 200, 403, "FORBIDDEN"},
		"too often":               {"POST", "/graphql", `{"query":"query Limited {text}","operationName":"Limited"}`, nil, 429, 429, "RATE_LIMITED"},
		"a mutation by GET":       {"GET", "/graphql?query=mutation{change}", "", nil, 405, 405, "BAD_USER_INPUT"},
		"a subscription":          {"POST", "/graphql", `{"query":"subscription{tick}"}`, nil, 406, 406, "BAD_USER_INPUT"},
		"another method":          {"PUT", "/graphql", `{"query":"{text}"}`, nil, 405, 405, "BAD_USER_INPUT"},
		"a form":                  {"POST", "/graphql", `query={text}`, []string{"Content-Type", "application/x-www-form-urlencoded"}, 415, 415, "BAD_USER_INPUT"},
		"no type":                 {"POST", "/graphql", `{"query":"{text}"}`, []string{"Content-Type", ""}, 415, 415, "BAD_USER_INPUT"},
		"another charset":         {"POST", "/graphql", `{"query":"{text}"}`, []string{"Content-Type", "application/json; charset=latin1"}, 415, 415, "BAD_USER_INPUT"},
		"the charset":             {"POST", "/graphql", `{"query":"{text}"}`, []string{"Content-Type", "Application/JSON; charset=UTF-8"}, 200, 200, ""},
		"compressed":              {"POST", "/graphql", `{"query":"{text}"}`, []string{"Content-Encoding", "gzip"}, 415, 415, "BAD_USER_INPUT"},
		"too long":                {"POST", "/graphql", long, nil, 413, 413, "BAD_USER_INPUT"},
	} {
		for accept, status := range map[string]int{jsonType: c.plain, graphqlType: c.graphql} {
			w := a.ask(t, c.method, strings.NewReplacer("{", "%7B", "}", "%7D").Replace(c.target), c.body, append(c.headers, "Accept", accept)...)
			var answer struct {
				Data   *json.RawMessage
				Errors []struct{ Extensions struct{ Code string } }
			}
			if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil {
				t.Fatalf("%s: %v in %.200s", name, err, w.Body)
			}
			code := ""
			if len(answer.Errors) > 0 {
				code = answer.Errors[0].Extensions.Code
			}
			if w.Code != status || code != c.code {
				t.Errorf("%s as %s: %d %s, want %d %s: %.300s", name, accept, w.Code, code, status, c.code, w.Body)
			}
			if kind := w.Header().Get("Content-Type"); kind != accept+"; charset=utf-8" {
				t.Errorf("%s: type %s", name, kind)
			}
			if hasData := strings.Contains(w.Body.String(), `"data"`); hasData != (code == "" || code == "NOT_FOUND") {
				t.Errorf("%s: data, or none where it should be: %s", name, w.Body)
			}
			if strings.Contains(w.Body.String(), "secret") {
				t.Errorf("%s: the body is repeated", name)
			}
		}
	}
	if *a.schema.changed != 0 || a.schema.open() != 0 {
		t.Error("something was executed")
	}
	if w := a.ask(t, "POST", "/graphql", `{"query":"query Limited {text}","operationName":"Limited"}`); w.Header().Get("Retry-After") != "7" {
		t.Errorf("Retry-After: %v", w.Header())
	}
}

func TestTheAnswerHasTheTypeThatTheClientLikesBest(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	for accept, want := range map[string]string{
		"":                                     jsonType,
		"*/*":                                  jsonType,
		"application/*":                        jsonType,
		"text/html, */*;q=0.1":                 jsonType,
		graphqlType:                            graphqlType,
		graphqlType + ", " + jsonType:          graphqlType,
		jsonType + ", " + graphqlType:          jsonType,
		graphqlType + "," + jsonType + ";q=.9": graphqlType,
		graphqlType + ";q=0.3, " + jsonType + ";q=0.4":      jsonType,
		"application/json;q=0, */*":                         graphqlType,
		"APPLICATION/GraphQL-Response+JSON; charset=utf-8":  graphqlType,
		"application/graphql-response+json; charset=latin1": "",
		"image/png":                                 "",
		"application/json;q=0":                      "",
		"application/json;q=nonsense":               "",
		"text/event-stream":                         "text/event-stream",
		"text/event-stream, application/json;q=0.5": "text/event-stream",
		"application/json, text/event-stream":       jsonType,
		graphqlType + ", application/graphql+json, application/json, text/event-stream, multipart/mixed": graphqlType,
	} {
		w := a.ask(t, "POST", "/graphql", `{"query":"{text}"}`, "Accept", accept)
		status, kind := http.StatusOK, want
		if want == "" {
			status, kind = http.StatusNotAcceptable, jsonType
		}
		if got := w.Header().Get("Content-Type"); w.Code != status || got != kind+"; charset=utf-8" {
			t.Errorf("%s: %d %s, want %d %s", accept, w.Code, got, status, kind)
		}
	}
}

func TestAnAnswerIsWrittenInOnePiece(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	for query, want := range map[string]string{
		"{text}":           `{"data":{"text":"text"}}` + "\n",
		"{broken}":         `{"errors":[{"message":"nothing","extensions":{"code":"NOT_FOUND"}}],"data":{"broken":null},"extensions":{"cost":{"n":1}}}` + "\n",
		"mutation{change}": `{"data":{"change":"change"}}` + "\n",
	} {
		body, _ := json.Marshal(map[string]string{"query": query})
		w := a.ask(t, "POST", "/graphql", string(body))
		if w.Body.String() != want && !strings.Contains(want, "extensions") {
			t.Errorf("%s: %s", query, w.Body)
		}
	}
}

func TestHeadAndPipelinesAndChunksAndWaitingClientsAreServed(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	server := a.serve(t)
	const common = "Host: x\r\nAuthorization: Bearer reader\r\nContent-Type: application/json\r\n"
	const body = `{"query":"{text}"}`
	raw := "POST /graphql HTTP/1.1\r\n" + common + "Content-Length: 18\r\n\r\n" + body +
		"HEAD /graphql?query=%7Btext%7D HTTP/1.1\r\n" + common + "\r\n" +
		"POST /graphql HTTP/1.1\r\n" + common + "Transfer-Encoding: chunked\r\n\r\n9\r\n{\"query\":\r\n9\r\n\"{text}\"}\r\n0\r\n\r\n" +
		"POST /graphql HTTP/1.1\r\n" + common + "Expect: 100-continue\r\nContent-Length: 18\r\nConnection: close\r\n\r\n" + body
	connection := dial(t, server.Listener.Addr().String())
	if _, err := io.WriteString(connection, raw); err != nil {
		t.Fatal(err)
	}
	_ = connection.SetReadDeadline(time.Now().Add(5 * time.Second))
	text, err := io.ReadAll(connection)
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(text), "HTTP/1.1 200 OK"); n != 4 {
		t.Errorf("%d answers: %s", n, text)
	}
	if n := strings.Count(string(text), `{"data":{"text":"text"}}`); n != 3 || strings.Count(string(text), "100 Continue") != 1 {
		t.Errorf("%s", text)
	}
}

func TestARequestThatIsGivenUpIsCancelled(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	server := a.serve(t)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	ended := make(chan struct{})
	server.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer close(ended)
		a.ServeHTTP(w, r)
	})
	request, _ := http.NewRequestWithContext(ctx, http.MethodPost, server.URL+"/graphql", strings.NewReader(`{"query":"{slow}"}`))
	request.Header.Set("Authorization", "Bearer reader")
	request.Header.Set("Content-Type", "application/json")
	if answer, err := http.DefaultClient.Do(request); err == nil {
		answer.Body.Close()
		t.Fatal("answered")
	}
	select {
	case <-ended:
	case <-time.After(5 * time.Second):
		t.Fatal("the operation goes on")
	}
}

func TestSurrogatesInWhatIsSentAreMarked(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	w := a.ask(t, "GET", "/graphql?query="+url.QueryEscape(`{text}`)+"&variables="+url.QueryEscape(`{"a":"\ud800"}`), "")
	if w.Code != http.StatusOK {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}
