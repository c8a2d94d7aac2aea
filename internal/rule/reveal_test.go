package rule_test

import (
	"testing"

	"github.com/onecdp/onecdp/internal/fault"
	"github.com/onecdp/onecdp/internal/identity"
)

func registry(t *testing.T) *identity.Registry {
	t.Helper()
	types, err := identity.NewRegistry(append(identity.Defaults(), func() identity.Type {
		loyalty := identity.NewType("loyalty_card")
		loyalty.Sensitive = true
		return loyalty
	}()), "CN")
	if err != nil {
		t.Fatal(err)
	}
	return types
}

func TestEveryComparisonThatRevealsIsToldWithItsPlace(t *testing.T) {
	t.Parallel()
	types := registry(t)
	for text, places := range map[string][]string{
		`{"all":[{"attribute":{"name":"phone","is":{"equals":"1"}}},{"not":{"tag":{"key":"my_loyalty_card","is":{"gt":1}}}},{"attribute":{"name":"a","is":{"in":["b","13812345678"]}}}]}`: {
			"where.all[0].attribute.is", "where.all[1].not.tag.is", "where.all[2].attribute.is.in",
		},
		`{"sequence":{"steps":[{"where":[{"property":"a.phone.b","is":{"equals":"1"}}]},{"where":[{"property":"x","is":{"exists":true}},{"property":"y","is":{"matches":"13812345678"}}]}]}}`: {
			"where.sequence.steps[0].where[0].is", "where.sequence.steps[1].where[1].is.matches",
		},
		`{"all":[{"attribute":{"name":"phone.work","is":{"gt":1}}},{"attribute":{"name":"phone_home","is":{"gt":1}}},{"attribute":{"name":"phones_sold","is":{"gt":5}}},{"attribute":{"name":"phone_hash","is":{"lt":13812345678}}},{"tag":{"key":"phone_hash","is":{"notIn":[1,13812345678]}}}]}`: {
			"where.all[0].attribute.is", "where.all[1].attribute.is", "where.all[3].attribute.is.lt", "where.all[4].tag.is.notIn",
		},
		`{"event":{"where":[{"property":"phone_info.id","is":{"between":[110105199003071233,110105199003071235]}}]}}`: {"where.event.where[0].is.between"},
		`{"event":{"aggregate":"SUM","property":"phones_sold","is":{"gte":100}}}`:                                     nil,
		`{"event":{"aggregate":"DISTINCT","property":"phones_sold","is":{"gte":100}}}`:                                nil,
		`{"event":{"aggregate":"SUM","property":"phones_sold","is":{"gte":13812345678}}}`:                             {"where.event.property"},
		`{"attribute":{"name":"phone_model","is":{"startsWith":"P"}}}`:                                                nil,
		`{"identity":{"type":"loyalty_card","is":{"equals":"1"}}}`:                                                    {"where.identity.is"},
		`{"identity":{"type":"never_declared","is":{"equals":"1"}}}`:                                                  {"where.identity.is"},
		`{"event":{"aggregate":"AVG","property":"phone","is":{"gte":1},"where":[]}}`:                                  {"where.event.property"},
		`{"identity":{"type":"email_sha256","is":{"equals":"1"}}}`:                                                    nil,
		`{"identity":{"type":"member_no","is":{"equals":"13812345678"}}}`:                                             nil, // shown whole
		`{"event":{"aggregate":"SUM","property":"amount","is":{"gte":1}}}`:                                            nil,
		`{"event":{"where":[{"property":"source","is":{"equals":"13812345678"}}]}}`:                                   {}, // never masked
		`{"attribute":{"name":"opt_in_email","is":{"in":[true,false]}}}`:                                              nil,
		`{"any":[{"segment":"vip"},{"bucket":{"salt":"13812345678","percent":1}},{"all":[]}]}`:                        nil,
	} {
		all := fault.All(parsed(t, text).Reveals(types))
		if len(all) != len(places) {
			t.Errorf("%s: %v", text, all)
			continue
		}
		for i, one := range all {
			if one.Code != fault.Forbidden || one.Path.String() != places[i] || one.Hint == "" {
				t.Errorf("%s: %s at %s, want %s", text, one.Code, one.Path, places[i])
			}
		}
	}
}

func TestRulesAreShownWithTheirPersonalLiteralsMasked(t *testing.T) {
	t.Parallel()
	types := registry(t)
	for text, want := range map[string]string{
		`{"attribute":{"is":{"in":["13812345678",13812345678,true]},"name":"phone"}}`:                                                                                         `{"attribute":{"is":{"in":["13****78","13****78",true]},"name":"phone"}}`,
		`{"attribute":{"is":{"equals":"13812345678"},"name":"a"}}`:                                                                                                            `{"attribute":{"is":{"equals":"13****78"},"name":"a"}}`,
		`{"attribute":{"is":{"in":[13812345678,5,"a"]},"name":"phone_hash"}}`:                                                                                                 `{"attribute":{"is":{"in":["13****78",5,"a"]},"name":"phone_hash"}}`,
		`{"event":{"aggregate":"MAX","is":{"gte":13812345678},"property":"phone_hash"}}`:                                                                                      `{"event":{"aggregate":"MAX","is":{},"property":"phone_hash"}}`,
		`{"event":{"aggregate":"MAX","is":{"gte":12},"property":"phone_hash"}}`:                                                                                               ``,
		`{"not":{"tag":{"is":{"matches":"138.*"},"key":"tel"}}}`:                                                                                                              `{"not":{"tag":{"is":{"matches":"1*****"},"key":"tel"}}}`,
		`{"any":[{"identity":{"is":{"startsWith":"+86138"},"type":"phone"}}]}`:                                                                                                `{"any":[{"identity":{"is":{"startsWith":"+****8"},"type":"phone"}}]}`,
		`{"sequence":{"steps":[{"where":[{"is":{"gt":1381234},"property":"a.phone"}]},{}]}}`:                                                                                  `{"sequence":{"steps":[{"where":[{"is":{"gt":"1****4"},"property":"a.phone"}]},{}]}}`,
		`{"event":{"aggregate":"MAX","is":{"gte":138},"property":"phone"}}`:                                                                                                   `{"event":{"aggregate":"MAX","is":{},"property":"phone"}}`,
		`{"all":[{"attribute":{"is":{"exists":true},"name":"phone"}},{"event":{"names":["order"],"where":[{"is":{"equals":12.50},"property":"amount"}]}},{"segment":"vip"}]}`: "",
	} {
		if want == "" {
			want = text
		}
		if got := string(parsed(t, text).MaskedJSON(types)); got != want {
			t.Errorf("%s is shown as\n%s, want\n%s", text, got, want)
		}
		if got := string(parsed(t, text).JSON()); got != text {
			t.Errorf("%s was changed: %s", text, got)
		}
	}
}
