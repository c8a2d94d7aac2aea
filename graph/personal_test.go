package graph_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/onecdp/onecdp/internal/access"
	"github.com/onecdp/onecdp/internal/dbtest"
	"github.com/onecdp/onecdp/internal/store"
)

var (
	readOnly     = []access.Scope{access.Read}
	readManage   = []access.Scope{access.Read, access.Manage}
	readIngest   = []access.Scope{access.Read, access.Ingest}
	readPersonal = []access.Scope{access.Read, access.Personal}
)

// secrets are parts of personal values that a masked answer shows nowhere.
var secrets = []string{
	"12345671", "12345672", "12345673", "12345674", "12345675", "1234-5676", "12345677", "1234 5678", "li.na", "wang.wei", "zhang", "zhao", "19491231", "62881234", "4008001234", "G12345678",
}

const personalRecord = `{"messageId":"p1","channel":"store","occurredAt":"2026-03-15T12:00:00+08:00",
	"identities":[{"type":"phone","value":"13812345671"},{"type":"email","value":"Li.Na@example.com"},{"type":"national_id","value":"11010519491231002X"},{"type":"member_no","value":"M-1"}],
	"attributes":{"phone":"13812345671","backup_phone":13812345672,"Email":"wang.wei@example.com","contact":"13812345673","remark":" zhang@example.com ","ID-Card":"11010519491231002X",
		"address":{"city":"上海","tel":"021-62881234","people":[{"name":"李娜","mobile":["13812345674",null,true]}]},"收货人手机号":"138 1234 5678","passport":"G12345678","city":"上海","points":12.50,"ids":["11010519491231002X","none"]},
	"event":{"name":"order","properties":{"amount":99.5,"receiver":{"phone":"13812345675","name":"李娜"},"note":"zhao@example.com","items":[{"sku":"a","gift_to":"+86 138-1234-5676"}],"hotline":"400-8001234","tel":4008001234}}}`

// personalWorld has one customer with personal values wherever there can be some, and a segment that compares them.
func personalWorld(t *testing.T, db *store.DB) (w *world, customer string) {
	t.Helper()
	w = newWorld(t, db)
	answer := w.ask(`mutation ($record: RecordInput!) { track(record: $record) { status error { message } customer { id } } }`, map[string]any{"record": json.RawMessage(personalRecord)})
	customer, _ = at(answer, "data", "track", "customer", "id").(string)
	if customer == "" {
		t.Fatal(answer)
	}
	answer = w.ask(`mutation ($id: ID!) {
		a: tagCustomer(customer: $id, key: "mobile", value: ["13812345677", 13812345677]) { userErrors { message } }
		b: tagCustomer(customer: $id, key: "level", value: "gold") { userErrors { message } }
		c: tagCustomer(customer: $id, key: "wechat", value: "13812345677") { userErrors { message } }
		d: createSegment(key: "ours", name: "n", where: {any: [
			{attribute: {name: "phone", is: {in: ["13812345671", "13812345672"]}}}, {attribute: {name: "city", is: {equals: "上海"}}}, {attribute: {name: "contact", is: {equals: "13812345673"}}},
			{identity: {type: "phone", is: {startsWith: "+8613812345671"}}}, {identity: {type: "email", is: {matches: "li.na@.*"}}}, {tag: {key: "mobile", is: {gt: 13812345671}}},
			{event: {where: [{property: "receiver.phone", is: {contains: "12345675"}}], aggregate: MAX, property: "tel", is: {gte: 4008001234}}}, {not: {all: [{attribute: {name: "email", is: {endsWith: "wang.wei@example.com"}}}]}}]}) { userErrors { message } }
	}`, map[string]any{"id": customer})
	if answer["errors"] != nil || at(answer, "data", "d", "userErrors", 0) != nil {
		t.Fatal(answer)
	}
	return w, customer
}

const everythingOf = `fragment all on Customer {
	id attributes identities { id type scope value source shared firstSeenAt }
	phone: attribute(name: "phone") { name value source identity { value } } contact: attribute(name: "contact") { value } address: attribute(name: "address") { value } city: attribute(name: "city") { value }
	events { edges { cursor node { id name channel source amount properties } } } tags { tag { key name definition } value source } merges { cause reason actor }
}`

const everythingAsked = `query ($id: ID!) {
	customers(where: {any: [{segment: "ours"}, {all: []}]}) { totalCount edges { cursor node { ...all } } pageInfo { endCursor } }
	customer(id: $id) { ...all }
	customerByIdentity(identity: {type: "phone", value: "13812345671"}) { ...all }
	node(id: $id) { ... on Customer { ...all } }
	previewSegment(where: {segment: "ours"}) { count sample { ...all } }
	segment(key: "ours") { rule memberCount members { edges { cursor node { ...all } } } }
} ` + everythingOf

