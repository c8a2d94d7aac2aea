package graph_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/onecdp/onecdp/internal/access"
	"github.com/onecdp/onecdp/internal/dbtest"
	"github.com/onecdp/onecdp/internal/store"
)

// codeOf is the code of an answer's first error; "" when it has none.
func codeOf(answer map[string]any) string {
	code, _ := at(answer, "errors", 0, "extensions", "code").(string)
	return code
}

func nested(levels int) string {
	return `{ customers { edges { node { ` + strings.Repeat(`identities { customer { `, levels) + `id` + strings.Repeat(` } }`, levels) + ` } } } }`
}

func TestAnswersThatWouldBeTooLargeAreRefusedAtOnce(t *testing.T) {
	var bomb strings.Builder
	for i := range 60 {
		fmt.Fprintf(&bomb, "fragment f%d on Customer { a: merges { survivor { ...f%d } } b: merges { survivor { ...f%d } } }\n", i, i+1, i+1)
	}
	var questions strings.Builder
	for i := range 100 {
		fmt.Fprintf(&questions, `a%d: customers(where: {event: {aggregate: SUM, property: "amount", is: {gte: %d}}}) { totalCount } `, i, i)
	}
	hostile := map[string]string{
		"{ " + questions.String() + " }": "COST_LIMIT_EXCEEDED",
		nested(30):                       "TOO_DEEP",
		nested(8):                        "COST_LIMIT_EXCEEDED",
		`{ customers(first: 100) { edges { node { events(first: 100) { edges { node { customer { events(first: 100) { edges { node { id } } } } } } } } } } }`: "COST_LIMIT_EXCEEDED",
		bomb.String() + `fragment f60 on Customer { id } { customers { edges { node { ...f0 } } } }`:                                                           "TOO_DEEP",
	}
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db)
		for query, code := range hostile {
			began := time.Now()
			if got := codeOf(w.ask(query, nil)); got != code {
				t.Errorf("%.60s: %s, want %s", query, got, code)
			}
			if took := time.Since(began); took > 5*time.Second {
				t.Errorf("%.60s: refused after %v", query, took)
			}
		}
	})
}

func TestTheBoundsLeaveRoom(t *testing.T) {
	event := `id name occurredAt receivedAt source channel amount properties`
	page := func(customers, events int) string {
		return fmt.Sprintf(`customers(first: %d) { totalCount pageInfo { hasNextPage endCursor } edges { cursor node { id createdAt attributes
			identities { id type scope value shared } tags { tag { key name } value } events(first: %d) { edges { cursor node { %s } } } } } }`, customers, events, event)
	}
	var ten strings.Builder
	for i := range 10 {
		fmt.Fprintf(&ten, "a%d: %s ", i, page(20, 100))
	}
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db)
		for _, query := range []string{page(20, 100), page(50, 20), page(100, 20), ten.String()} {
			if answer := w.ask("{ "+query+" }", nil); answer["errors"] != nil {
				t.Errorf("%.60s: %v", query, answer["errors"])
			}
		}
	})
}

func TestAKeySeesNothingThroughWhatItMayDo(t *testing.T) {
	record := `{identities: [{type: "member_no", value: "m1"}]}`
	for query, scope := range map[string]access.Scope{
		`mutation { track(record: ` + record + `) { status customer { id } } }`:                                                          access.Ingest,
		`mutation { ingest(records: [` + record + `]) { results { ...r } } } fragment r on RecordResult { customer { attributes } }`:     access.Ingest,
		`mutation { createSegment(key: "k", name: "n", where: {all: []}) { segment { memberCount } } }`:                                  access.Manage,
		`mutation { createSegment(key: "k", name: "n", where: {all: []}) { segment { members { edges { node { id } } } } } }`:            access.Manage,
		`mutation { tagCustomer(customer: "Q3VzdG9tZXI6MQ", key: "k", value: 1) { customer { attributes } } }`:                           access.Manage,
		`mutation { createCampaign(key: "k", name: "n", channel: "c") { campaign { audience { members { edges { node { id } } } } } } }`: access.Manage,
		`{ customers { totalCount } }`: access.Ingest,
	} {
		dbtest.Each(t, func(t *testing.T, db *store.DB) {
			w := newWorld(t, db)
			if got := codeOf(decode(t, w.answer(t.Context(), []access.Scope{scope}, query, nil).Body.Bytes())); got != "FORBIDDEN" {
				t.Errorf("%s with %s: %q", query, scope, got)
			}
			if n := at(w.ask(`{ customers { totalCount } }`, nil), "data", "customers", "totalCount"); fmt.Sprint(n) != "0" {
				t.Errorf("%s: refused, and something was done: %v customers", query, n)
			}
		})
	}
}

func TestSurrogatesInAQueryMeanWhatTheySay(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db)
		query := `mutation { ingest(records: [` +
			`{identities: [{type: "user_id", value: "\uD800"}]}, ` +
			`{identities: [{type: "user_id", value: "u1"}], attributes: {a: "\uDC00x"}}, ` +
			`{identities: [{type: "user_id", value: "u\ud83d\ude00"}], attributes: {face: "\uD83D\uDE00", plain: "\u00e9", block: """\ud800""" }} ]) { results { status customer { attributes } error { field } } } }`
		answer := w.ask(query, nil)
		results := at(answer, "data", "ingest", "results")
		for i, want := range []string{"REJECTED", "REJECTED", "ACCEPTED"} {
			if got := at(results, i, "status"); got != want {
				t.Errorf("record %d: %v, want %s", i, got, want)
			}
		}
		if got := fmt.Sprint(at(results, 1, "error", "field")); got != "[records 1 attributes a]" {
			t.Errorf("field: %s", got)
		}
		attributes := at(results, 2, "customer", "attributes")
		if at(attributes, "face") != "😀" || at(attributes, "plain") != "é" || at(attributes, "block") != `\ud800` {
			t.Errorf("attributes: %v", attributes)
		}
		response := w.answer(t.Context(), everything, `{ customers(where: {attribute: {name: "a", is: {equals: "\uD800"}}}) { totalCount } }`, nil)
		if got := codeOf(decode(t, response.Body.Bytes())); got != "BAD_USER_INPUT" || response.Code >= http.StatusInternalServerError {
			t.Errorf("a rule with a lone surrogate: %q", got)
		}
	})
}
