package evidence_test

import (
	"encoding/json"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/onecdp/onecdp/internal/dbtest"
	"github.com/onecdp/onecdp/internal/evidence"
	"github.com/onecdp/onecdp/internal/identity"
)

// claim is an identity as a case writes it.
type claim struct {
	Type, Scope, Value string
	Verified           *bool // absent: it is
}

func (c claim) sent() identity.Claim {
	return identity.Claim{Type: c.Type, Scope: c.Scope, Value: c.Value, Verified: c.Verified == nil || *c.Verified}
}

// aCase is one of the acceptance cases, as far as the pure rule can be asked: no ids.
type aCase struct {
	Name      string
	Steps     []map[string]json.RawMessage
	Customers [][]claim
	Nobody    []claim
	Events    map[string]*claim
	Rejected  [][2]claim
	Server    map[string]string
}

type aRecord struct {
	Source, MessageID string
	OccurredAt        time.Time
	Identities        []claim
	Event             struct{ Name string }
}

// anOperation is the arguments of any of the operations played here.
type anOperation struct {
	A, B, Identity    claim
	Left, Right       []claim
	Since             *time.Time
	Operation         string
	Source, MessageID string
	kind, as          string
}

// played is a case after its steps: what stands.
type played struct {
	world
	records    []aRecord
	operations []anOperation
	places     map[identity.Identity]int
}

// playable are the steps that are evidence or settings; merging and taking merges back need the customers of the moment.
var playable = []string{"ingest", "defineIdentityType", "linkIdentities", "keepApart", "blockIdentity", "unlinkIdentity", "retractRecord", "undoOperation", "as", "status"}

func (c aCase) playable() bool {
	for _, step := range c.Steps {
		for key := range step {
			if !slices.Contains(playable, key) {
				return false
			}
		}
	}
	return true
}

func TestCasesOfTheSpecification(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(dbtest.Shared(t, "cases", "merge.json"))
	if err != nil {
		t.Fatal(err)
	}
	var file struct{ Cases []aCase }
	if err := json.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	count := 0
	for _, c := range file.Cases {
		if !c.playable() {
			continue
		}
		count++
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel()
			p := play(t, c)
			p.gather()
			p.check(t, c)
		})
	}
	if count < 80 {
		t.Errorf("only %d cases can be played", count)
	}
}

// play reads the steps: settings and withdrawals count for everything, whenever they come.
func play(t *testing.T, c aCase) *played {
	t.Helper()
	p := &played{world: world{most: 500}, places: map[identity.Identity]int{}}
	if most, err := strconv.Atoi(c.Server["ONECDP_MAX_IDENTITIES"]); err == nil {
		p.most = most
	}
	types := identity.Defaults()
	for _, step := range c.Steps {
		for key, arguments := range step {
			switch key {
			case "as", "status":
			case "ingest":
				var r aRecord
				read(t, arguments, &r)
				known := slices.ContainsFunc(p.records, func(o aRecord) bool { return o.Source == r.Source && o.MessageID == r.MessageID })
				if !known && string(step["status"]) != `"REJECTED"` {
					p.records = append(p.records, r)
				}
			case "defineIdentityType":
				types = define(t, types, arguments)
			default:
				var o anOperation
				read(t, arguments, &o)
				o.kind = key
				if as := step["as"]; as != nil {
					read(t, as, &o.as)
				}
				p.operations = append(p.operations, o)
			}
		}
	}
	p.types = registry(t, types)
	for _, undone := range p.of("undoOperation") {
		p.operations = slices.DeleteFunc(p.operations, func(o anOperation) bool { return o.as != "" && o.as == undone.Operation })
	}
	for _, o := range p.of("retractRecord") {
		p.records = slices.DeleteFunc(p.records, func(r aRecord) bool { return o.Source == r.Source && o.MessageID == r.MessageID })
	}
	return p
}

func read(t *testing.T, text json.RawMessage, into any) {
	t.Helper()
	if err := json.Unmarshal(text, into); err != nil {
		t.Fatal(err)
	}
}

// define changes a type or adds one; what is left out keeps its value.
func define(t *testing.T, types []identity.Type, arguments json.RawMessage) []identity.Type {
	t.Helper()
	var named struct{ Name identity.TypeName }
	read(t, arguments, &named)
	at := slices.IndexFunc(types, func(typ identity.Type) bool { return typ.Name == named.Name })
	if at < 0 {
		at = len(types)
		types = append(types, identity.NewType(named.Name))
	}
	read(t, arguments, &types[at])
	types[at].Scope = identity.ScopeOf(named.Name, types[at].Normalizer)
	return types
}

func (p *played) of(kind string) (found []anOperation) {
	for _, o := range p.operations {
		if o.kind == kind {
			found = append(found, o)
		}
	}
	return found
}

// place is where an identity stands among those that records showed; false when none did.
func (p *played) place(c claim) (int, bool) {
	id, reason := p.types.Normalise(c.sent())
	place, known := p.places[id]
	return place, known && reason == nil
}