func TestPersonalValuesAppearNowhereWithoutPersonal(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w, id := personalWorld(t, db)
		variables := map[string]any{"id": id}
		whole := w.answer(t.Context(), readPersonal, everythingAsked, variables).Body.String()
		masked := w.answer(t.Context(), readOnly, everythingAsked, variables).Body.String()
		for _, secret := range secrets {
			if !strings.Contains(whole, secret) {
				t.Errorf("%s is not shown with personal", secret)
			}
			if strings.Contains(masked, secret) {
				t.Errorf("%s is shown: %s", secret, around(masked, secret))
			}
		}
		for _, harmless := range []string{"上海", "李娜", "12.50", "gold", "M-1", "+86138****5671", "l****a@example.com", `"none"`, "****"} {
			if !strings.Contains(masked, harmless) {
				t.Errorf("%s is not shown", harmless)
			}
		}
		if errors := at(decode(t, []byte(masked)), "errors"); errors != nil {
			t.Error(errors)
		}
	})
}

func around(text, part string) string {
	place := strings.Index(text, part)
	return text[max(0, place-60):min(len(text), place+60)]
}

func TestAnswersOfChangesAreMaskedToo(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w, id := personalWorld(t, db)
		for query, scopes := range map[string][]access.Scope{
			`mutation ($record: RecordInput!) { track(record: $record) { status error { code message field } customer { ...all } } }`:                                                                                                           readIngest,
			`mutation ($record: RecordInput!) { ingest(records: [$record, {identities: [{type: "phone", value: "1381234567"}], attributes: {phone: "13812345671"}}]) { results { status error { code message field } customer { ...all } } } }`: readIngest,
			`mutation ($id: ID!) { tagCustomer(customer: $id, key: "tel", value: "021-62881234") { userErrors { message } customer { ...all } } }`:                                                                                              readManage,
			`mutation ($id: ID!) { untagCustomer(customer: $id, key: "mobile") { userErrors { message } customer { ...all } } }`:                                                                                                                readManage,
		} {
			answer := w.answer(t.Context(), scopes, query+everythingOf, map[string]any{"id": id, "record": json.RawMessage(personalRecord)}).Body.String()
			for _, secret := range secrets {
				if strings.Contains(answer, secret) {
					t.Errorf("%.40s: %s is shown: %s", query, secret, around(answer, secret))
				}
			}
			if !strings.Contains(answer, "上海") {
				t.Errorf("%.40s: %s", query, answer)
			}
		}
	})
}

func TestErrorsRepeatNoValue(t *testing.T) {
	t.Parallel()
	const value = "13812345671"
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w, id := personalWorld(t, db)
		for _, query := range []string{
			`{ customerByIdentity(identity: {type: "phone13812345", value: "13812345671x"}) { id } }`,
			`{ customer(id: "13812345671") { id } }`, `{ node(id: "13812345671") { id } }`,
			`{ customers(after: "13812345671") { totalCount } }`, `{ customers(timeZone: "13812345671") { totalCount } }`, `{ customers(first: 13812345671) { totalCount } }`,
			`{ customers(where: {attribute: {name: "phone", is: {equals: "13812345671"}}}) { totalCount } }`,
			`{ customers(where: {attribute: {name: "x", is: {withinLast: "13812345671"}}}) { totalCount } }`,
			`{ customers(where: {attribute: {name: "x", is: {matches: "13812345671["}}}) { totalCount } }`,
			`{ customers(where: {segment: "13812345671"}) { totalCount } }`,
			`{ customerByIdentity(identity: {type: "phone", value: 13812345671}) { id } }`, `{ customerByIdentity(identity: "13812345671") { id } }`,
			`{ customers(first: "13812345671") { totalCount } }`, `{ customer(id: {a: "13812345671"}) { id } }`, `{ "13812345671" }`, `{ customers 13812345671 }`,
			`{ customers(where: {attribute: {name: "x", is: {equals: "\u13812345671"}}}) { totalCount } }`, `{ x(a: "13812345671`,
			`mutation { tagCustomer(customer: "13812345671", key: "k", value: "13812345671") { userErrors { message field } } }`,
			`mutation { track(record: {identities: [{type: "phone", value: "13812345671123456"}], attributes: "13812345671"}) { status error { message field } } }`,
			`mutation { ingest(records: [{identities: [{type: "nope", value: "13812345671"}]}, {identities: []}, {messageId: "p1", identities: [{type: "phone", value: "13812345671"}], occurredAt: "13812345671"}]) { results { error { message field } } } }`,
			`mutation { createSegment(key: "k", name: "n", where: {attribute: {name: "phone", is: {equals: "13812345671"}}}) { userErrors { code message field } } }`,
		} {
			answer := w.answer(t.Context(), []access.Scope{access.Read, access.Ingest, access.Manage}, query, map[string]any{"id": id}).Body.String()
			if strings.Contains(answer, value) {
				t.Errorf("%s\nanswers %s", query, answer)
			}
		}
		if strings.Contains(w.log.String(), value) {
			t.Errorf("log: %s", w.log)
		}
	})
}

