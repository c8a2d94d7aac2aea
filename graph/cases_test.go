package graph_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/onecdp/onecdp/internal/dbtest"
	"github.com/onecdp/onecdp/internal/store"
)

// claim is an identity as a case writes it.
type claim struct {
	Type  string `json:"type"`
	Scope string `json:"scope"`
	Value string `json:"value"`
}

func (c claim) String() string { return c.Type + "@" + c.Scope + "=" + c.Value }

// mergeCase is a case of merge.json: steps, and the customers they must leave.
type mergeCase struct {
	Name, Group string
	Steps       []map[string]json.RawMessage
	Customers   [][]claim
	Nobody      []claim
	Events      map[string]*claim
	IDs         []struct {
		Identity claim
		MintedBy string `json:"mintedBy"`
	}
	Redirects  []struct{ MintedBy, To string }
	AnyOrder   bool `json:"anyOrder"`
	Concurrent bool
	Server     map[string]string
}

// settled are the groups of cases whose rules stand: cleaning, blocking, evidence, merging and ids. A case of
// theirs with a step beyond ingest belongs to the operations and settings to come.
var settled = []string{"normalise", "blocked", "merge", "concurrent"}

// later are cases of these groups that rest on limits, or on a device that changes hands: these come with the
// rest of the rule.
var later = []string{"M08_second_openid_of_same_app_rejected", "C04_conflicting_logins_in_parallel"}

func (c mergeCase) settled() bool {
	return !slices.Contains(later, c.Name) && slices.Contains(settled, c.Group) && c.Server == nil && !slices.ContainsFunc(c.Steps, func(step map[string]json.RawMessage) bool {
		return step["ingest"] == nil
	})
}

func readMergeCases(t *testing.T) []mergeCase {
	t.Helper()
	text, err := os.ReadFile(dbtest.Shared(t, "cases", "merge.json"))
	if err != nil {
		t.Fatal(err)
	}
	var file struct{ Cases []mergeCase }
	if err := json.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	return slices.DeleteFunc(file.Cases, func(c mergeCase) bool { return !c.settled() })
}

const ingestOne = `mutation($r: [RecordInput!]!) { ingest(records: $r) { results { status customer { id } error { code message } } } }`

// play ingests the steps of a case, in the given order, and returns the customer id each event's record was answered.
func (w *world) play(c mergeCase, order []int, inListedOrder bool) map[string]string {
	w.t.Helper()
	minted := map[string]string{}
	var lock sync.Mutex
	one := func(i int) {
		var record map[string]any
		if err := json.Unmarshal(c.Steps[i]["ingest"], &record); err != nil {
			w.t.Error(err)
			return
		}
		answer := decode(w.t, w.answer(w.t.Context(), everything, ingestOne, map[string]any{"r": []any{record}}).Body.Bytes())
		result := at(answer, "data", "ingest", "results", 0)
		if status := c.Steps[i]["status"]; status != nil && inListedOrder && fmt.Sprintf("%q", at(result, "status")) != string(status) {
			w.t.Errorf("step %d: %v, want %s", i, answer, status)
		}
		name, _ := at(record, "event", "name").(string)
		id, _ := at(result, "customer", "id").(string)
		lock.Lock()
		defer lock.Unlock()
		minted[name] = id
	}
	if !c.Concurrent {
		for _, i := range order {
			one(i)
		}
		return minted
	}
	var wait sync.WaitGroup
	for _, i := range order {
		wait.Go(func() { one(i) })
	}
	wait.Wait()
	return minted
}

type person struct {
	id         string
	identities []string
	events     []string
}

const whoIs = `query($i: IdentityInput!) { customerByIdentity(identity: $i) { id identities { type scope value } events(first: 100) { edges { node { name } } } } }`

// who is the customer of an identity; nil when nobody is.
func (w *world) who(c claim) *person {
	w.t.Helper()
	answer := w.ask(whoIs, map[string]any{"i": c})
	customer := at(answer, "data", "customerByIdentity")
	if answer["errors"] != nil {
		w.t.Fatalf("%v", answer["errors"])
	}
	if customer == nil {
		return nil
	}
	found := &person{id: at(customer, "id").(string)}
	for _, identity := range at(customer, "identities").([]any) {
		found.identities = append(found.identities, claim{at(identity, "type").(string), at(identity, "scope").(string), at(identity, "value").(string)}.String())
	}
	for _, edge := range at(customer, "events", "edges").([]any) {
		found.events = append(found.events, at(edge, "node", "name").(string))
	}
	slices.Sort(found.identities)
	return found
}