func (p *played) some(claims ...claim) (places []int) {
	for _, c := range claims {
		if place, known := p.place(c); known {
			places = append(places, place)
		}
	}
	return places
}

// members are the identities of a record that count, unlinked ones included.
func (p *played) members(r aRecord) (places []int) {
	claims := make([]identity.Claim, len(r.Identities))
	for i, c := range r.Identities {
		claims[i] = c.sent()
	}
	kept, _ := p.types.ReadWithout(claims, func(id identity.Identity) bool {
		return slices.ContainsFunc(p.of("blockIdentity"), func(o anOperation) bool {
			blocked, _ := p.types.Normalise(o.Identity.sent())
			return blocked == id
		})
	})
	for _, id := range kept {
		if _, known := p.places[id]; !known {
			p.places[id] = len(p.part.Identities)
			p.part.Identities = append(p.part.Identities, id)
		}
		places = append(places, p.places[id])
	}
	return places
}

// unlinked are the sinces of the unlinks of an identity.
func (p *played) unlinked(place int) (sinces []time.Time) {
	for _, o := range p.of("unlinkIdentity") {
		if at, known := p.place(o.Identity); known && at == place {
			since := day(10_000)
			if o.Since != nil {
				since = *o.Since
			}
			sinces = append(sinces, since)
		}
	}
	return sinces
}

// gather makes the evidence.
func (p *played) gather() {
	for _, r := range p.records {
		p.members(r)
	}
	for i, r := range p.records {
		counting := slices.DeleteFunc(p.members(r), func(place int) bool {
			return slices.ContainsFunc(p.unlinked(place), func(since time.Time) bool { return !r.OccurredAt.After(since) })
		})
		p.part.Sightings = append(p.part.Sightings, evidence.Sighting{Set: int64(i), Members: counting, First: r.OccurredAt, Last: r.OccurredAt, Count: 1})
	}
	for i, o := range p.operations {
		switch o.kind {
		case "linkIdentities":
			p.part.Forced = append(p.part.Forced, evidence.Forced{Operation: int64(i), A: p.some(o.A), B: p.some(o.B)})
		case "keepApart":
			p.part.Apart = append(p.part.Apart, evidence.Apart{Operation: int64(i), A: p.some(o.Left...), B: p.some(o.Right...)})
		}
	}
}

// holder is the customer that an event of a record belongs to.
func (p *played) holder(s evidence.Solution, r aRecord) int {
	center := evidence.Center(p.types, p.part.Identities, s.Shared, p.members(r))
	if center < 0 {
		return -1
	}
	if typ, _ := p.types.Type(p.part.Identities[center].Type); typ.Strength == identity.Strong {
		return s.Customer[center]
	}
	var ties []evidence.Tie
	for _, other := range p.records {
		star := slices.DeleteFunc(p.members(other), func(place int) bool { return s.Shared[place] })
		if slices.Contains(star, center) {
			ties = append(ties, evidence.Tie{At: other.OccurredAt, Owner: evidence.Center(p.types, p.part.Identities, nil, star)})
		}
	}
	owner := -1
	for _, run := range evidence.Owners(p.types, p.part.Identities, ties, p.unlinked(center)) {
		if !run.Since.After(r.OccurredAt) {
			owner = run.Owner
		}
	}
	if owner < 0 {
		owner = center
	}
	return s.Customer[owner]
}

func (p *played) check(t *testing.T, c aCase) {
	t.Helper()
	solution := p.solve()
	compareLines(t, describe(p.world, solution), p.naively())
	seen := map[int]int{}
	for i, group := range c.Customers {
		want := p.some(group...)
		if len(want) != len(group) {
			t.Errorf("not all of %v are known", group)
			continue
		}
		got := slices.Sorted(slices.Values(solution.Customers[solution.Customer[want[0]]]))
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("%s are one customer, want %s", placesLine(p.world, got), placesLine(p.world, want))
		}
		if other, known := seen[solution.Customer[want[0]]]; known {
			t.Errorf("customers %d and %d are one", other, i)
		}
		seen[solution.Customer[want[0]]] = i
	}
	for _, nobody := range c.Nobody {
		if _, known := p.place(nobody); known {
			t.Errorf("%v is somebody's", nobody)
		}
	}
	for _, ends := range c.Rejected {
		places := p.some(ends[:]...)
		if !slices.ContainsFunc(solution.Links, func(l evidence.Link) bool {
			return !l.Accepted && l.Reason != "" && slices.Contains(places, l.A) && slices.Contains(places, l.B)
		}) {
			t.Errorf("the link of %v is not rejected", ends)
		}
	}
	for event, of := range c.Events {
		at := slices.IndexFunc(p.records, func(r aRecord) bool { return r.Event.Name == event })
		got, want := -1, -1
		if at >= 0 {
			got = p.holder(solution, p.records[at])
		}
		if of != nil {
			want = solution.Customer[p.some(*of)[0]]
		}
		if got != want {
			t.Errorf("event %s belongs to customer %d, want %d", event, got, want)
		}
	}
}
