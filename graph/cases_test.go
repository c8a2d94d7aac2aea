package graph_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/onecdp/onecdp/internal/assembly"
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
	Name      string
	Steps     []map[string]json.RawMessage
	Customers [][]claim
	Nobody    []claim
	Events    map[string]*claim
	IDs       []struct {
		Identity claim
		MintedBy string `json:"mintedBy"`
	}
	Redirects  []struct{ MintedBy, To string }
	Rejected   [][2]claim
	AnyOrder   bool `json:"anyOrder"`
	Concurrent bool
	Server     map[string]string
}

// alone tells that a case needs a store of its own: it changes settings, which count for all.
func (c mergeCase) alone() bool {
	return c.Server != nil || slices.ContainsFunc(c.Steps, func(step map[string]json.RawMessage) bool { return step["defineIdentityType"] != nil })
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
	if len(file.Cases) < 20 {
		t.Fatalf("only %d cases", len(file.Cases))
	}
	return file.Cases
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
		found.identities = append(found.identities, claimOf(identity).String())
	}
	for _, edge := range at(customer, "events", "edges").([]any) {
		found.events = append(found.events, at(edge, "node", "name").(string))
	}
	slices.Sort(found.identities)
	return found
}

// claimOf is an identity as an answer shows it.
func claimOf(identity any) claim {
	return claim{at(identity, "type").(string), at(identity, "scope").(string), at(identity, "value").(string)}
}

// check compares what the store holds with what a case states.
func (w *world) check(c mergeCase, minted map[string]string) {
	w.t.Helper()
	w.checkCustomers(c)
	for _, one := range c.Nobody {
		if got := w.who(one); got != nil {
			w.t.Errorf("%s should be nobody's, and is %+v's", one, got)
		}
	}
	for name, owner := range c.Events {
		for _, group := range c.Customers {
			has, wanted := slices.Contains(w.eventsOf(group[0]), name), owner != nil && slices.Contains(group, *owner)
			if has != wanted {
				w.t.Errorf("event %s is %s's: %t, want %t", name, group[0], has, wanted)
			}
		}
		if owner != nil && !slices.Contains(w.eventsOf(*owner), name) {
			w.t.Errorf("event %s is not %s's", name, owner)
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
	for _, pair := range c.Rejected {
		w.checkRejected(pair)
	}
}

// checkCustomers compares the partition.
func (w *world) checkCustomers(c mergeCase) {
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
}

func (w *world) eventsOf(c claim) []string {
	if got := w.who(c); got != nil {
		return got.events
	}
	return nil
}

// checkRejected looks for a rejected link in the graph of the customer of its first end.
func (w *world) checkRejected(pair [2]claim) {
	w.t.Helper()
	answer := w.ask(`query($i: IdentityInput!) { customerByIdentity(identity: $i) { identityGraph { edges {
		accepted reason a { type scope value } b { type scope value }
	} } } }`, map[string]any{"i": pair[0]})
	edges, _ := at(answer, "data", "customerByIdentity", "identityGraph", "edges").([]any)
	for _, edge := range edges {
		ends := []claim{claimOf(at(edge, "a")), claimOf(at(edge, "b"))}
		if slices.Contains(ends, pair[0]) && slices.Contains(ends, pair[1]) && at(edge, "accepted") == false && at(edge, "reason") != "" {
			return
		}
	}
	w.t.Errorf("no rejected link between %s and %s: %v", pair[0], pair[1], answer)
}

// orders are those in which a case is played: as listed and, where it says that any will do, two more. Records change places with one
// another, what is done besides stays where it is.
func orders(c mergeCase) [][]int {
	listed := make([]int, len(c.Steps))
	var records []int
	for i := range listed {
		listed[i] = i
		if c.Steps[i]["ingest"] != nil {
			records = append(records, i)
		}
	}
	all := [][]int{listed}
	if !c.AnyOrder || c.Concurrent {
		return all
	}
	backwards, shuffled := slices.Clone(records), slices.Clone(records)
	slices.Reverse(backwards)
	rand.New(rand.NewPCG(1, uint64(len(c.Name)))).Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
	for _, order := range [][]int{backwards, shuffled} {
		moved := slices.Clone(listed)
		for place, record := range records {
			moved[record] = order[place]
		}
		all = append(all, moved)
	}
	return all
}

// newWorldOf is a world with the settings of a case.
func newWorldOf(t *testing.T, db *store.DB, c mergeCase) *world {
	t.Helper()
	settings := assembly.Defaults()
	most, err := strconv.Atoi(cmp.Or(c.Server["ONECDP_MAX_IDENTITIES"], "500"))
	if err != nil {
		t.Fatal(err)
	}
	settings.OneID.MaxIdentities = most
	w := newWorldWith(t, db, settings)
	w.useClock()
	return w
}

func TestCasesOfMerging(t *testing.T) {
	t.Parallel()
	cases := readMergeCases(t)
	// Each turn plays in another order, in a world of its own: identities differ only between cases.
	for turn := range 3 {
		t.Run(fmt.Sprintf("turn %d", turn), func(t *testing.T) {
			t.Parallel()
			dbtest.Each(t, func(t *testing.T, db *store.DB) {
				w := newWorldOf(t, db, mergeCase{})
				for _, c := range cases {
					if all := orders(c); turn < len(all) && !c.alone() {
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

func TestCasesOfMergingWithSettingsOfTheirOwn(t *testing.T) {
	t.Parallel()
	for _, c := range readMergeCases(t) {
		if !c.alone() {
			continue
		}
		for turn, order := range orders(c) {
			t.Run(fmt.Sprintf("%s in turn %d", c.Name, turn), func(t *testing.T) {
				t.Parallel()
				dbtest.Each(t, func(t *testing.T, db *store.DB) {
					w := newWorldOf(t, db, c)
					w.check(c, w.play(c, order, turn == 0))
				})
			})
		}
	}
}

func TestCasesOfNormalising(t *testing.T) {
	t.Parallel()
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