// check compares what the store holds with what a case states.
func (w *world) check(c mergeCase, minted map[string]string) {
	w.t.Helper()
	seen := map[string]int{}
	for i, group := range c.Customers {
		var want []string
		for _, one := range group {
			want = append(want, one.String())
		}
		slices.Sort(want)
		for _, one := range group {
			got := w.who(one)
			if got == nil || !slices.Equal(got.identities, want) {
				w.t.Errorf("%s belongs to %+v, want %v", one, got, want)
				continue
			}
			if other, known := seen[got.id]; known && other != i {
				w.t.Errorf("customers %d and %d are one", other, i)
			}
			seen[got.id] = i
		}
	}
	for _, one := range c.Nobody {
		if got := w.who(one); got != nil {
			w.t.Errorf("%s should be nobody's, and is %+v's", one, got)
		}
	}
	for name, owner := range c.Events {
		if owner == nil {
			for _, group := range c.Customers {
				if got := w.who(group[0]); got != nil && slices.Contains(got.events, name) {
					w.t.Errorf("event %s is %s's, and should be nobody's", name, group[0])
				}
			}
			continue
		}
		if got := w.who(*owner); got == nil || !slices.Contains(got.events, name) {
			w.t.Errorf("event %s is not %s's: %+v", name, owner, got)
		}
	}
	for _, want := range c.IDs {
		if got := w.who(want.Identity); got == nil || got.id != minted[want.MintedBy] {
			w.t.Errorf("%s has %+v, want the id made by %s, %s", want.Identity, got, want.MintedBy, minted[want.MintedBy])
		}
	}
	for _, redirect := range c.Redirects {
		answer := w.ask(`query($id: ID!) { customer(id: $id) { id } node(id: $id) { id } }`, map[string]any{"id": minted[redirect.MintedBy]})
		for _, field := range []string{"customer", "node"} {
			if got := at(answer, "data", field, "id"); got != minted[redirect.To] {
				w.t.Errorf("%s(id of %s) is %v, want that of %s, %s", field, redirect.MintedBy, got, redirect.To, minted[redirect.To])
			}
		}
	}
}

// orders are those in which a case is played: as listed and, where it says that any will do, two more.
func orders(c mergeCase) [][]int {
	listed := make([]int, len(c.Steps))
	for i := range listed {
		listed[i] = i
	}
	all := [][]int{listed}
	if c.AnyOrder && !c.Concurrent {
		backwards := slices.Clone(listed)
		slices.Reverse(backwards)
		shuffled := slices.Clone(listed)
		rand.New(rand.NewPCG(1, uint64(len(c.Name)))).Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
		all = append(all, backwards, shuffled)
	}
	return all
}

func TestCasesOfMerging(t *testing.T) {
	cases := readMergeCases(t)
	if len(cases) < 20 {
		t.Fatalf("only %d cases", len(cases))
	}
	// Each turn plays in another order, in a world of its own: identities differ only between cases.
	for turn := range 3 {
		t.Run(fmt.Sprintf("turn %d", turn), func(t *testing.T) {
			dbtest.Each(t, func(t *testing.T, db *store.DB) {
				w := newWorld(t, db)
				w.useClock()
				for _, c := range cases {
					if all := orders(c); turn < len(all) {
						t.Run(c.Name, func(t *testing.T) {
							inner := *w
							inner.t = t
							inner.check(c, inner.play(c, all[turn], turn == 0))
						})
					}
				}
			})
		})
	}
}

func TestCasesOfNormalising(t *testing.T) {
	text, err := os.ReadFile(dbtest.Shared(t, "cases", "normalise.json"))
	if err != nil {
		t.Fatal(err)
	}
	var cases []struct {
		Type, Scope, Input string
		Expected           *string
		Reason             string
	}
	if err := json.Unmarshal(text, &cases); err != nil {
		t.Fatal(err)
	}
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db)
		w.useClock()
		for i, c := range cases {
			sent := claim{c.Type, c.Scope, c.Input}
			if c.Expected != nil {
				w.ask(ingestOne, map[string]any{"r": []any{map[string]any{"identities": []claim{sent}}}})
				want := claim{c.Type, c.Scope, *c.Expected}
				for _, spelling := range []claim{sent, want} {
					got := w.who(spelling)
					if got == nil || len(got.identities) != 1 || !strings.HasSuffix(got.identities[0], "="+*c.Expected) {
						t.Errorf("%s: %+v, want %s", spelling, got, want)
					}
				}
				continue
			}
			good := claim{"member_no", "", fmt.Sprintf("good-%d", i)}
			answer := w.ask(ingestOne, map[string]any{"r": []any{map[string]any{"identities": []claim{good, sent}}}})
			if got := at(answer, "data", "ingest", "results", 0, "status"); got != "ACCEPTED" {
				t.Errorf("%s: %v", sent, answer)
			}
			if got := w.who(good); got == nil || len(got.identities) != 1 {
				t.Errorf("%s beside %s: %+v", sent, good, got)
			}
			if got := w.who(sent); got != nil {
				t.Errorf("%s is %+v's", sent, got)
			}
		}
	})
}