func TestRulesThatWouldTellWhatIsMaskedAreRefused(t *testing.T) {
	t.Parallel()
	refused := map[string]string{
		`{attribute: {name: "phone", is: {equals: "13812345671"}}}`:                                              "where.attribute.is",
		`{attribute: {name: "phone", is: {notEquals: "x"}}}`:                                                     "where.attribute.is",
		`{attribute: {name: "Mobile-Phone", is: {startsWith: "138"}}}`:                                           "where.attribute.is",
		`{attribute: {name: "收货人手机号", is: {matches: "138.*"}}}`:                                                  "where.attribute.is",
		`{attribute: {name: "backup_phone", is: {gt: 13800000000}}}`:                                             "where.attribute.is",
		`{attribute: {name: "phone", is: {in: []}}}`:                                                             "where.attribute.is",
		`{attribute: {name: "passport", is: {withinLast: "P1D"}}}`:                                               "where.attribute.is",
		`{all: [{all: []}, {not: {attribute: {name: "email", is: {contains: "@"}}}}]}`:                           "where.all.1.not.attribute.is",
		`{any: [{identity: {type: "phone", is: {startsWith: "+86138"}}}]}`:                                       "where.any.0.identity.is",
		`{identity: {type: "national_id", is: {endsWith: "X"}, count: {gte: 1}}}`:                                "where.identity.is",
		`{identity: {type: "email", is: {notEquals: "a@b.cn"}}}`:                                                 "where.identity.is",
		`{tag: {key: "mobile", is: {equals: 13812345677}}}`:                                                      "where.tag.is",
		`{event: {where: [{property: "amount", is: {gt: 1}}, {property: "receiver.phone", is: {equals: "1"}}]}}`: "where.event.where.1.is",
		`{event: {where: [{property: "phone.home", is: {equals: "1"}}]}}`:                                        "where.event.where.0.is",
		`{event: {aggregate: DISTINCT, property: "receiver.phone", is: {gte: 1}}}`:                               "where.event.property",
		`{event: {aggregate: MAX, property: "tel", is: {gte: 1}}}`:                                               "where.event.property",
		`{event: {aggregate: SUM, property: "a.id_card", is: {gte: 1}}}`:                                         "where.event.property",
		`{attribute: {name: "phone.work", is: {gt: 1}}}`:                                                         "where.attribute.is",
		`{attribute: {name: "手机号(备用)", is: {gt: 1}}}`:                                                            "where.attribute.is",
		`{attribute: {name: "phone_hash", is: {gte: 13812345671}}}`:                                              "where.attribute.is.gte",
		`{attribute: {name: "contact", is: {equals: "１３８ 1234 5673"}}}`:                                          "where.attribute.is.equals",
		`{event: {aggregate: MAX, property: "phone_hash", is: {gte: 13812345671}}}`:                              "where.event.property",
		`{attribute: {name: "contact", is: {equals: "13812345673"}}}`:                                            "where.attribute.is.equals",
		`{attribute: {name: "contact", is: {in: ["a", "zhang@example.com"]}}}`:                                   "where.attribute.is.in",
		`{event: {where: [{property: "note", is: {notIn: ["zhao@example.com"]}}]}}`:                              "where.event.where.0.is.notIn",
		`{tag: {key: "wechat", is: {between: ["13812345670", "13812345679"]}}}`:                                  "where.tag.is.between",
	}
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w, _ := personalWorld(t, db)
		for rule, place := range refused {
			for _, query := range []string{`{ customers(where: ` + rule + `) { totalCount } }`, `{ previewSegment(where: ` + rule + `) { count } }`} {
				answer := decode(t, w.answer(t.Context(), readManage, query, nil).Body.Bytes())
				got := strings.Trim(strings.ReplaceAll(fmt.Sprint(at(answer, "errors", 0, "extensions", "inputPath")), " ", "."), "[]")
				if codeOf(answer) != "FORBIDDEN" || got != place || at(answer, "errors", 0, "extensions", "hint") == nil {
					t.Errorf("%s: %v", query, answer)
				}
				if answer := w.answer(t.Context(), readPersonal, query, nil).Body.String(); strings.Contains(answer, "errors") {
					t.Errorf("%s with personal: %s", query, answer)
				}
			}
			query := `mutation { createSegment(key: "secret", name: "n", where: ` + rule + `) { segment { id } userErrors { code field } } }`
			answer := decode(t, w.answer(t.Context(), readManage, query, nil).Body.Bytes())
			if at(answer, "data", "createSegment", "userErrors", 0, "code") != "FORBIDDEN" || at(answer, "data", "createSegment", "segment") != nil {
				t.Errorf("%s: %v", query, answer)
			}
		}
	})
}

