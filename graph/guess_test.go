package graph_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/onecdp/onecdp/internal/access"
	"github.com/onecdp/onecdp/internal/dbtest"
	"github.com/onecdp/onecdp/internal/store"
)

// A mask leaves ten thousand phone numbers. Who may not see the one must not be able to try them all.
func TestGuessingAMaskedValueIsSlow(t *testing.T) {
	t.Parallel()
	lookUp := func(from, count int) string {
		claims := make([]string, count)
		for i := range claims {
			claims[i] = fmt.Sprintf(`{type: "phone", value: "1391234%04d"}`, from+i)
		}
		return `{ customersByIdentity(identities: [` + strings.Join(claims, ",") + `]) { id } }`
	}
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db)
		w.ask(`mutation { track(record: {identities: [{type: "phone", value: "13912345678"}, {type: "user_id", value: "u"}]}) { status } }`, nil)
		ask := func(scopes []access.Scope, query string) map[string]any {
			return decode(t, w.answer(t.Context(), scopes, query, nil).Body.Bytes())
		}
		reader := []access.Scope{access.Read}
		for range 20 { // what is found was no guess, and what is no secret cannot be guessed
			if code := codeOf(ask(reader, lookUp(5678, 1))); code != "" {
				t.Fatal(code)
			}
			if code := codeOf(ask(reader, strings.ReplaceAll(lookUp(0, 100), "phone", "user_id"))); code != "" {
				t.Fatal(code)
			}
		}
		for i := range 10 {
			if code := codeOf(ask(reader, lookUp(i*100, 100))); code != "" {
				t.Fatalf("%d guesses: %s", i*100, code)
			}
		}
		refused := ask(reader, lookUp(1000, 10))
		if after, _ := at(refused, "errors", 0, "extensions", "retryAfter").(fmt.Stringer); codeOf(refused) != "RATE_LIMITED" || after == nil {
			t.Errorf("got %v", refused)
		}
		for i := range 15 {
			if code := codeOf(ask([]access.Scope{access.Read, access.Personal}, lookUp(i*100, 100))); code != "" {
				t.Errorf("who may see it: %s", code)
			}
		}
	})
}

// What is done by hand says whom it is about. It is no way around.
func TestGuessingByHandIsSlowToo(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db)
		ask := func(query string) string {
			return codeOf(decode(t, w.answer(t.Context(), []access.Scope{access.Read, access.Manage}, query, nil).Body.Bytes()))
		}
		for i := range 10 { // all that is free
			claims := make([]string, 100)
			for j := range claims {
				claims[j] = fmt.Sprintf(`{type: "phone", value: "139%08d"}`, i*100+j)
			}
			ask(`{ customersByIdentity(identities: [` + strings.Join(claims, ",") + `]) { id } }`)
		}
		const phone, member = `{type: "phone", value: "13912345678"}`, `{type: "member_no", value: "m"}`
		for _, query := range []string{
			`{ whySame(a: ` + phone + `, b: ` + member + `) { same } }`,
			`{ audit(identity: ` + phone + `) { totalCount } }`,
			`mutation { linkIdentities(a: ` + phone + `, b: ` + member + `, reason: "r") { customers { id } } }`,
			`mutation { keepApart(left: [` + member + `], right: [` + phone + `], reason: "r") { customers { id } } }`,
			`mutation { unlinkIdentity(identity: ` + phone + `, reason: "r") { customers { id } } }`,
			`mutation { blockIdentity(identity: ` + phone + `, reason: "r") { customers { id } } }`,
			`mutation { moveIdentity(identity: ` + phone + `, to: "x", reason: "r") { customers { id } } }`,
		} {
			if code := ask(query); code != "RATE_LIMITED" {
				t.Errorf("%s: %q", query, code)
			}
		}
	})
}
