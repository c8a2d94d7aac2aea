package graph_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"sync"
)

const ingestOne = `mutation($r: [RecordInput!]!) { ingest(records: $r) { results { status customer { id } error { code message } } } }`

// mutations are the steps of cases beside ingest, with any reason.
var mutations = map[string]string{
	"defineIdentityType": `mutation($input: IdentityTypeInput!) { done: defineIdentityType(input: $input) { identityType { name } job { state } userErrors { code message } } }`,
	"blockIdentity":      `mutation($identity: IdentityInput!) { done: blockIdentity(identity: $identity, reason: "r") { operation { id } customers { id } userErrors { code message } } }`,
	"linkIdentities":     `mutation($a: IdentityInput!, $b: IdentityInput!) { done: linkIdentities(a: $a, b: $b, reason: "r") { operation { id } customers { id } userErrors { code message } } }`,
	"keepApart":          `mutation($left: [IdentityInput!]!, $right: [IdentityInput!]!) { done: keepApart(left: $left, right: $right, reason: "r") { operation { id } customers { id } userErrors { code message } } }`,
	"unlinkIdentity":     `mutation($identity: IdentityInput!, $since: Time) { done: unlinkIdentity(identity: $identity, since: $since, reason: "r") { operation { id } customers { id } userErrors { code message } } }`,
	"moveIdentity":       `mutation($identity: IdentityInput!, $to: ID!) { done: moveIdentity(identity: $identity, to: $to, reason: "r") { operation { id } customers { id } userErrors { code message } } }`,
	"retractRecord":      `mutation($source: String!, $messageId: String!) { done: retractRecord(source: $source, messageId: $messageId, reason: "r") { operation { id } customers { id } userErrors { code message } } }`,
	"undoOperation":      `mutation($operation: ID!) { done: undoOperation(operation: $operation, reason: "r") { operation { id } customers { id } userErrors { code message } } }`,
	"mergeCustomers":     `mutation($a: ID!, $b: ID!) { done: mergeCustomers(a: $a, b: $b, reason: "r") { operation { id } merge { id } customer { id } userErrors { code message } } }`,
	"unmerge":            `mutation($merge: ID!) { done: unmerge(merge: $merge, reason: "r") { operation { id } customers { id } userErrors { code message } } }`,
}

// playing is a case while it is played.
type playing struct {
	*world

	listed bool // its steps are played in the listed order
	lock   sync.Mutex
	minted map[string]string // an event's name to the customer id that its record was answered
	named  map[string]string // what a step is named to the id of its operation
	merges map[string]string // the same to the id of its merge
}

// play does the steps of a case in the given order and returns the customer id each event's record was answered.
func (w *world) play(c mergeCase, order []int, inListedOrder bool) map[string]string {
	w.t.Helper()
	p := &playing{world: w, listed: inListedOrder, minted: map[string]string{}, named: map[string]string{}, merges: map[string]string{}}
	var wait sync.WaitGroup
	if c.Concurrent {
		for _, i := range order {
			if step := c.Steps[i]; step["ingest"] != nil {
				wait.Go(func() { p.ingest(step) })
			}
		}
		wait.Wait()
	}
	for _, i := range order {
		switch step := c.Steps[i]; {
		case step["ingest"] == nil:
			p.do(step)
		case !c.Concurrent:
			p.ingest(step)
		}
	}
	return p.minted
}

// ingest sends a record.
func (p *playing) ingest(step map[string]json.RawMessage) {
	var record map[string]any
	if err := json.Unmarshal(step["ingest"], &record); err != nil {
		p.t.Error(err)
		return
	}
	answer := decode(p.t, p.answer(p.t.Context(), everything, ingestOne, map[string]any{"r": []any{record}}).Body.Bytes())
	result := at(answer, "data", "ingest", "results", 0)
	if status := step["status"]; p.listed && status != nil && fmt.Sprintf("%q", at(result, "status")) != string(status) {
		p.t.Errorf("%s: %v, want %s", step["ingest"], answer, status)
	}
	name, _ := at(record, "event", "name").(string)
	id, _ := at(result, "customer", "id").(string)
	p.lock.Lock()
	defer p.lock.Unlock()
	p.minted[name] = id
}

// do does by hand what a step says.
func (p *playing) do(step map[string]json.RawMessage) {
	p.t.Helper()
	kinds := slices.DeleteFunc(slices.Collect(maps.Keys(step)), func(key string) bool { return key == "as" || key == "status" })
	if len(kinds) != 1 || mutations[kinds[0]] == "" {
		p.t.Fatalf("what step is this? %v", kinds)
	}
	kind := kinds[0]
	var given map[string]json.RawMessage
	if err := json.Unmarshal(step[kind], &given); err != nil {
		p.t.Fatal(err)
	}
	variables := map[string]any{}
	for name, value := range given {
		variables[name] = value
	}
	if kind == "defineIdentityType" {
		variables = map[string]any{"input": step[kind]}
	}
	for _, argument := range map[string][]string{"mergeCustomers": {"a", "b"}, "moveIdentity": {"to"}}[kind] {
		variables[argument] = p.who(parsed[claim](p, given[argument])).id
	}
	switch kind {
	case "undoOperation":
		variables["operation"] = p.named[parsed[string](p, given["operation"])]
	case "unmerge":
		variables["merge"] = p.mergeOf(given["merge"])
	}
	answer := p.ask(mutations[kind], variables)
	done := at(answer, "data", "done")
	if wrong, _ := at(done, "userErrors").([]any); done == nil || len(wrong) > 0 {
		p.t.Fatalf("%s: %v", step[kind], answer)
	}
	if step["as"] != nil {
		name := parsed[string](p, step["as"])
		p.named[name], _ = at(done, "operation", "id").(string)
		p.merges[name], _ = at(done, "merge", "id").(string)
	}
}

// mergeOf is the id of a merge: of the step with that name, or the newest of the customer of an identity.
func (p *playing) mergeOf(given json.RawMessage) any {
	p.t.Helper()
	if given[0] == '"' {
		return p.merges[parsed[string](p, given)]
	}
	answer := p.ask(`query($i: IdentityInput!) { customerByIdentity(identity: $i) { merges { id } } }`, map[string]any{"i": given})
	return at(answer, "data", "customerByIdentity", "merges", 0, "id")
}

// parsed reads an argument of a step.
func parsed[T any](p *playing, text json.RawMessage) (value T) {
	p.t.Helper()
	if err := json.Unmarshal(text, &value); err != nil {
		p.t.Fatal(err)
	}
	return value
}