func TestRulesThatTellNothingAreAnswered(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w, _ := personalWorld(t, db)
		for rule, want := range map[string]string{
			`{attribute: {name: "phone", is: {exists: true}}}`:                     "1",
			`{attribute: {name: "phone", is: {exists: false}}}`:                    "0",
			`{attribute: {name: "accepts_email", is: {notEquals: true}}}`:          "1",
			`{identity: {type: "phone"}}`:                                          "1",
			`{identity: {type: "phone", is: {exists: true}, count: {gte: 1}}}`:     "1",
			`{identity: {type: "member_no", is: {startsWith: "M"}}}`:               "1",
			`{event: {where: [{property: "receiver.phone", is: {exists: true}}]}}`: "1",
			`{event: {where: [{property: "receiver.name", is: {contains: "李"}}]}}`: "1",
			`{event: {where: [{property: "channel", is: {startsWith: "st"}}]}}`:    "1",
			`{attribute: {name: "city", is: {startsWith: "上"}}}`:                   "1",
			`{attribute: {name: "city", is: {gte: "上"}}}`:                          "1",
			`{tag: {key: "level", is: {equals: "gold"}}}`:                          "1",
			`{segment: "ours"}`: "1",
		} {
			answer := decode(t, w.answer(t.Context(), readOnly, `{ customers(where: `+rule+`) { totalCount } }`, nil).Body.Bytes())
			if got := fmt.Sprint(at(answer, "data", "customers", "totalCount")); got != want {
				t.Errorf("%s: %v", rule, answer)
			}
		}
	})
}

// What is masked by its shape is under names that nobody can list: there it takes part in no search and no order.
func TestSearchesDoNotFindWhatIsMaskedByShape(t *testing.T) {
	t.Parallel()
	searches := []string{
		`{attribute: {name: "contact", is: {startsWith: "138"}}}`,
		`{attribute: {name: "contact", is: {endsWith: "73"}}}`,
		`{attribute: {name: "contact", is: {contains: "1234567"}}}`,
		`{attribute: {name: "contact", is: {matches: "1381234567[0-4]"}}}`,
		`{attribute: {name: "contact", is: {gt: "1381234"}}}`,
		`{attribute: {name: "contact", is: {between: ["1381234", "1381235"]}}}`,
		`{attribute: {name: "remark", is: {contains: "zhan"}}}`,
		`{attribute: {name: "ids", is: {startsWith: "1101051949"}}}`,
		`{event: {where: [{property: "note", is: {startsWith: "zha"}}]}}`,
		`{event: {where: [{property: "items.gift_to", is: {matches: ".86 138-1234.*"}}]}}`,
		`{tag: {key: "wechat", is: {lte: "1381235"}}}`,
	}
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w, _ := personalWorld(t, db)
		count := func(scopes []access.Scope, query string) string {
			t.Helper()
			answer := decode(t, w.answer(t.Context(), scopes, query, nil).Body.Bytes())
			for _, path := range [][]any{{"data", "customers", "totalCount"}, {"data", "segment", "memberCount"}} {
				if n := at(answer, path...); n != nil {
					return fmt.Sprint(n)
				}
			}
			return fmt.Sprint(answer)
		}
		for i, rule := range searches {
			query := `{ customers(where: ` + rule + `) { totalCount } }`
			if with, without := count(readPersonal, query), count(readOnly, query); with != "1" || without != "0" {
				t.Errorf("%s: %s with personal, %s without", rule, with, without)
			}
			if got := count(readOnly, `{ customers(where: {not: `+rule+`}) { totalCount } }`); got != "1" {
				t.Errorf("not %s: %s", rule, got)
			}
			// A segment goes on comparing what its maker saw, whoever asks; and one of somebody with personal all.
			for key, scopes := range map[string][]access.Scope{fmt.Sprint("masked", i): readManage, fmt.Sprint("whole", i): everything} {
				made := w.answer(t.Context(), scopes, `mutation { createSegment(key: "`+key+`", name: "n", where: `+rule+`) { segment { id } userErrors { code message } } }`, nil)
				if !strings.Contains(made.Body.String(), `"userErrors":[]`) {
					t.Fatal(made.Body)
				}
				want := "0"
				if strings.HasPrefix(key, "whole") {
					want = "1"
				}
				for _, asker := range [][]access.Scope{readOnly, readPersonal} {
					for _, query := range []string{`{ segment(key: "` + key + `") { memberCount } }`, `{ customers(where: {segment: "` + key + `"}) { totalCount } }`} {
						if got := count(asker, query); got != want {
							t.Errorf("%s of %s: %s, want %s", query, rule, got, want)
						}
					}
				}
			}
		}
	})
}
