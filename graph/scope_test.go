package graph_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/onecdp/onecdp/internal/access"
	"github.com/onecdp/onecdp/internal/dbtest"
	"github.com/onecdp/onecdp/internal/store"
)

func TestEachScopeAllowsWhatItSays(t *testing.T) {
	t.Parallel()
	const record = `{identities: [{type: "member_no", value: "m1"}]}`
	operations := map[string][]access.Scope{ // what they need, all of it
		`{ customers { totalCount } }`:                                                                                             {access.Read},
		`{ customer(id: "%[1]s") { id } }`:                                                                                         {access.Read},
		`{ customerByIdentity(identity: {type: "phone", value: "1"}) { id } }`:                                                     {access.Read},
		`{ customersByIdentity(identities: [{type: "phone", value: "1"}]) { id } }`:                                                {access.Read},
		`{ node(id: "%[1]s") { id } }`:                                                                                             {access.Read},
		`{ segment(key: "s") { id } }`:                                                                                             {access.Read},
		`{ campaign(key: "s") { id } }`:                                                                                            {access.Read},
		`{ previewSegment(where: {all: []}) { count } }`:                                                                           {access.Read},
		`mutation { track(record: ` + record + `) { status } }`:                                                                    {access.Ingest},
		`mutation { identify(record: ` + record + `) { status } }`:                                                                 {access.Ingest},
		`mutation { ingest(records: [` + record + `]) { accepted } }`:                                                              {access.Ingest},
		`mutation { track(record: ` + record + `) { customer { id } } }`:                                                           {access.Ingest, access.Read},
		`mutation { tagCustomer(customer: "%[1]s", key: "k", value: 1) { userErrors { code } } }`:                                  {access.Manage},
		`mutation { untagCustomer(customer: "%[1]s", key: "k") { userErrors { code } } }`:                                          {access.Manage},
		`mutation { untagCustomer(customer: "%[1]s", key: "k") { customer { id } } }`:                                              {access.Manage, access.Read},
		`mutation { createSegment(key: "s%[2]d", name: "s", where: {all: []}) { segment { key rule } userErrors { code } } }`:      {access.Manage},
		`mutation { createSegment(key: "s%[2]d", name: "s", where: {all: []}) { segment { memberCount } } }`:                       {access.Manage, access.Read},
		`mutation { createSegment(key: "s%[2]d", name: "s", where: {all: []}) { segment { members { totalCount } } } }`:            {access.Manage, access.Read},
		`mutation { createCampaign(key: "c%[2]d", name: "c", channel: "sms") { campaign { key } userErrors { code } } }`:           {access.Manage},
		`mutation { createCampaign(key: "c%[2]d", name: "c", channel: "sms", segment: "seg") { campaign { audience { rule } } } }`: {access.Manage, access.Read},
		`{ identityTypes { name blocked } }`:                                                                                       {access.Read},
		`{ jobs { totalCount } }`:                                                                                                  {access.Read},
		`{ operations { totalCount } }`:                                                                                            {access.Read},
		`{ audit { totalCount } }`:                                                                                                 {access.Read},
		`{ whySame(a: {type: "member_no", value: "k"}, b: {type: "member_no", value: "m%[2]d"}) { same } }`:                        {access.Read},
		`{ previewMerge(a: "%[1]s", b: "%[1]s") { events } }`:                                                                      {access.Read},
		`mutation { linkIdentities(a: {type: "member_no", value: "k"}, b: {type: "member_no", value: "m%[2]d"}, reason: "r") { operation { id } userErrors { code } } }`:              {access.Manage},
		`mutation { linkIdentities(a: {type: "member_no", value: "k"}, b: {type: "member_no", value: "m%[2]d"}, reason: "r") { operation { undoneBy { id } } userErrors { code } } }`: {access.Manage, access.Read},
		`mutation { linkIdentities(a: {type: "member_no", value: "k"}, b: {type: "member_no", value: "m%[2]d"}, reason: "r") { customers { id } userErrors { code } } }`:              {access.Manage, access.Read},
		`mutation { keepApart(left: [{type: "member_no", value: "k"}], right: [{type: "member_no", value: "m%[2]d"}], reason: "r") { userErrors { code } } }`:                         {access.Manage},
		`mutation { unlinkIdentity(identity: {type: "member_no", value: "m%[2]d"}, reason: "r") { userErrors { code } } }`:                                                            {access.Manage},
		`mutation { moveIdentity(identity: {type: "member_no", value: "m%[2]d"}, to: "%[1]s", reason: "r") { userErrors { code } } }`:                                                 {access.Manage},
		`mutation { blockIdentity(identity: {type: "member_no", value: "m%[2]d"}, reason: "r") { userErrors { code } } }`:                                                             {access.Manage},
		`mutation { retractRecord(source: "s", messageId: "1", reason: "r") { userErrors { code } } }`:                                                                                {access.Manage},
		`mutation { undoOperation(operation: "x", reason: "r") { userErrors { code } } }`:                                                                                             {access.Manage},
		`mutation { unmerge(merge: "x", reason: "r") { userErrors { code } } }`:                                                                                                       {access.Manage},
		`mutation { mergeCustomers(a: "%[1]s", b: "%[1]s", reason: "r") { operation { id } userErrors { code } } }`:                                                                   {access.Manage},
		`mutation { mergeCustomers(a: "%[1]s", b: "%[1]s", reason: "r") { merge { id } userErrors { code } } }`:                                                                       {access.Manage, access.Read},
		`mutation { mergeCustomers(a: "%[1]s", b: "%[1]s", reason: "r") { customer { id } userErrors { code } } }`:                                                                    {access.Manage, access.Read},
		`mutation { defineIdentityType(input: {name: "t"}) { identityType { name } job { state customers { totalCount } } userErrors { code } } }`:                                    {access.Admin},
		`{ apiKeys { name } }`: {access.Admin},
		`mutation { createApiKey(name: "k%[2]d", scopes: [READ]) { secret userErrors { code } } }`: {access.Admin},
		`mutation { rotateApiKey(name: "nobody") { userErrors { code } } }`:                        {access.Admin},
		`mutation { revokeApiKey(name: "nobody") { userErrors { code } } }`:                        {access.Admin},
	}
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db)
		answer := w.ask(`mutation { track(record: {identities: [{type: "member_no", value: "m0"}]}) { customer { id } } createSegment(key: "seg", name: "n", where: {all: []}) { userErrors { code } } }`, nil)
		id, _ := at(answer, "data", "track", "customer", "id").(string)
		if id == "" {
			t.Fatal(answer)
		}
		all := access.Scopes()
		for combination := range 1 << len(all) {
			var scopes []access.Scope
			for i, scope := range all {
				if combination>>i&1 == 1 {
					scopes = append(scopes, scope)
				}
			}
			n := 0
			for operation, needed := range operations {
				n++
				if strings.Contains(operation, "%") {
					operation = strings.ReplaceAll(strings.ReplaceAll(operation, "%[1]s", id), "%[2]d", fmt.Sprint(combination, "x", n))
				}
				allowed := slices.Contains(scopes, access.Admin) || !slices.ContainsFunc(needed, func(scope access.Scope) bool { return !slices.Contains(scopes, scope) })
				want := ""
				switch {
				case scopes == nil:
					want = "UNAUTHENTICATED"
				case !allowed:
					want = "FORBIDDEN"
				}
				answer := decode(t, w.answer(t.Context(), scopes, operation, nil).Body.Bytes())
				if got := codeOf(answer); got != want {
					t.Errorf("%v: %s: %q, want %q: %v", scopes, operation, got, want, answer)
				}
				if want != "" && answer["data"] != nil {
					t.Errorf("%v: %s: refused with data: %v", scopes, operation, answer)
				}
			}
		}
	})
}

