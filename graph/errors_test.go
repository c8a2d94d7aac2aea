package graph_test

import (
	"strings"
	"testing"

	"github.com/onecdp/onecdp/internal/dbtest"
	"github.com/onecdp/onecdp/internal/store"
)

func TestOurOwnFaultsAreLoggedAndNotShown(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db)
		w.services.Sources = nil // a panic
		w.useClock()
		w.ask(`mutation { track(record: {identities: [{type: "phone", value: "13812345671"}], attributes: {secret: "13812345671"}}) { status } }`, nil)
		answer := w.ask(`{ customerByIdentity(identity: {type: "phone", value: "13812345671"}) { attribute(name: "secret") { value } } }`, nil)
		refused := at(answer, "errors", 0)
		hint, _ := at(refused, "extensions", "hint").(string)
		if at(refused, "extensions", "code") != "INTERNAL" || at(refused, "message") != "internal error" || at(refused, "path", 1) != "attribute" {
			t.Errorf("%v", answer)
		}
		id := hint[strings.LastIndex(hint, " ")+1:]
		if log := w.log.String(); id == "" || !strings.Contains(log, id) || !strings.Contains(log, "stack") || strings.Contains(log, "3812345671") {
			t.Errorf("hint %q, log %s", hint, log)
		}
	})
}

func TestALongNameIsNotRepeated(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db)
		answer := w.answer(t.Context(), everything, "{ "+strings.Repeat("x", 100_000)+" }", nil)
		if answer.Body.Len() > 1000 || !strings.Contains(answer.Body.String(), "BAD_USER_INPUT") {
			t.Errorf("%d bytes: %.300s", answer.Body.Len(), answer.Body)
		}
	})
}

func TestIDsGoOnAnsweringAfterAMerge(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db)
		identify := func(identities string) any {
			answer := w.ask(`mutation { identify(record: {identities: [`+identities+`]}) { customer { id } } }`, nil)
			return at(answer, "data", "identify", "customer", "id")
		}
		phone, mail := `{type: "phone", value: "13812345671"}`, `{type: "email", value: "a@example.com"}`
		older, younger := identify(phone), identify(mail)
		if joined := identify(phone + mail); joined != older || older == younger {
			t.Fatalf("%v and %v became %v", older, younger, joined)
		}
		answer := w.ask(`query ($id: ID!) {
			customer(id: $id) { id merges { id cause mergedId survivor { id } undoneAt } }
			node(id: $id) { id }
		}`, map[string]any{"id": younger})
		merge := at(answer, "data", "customer", "merges", 0)
		if at(answer, "data", "customer", "id") != older || at(answer, "data", "node", "id") != older ||
			at(merge, "mergedId") != younger || at(merge, "survivor", "id") != older || at(merge, "cause") != "record" {
			t.Errorf("%v", answer)
		}
		found := w.ask(`query ($id: ID!) { node(id: $id) { __typename id } }`, map[string]any{"id": at(merge, "id")})
		if at(found, "data", "node", "id") != at(merge, "id") || at(found, "data", "node", "__typename") != "Merge" {
			t.Errorf("%v", found)
		}
	})
}