func TestKeysAreMadeRotatedAndRevokedThroughTheAPI(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db)
		w.useClock()
		other := access.New(db, "") // another server
		works := func(secret string) bool {
			_, err := other.Authenticate(t.Context(), secret, time.Now())
			return err == nil
		}
		const fields = `{ secret apiKey { name hint scopes createdAt expiresAt lastUsedAt revokedAt previousSecretUntil } userErrors { code message field } }`
		ask := func(field, call string) (secret string, key, payload any) {
			t.Helper()
			answer := w.ask(`mutation { `+call+fields+` }`, nil)
			payload = at(answer, "data", field)
			if payload == nil {
				t.Fatal(answer)
			}
			secret, _ = at(payload, "secret").(string)
			return secret, at(payload, "apiKey"), payload
		}
		first, key, payload := ask("createApiKey", `createApiKey(name: "crm", scopes: [PERSONAL, READ], expiresAt: "2999-01-01T00:00:00+08:00")`)
		if !works(first) || fmt.Sprint(at(key, "scopes")) != "[READ PERSONAL]" || at(key, "expiresAt") != "2998-12-31T16:00:00Z" || at(key, "previousSecretUntil") != nil {
			t.Errorf("%v", payload)
		}
		second, key, payload := ask("rotateApiKey", `rotateApiKey(name: "crm")`)
		until, err := time.Parse(time.RFC3339, fmt.Sprint(at(key, "previousSecretUntil")))
		if !works(first) || !works(second) || err != nil || time.Until(until) < 23*time.Hour || time.Until(until) > 24*time.Hour || !strings.HasSuffix(second, fmt.Sprint(at(key, "hint"))) {
			t.Errorf("%v", payload)
		}
		third, key, payload := ask("rotateApiKey", `rotateApiKey(name: "crm", overlap: "PT0S")`)
		if works(first) || works(second) || !works(third) || at(key, "previousSecretUntil") != nil {
			t.Errorf("%v", payload)
		}
		if err := other.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		listed := w.ask(`{ apiKeys { name hint lastUsedAt revokedAt } }`, nil)
		if at(listed, "data", "apiKeys", 0, "name") != "crm" || at(listed, "data", "apiKeys", 0, "lastUsedAt") == nil || at(listed, "data", "apiKeys", 1) != nil {
			t.Errorf("%v", listed)
		}
		for range 2 { // again changes nothing
			secret, key, payload := ask("revokeApiKey", `revokeApiKey(name: "crm")`)
			if works(third) || secret != "" || at(key, "revokedAt") == nil {
				t.Errorf("%v", payload)
			}
		}
		for call, want := range map[string]string{
			`createApiKey(name: "crm", scopes: [READ])`:                                     "CONFLICT [name]",
			`createApiKey(name: "", scopes: [READ])`:                                        "BAD_USER_INPUT [name]",
			`createApiKey(name: "none", scopes: [])`:                                        "BAD_USER_INPUT [scopes]",
			`createApiKey(name: "late", scopes: [READ], expiresAt: "2020-01-01T00:00:00Z")`: "BAD_USER_INPUT [expiresAt]",
			`rotateApiKey(name: "crm")`:                                                     "CONFLICT [name]",
			`rotateApiKey(name: "nobody")`:                                                  "NOT_FOUND [name]",
			`rotateApiKey(name: "crm", overlap: "P91D")`:                                    "BAD_USER_INPUT [overlap]",
			`rotateApiKey(name: "crm", overlap: "soon")`:                                    "BAD_USER_INPUT [overlap]",
			`revokeApiKey(name: "nobody")`:                                                  "NOT_FOUND [name]",
		} {
			name, _, _ := strings.Cut(call, "(")
			secret, key, payload := ask(name, call)
			if got := fmt.Sprint(at(payload, "userErrors", 0, "code"), " ", at(payload, "userErrors", 0, "field")); got != want || secret != "" || key != nil {
				t.Errorf("%s: %v", call, payload)
			}
		}
		for _, secret := range []string{first, second, third} {
			if strings.Contains(w.log.String(), secret) {
				t.Error("a secret is in the log")
			}
		}
	})
}

func TestAnExpiredKeyIsNobody(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db)
		w.useClock()
		soon := time.Now().Add(300 * time.Millisecond)
		answer := w.ask(`mutation { createApiKey(name: "short", scopes: [READ], expiresAt: "`+soon.Format(time.RFC3339Nano)+`") { secret } }`, nil)
		secret, _ := at(answer, "data", "createApiKey", "secret").(string)
		if _, err := w.services.Access.Authenticate(t.Context(), secret, soon.Add(-time.Millisecond)); err != nil {
			t.Error(err)
		}
		if _, err := w.services.Access.Authenticate(t.Context(), secret, soon); err == nil {
			t.Error("let in when it had expired")
		}
	})
}
