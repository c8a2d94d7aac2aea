package oneid_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/onecdp/onecdp/internal/dbtest"
	"github.com/onecdp/onecdp/internal/evidence"
	"github.com/onecdp/onecdp/internal/identity"
	"github.com/onecdp/onecdp/internal/ingest"
	"github.com/onecdp/onecdp/internal/job"
	"github.com/onecdp/onecdp/internal/oneid"
	"github.com/onecdp/onecdp/internal/store"
)

// past is a database in which things were recorded before settings change.
type past struct {
	*oneid.Service

	t       *testing.T
	db      *store.DB
	in      *ingest.Service
	jobs    *job.Runner
	records [][]identity.Claim // the record's time is its place, in hours
}

func newPast(t *testing.T, db *store.DB) *past {
	t.Helper()
	p := &past{Service: open(t, db), t: t, db: db}
	p.in = ingest.New(db, p.Service)
	p.jobs = job.New(db, job.Defaults())
	p.jobs.Register(oneid.JobKind, func(ctx context.Context, j job.Job) (job.Step, error) {
		step, err := p.Step(ctx, j)
		if err != nil {
			t.Errorf("a step went wrong: %v", err)
		}
		return step, err
	})
	return p
}

var epoch = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

func timeOf(record int) time.Time { return epoch.Add(time.Duration(record) * time.Hour) }

// note is a record, a list of type:value, that is about to come.
func (p *past) note(record string) map[string]any {
	var claims []identity.Claim
	var sent []any
	for part := range strings.FieldsSeq(record) {
		typ, text, _ := strings.Cut(part, ":")
		claims = append(claims, identity.Claim{Type: typ, Value: text, Verified: true})
		sent = append(sent, map[string]any{"type": typ, "value": text})
	}
	number := len(p.records)
	p.records = append(p.records, claims)
	return map[string]any{
		"source": "test", "messageId": fmt.Sprint(number), "identities": sent,
		"occurredAt": timeOf(number).Format(time.RFC3339), "event": map[string]any{"name": "seen"},
	}
}

// record takes in records.
func (p *past) record(records ...string) {
	p.t.Helper()
	var batch []map[string]any
	for _, record := range records {
		batch = append(batch, p.note(record))
	}
	results, err := p.in.Ingest(p.t.Context(), batch, nil)
	if err != nil {
		p.t.Fatal(err)
	}
	for i, result := range results {
		if result.Status != ingest.Accepted {
			p.t.Fatalf("%s: %+v", records[i], result)
		}
	}
}

// change changes a type, and has the past follow.
func (p *past) change(change oneid.TypeChange) *job.Job {
	p.t.Helper()
	number := define(p.t, p.Service, change)
	if number == 0 {
		return nil
	}
	done, err := p.jobs.Wait(p.t.Context(), number, time.Minute)
	if err != nil || done.State != job.Done {
		p.t.Fatalf("%+v, %v", done, err)
	}
	return done
}

// customers are the identities of each customer, as text, in order.
func (p *past) customers() []string {
	p.t.Helper()
	rows, err := p.db.Query(p.t.Context(), "SELECT t.name, i.value, c.public_id FROM identities i JOIN identity_types t ON t.id = i.type_id JOIN customers c ON c.id = i.customer_id")
	type held struct {
		typ, value string
		customer   int64
	}
	all, err := store.Collect(rows, err, func(row store.Row, into *held) error { return row.Scan(&into.typ, &into.value, &into.customer) })
	if err != nil {
		p.t.Fatal(err)
	}
	groups := map[int64][]string{}
	for _, one := range all {
		groups[one.customer] = append(groups[one.customer], one.typ+":"+one.value)
	}
	return sorted(groups)
}

// expected are the customers by the rule as a function of all records and the rules in force.
func (p *past) expected() []string {
	p.t.Helper()
	var part evidence.Part
	places := map[identity.Identity]int{}
	for n, claims := range p.records {
		kept, _ := p.Rules().Read(claims)
		sighting := evidence.Sighting{Set: int64(n), First: timeOf(n), Last: timeOf(n), Count: 1}
		for _, id := range kept {
			if _, known := places[id]; !known {
				places[id] = len(part.Identities)
				part.Identities = append(part.Identities, id)
			}
			sighting.Members = append(sighting.Members, places[id])
		}
		if len(kept) > 0 {
			part.Sightings = append(part.Sightings, sighting)
		}
	}
	solution := evidence.Solve(p.Registry(), 500, part)
	groups := map[int64][]string{}
	for place, customer := range solution.Customer {
		id := part.Identities[place]
		groups[int64(customer)] = append(groups[int64(customer)], string(id.Type)+":"+id.Value)
	}
	return sorted(groups)
}

func sorted(groups map[int64][]string) []string {
	var all []string
	for _, members := range groups {
		slices.Sort(members)
		all = append(all, strings.Join(members, " "))
	}
	slices.Sort(all)
	return all
}

// same fails the test unless the customers are those of the rule.
func (p *past) same(after string) {
	p.t.Helper()
	if got, want := p.customers(), p.expected(); !slices.Equal(got, want) {
		p.t.Fatalf("after %s\ngot  %q\nwant %q\nrecords %v", after, got, want, p.records)
	}
}

// nothingLeft fails the test when there is something that the job has left as it was and should not have: all is decided again,
// and must stay as it is.
func (p *past) nothingLeft(after string) {
	p.t.Helper()
	before := p.derived()
	rows, err := p.db.Query(p.t.Context(), "SELECT id FROM identity_sets ORDER BY id")
	sets, err := store.Collect(rows, err, func(row store.Row, into *int64) error { return row.Scan(into) })
	if err != nil {
		p.t.Fatal(err)
	}
	if _, err := p.Redo(p.t.Context(), sets, nil, oneid.Origin{Kind: "setting"}); err != nil {
		p.t.Fatal(err)
	}
	for i, now := range p.derived() {
		if i >= len(before) || now != before[i] {
			p.t.Fatalf("after %s there was more to do: %s, place %d", after, now, i)
		}
	}
}

// derived is what is kept about which identities are together, and which of them sets are anchored at.
func (p *past) derived() []string {
	p.t.Helper()
	var all []string
	for _, query := range []string{
		"SELECT 'identity', id, coalesce(customer_id, 0), CASE WHEN shared THEN 1 ELSE 0 END, 0 FROM identities ORDER BY id",
		"SELECT 'customer', id, identity_count, 0, CASE WHEN part_id IS NULL THEN 0 ELSE 1 END FROM customers ORDER BY id",
		"SELECT 'set', id, coalesce(anchor_id, 0), 0, 0 FROM identity_sets ORDER BY id",
		"SELECT 'member', set_id, identity_id, 0, 0 FROM identity_set_members ORDER BY set_id, identity_id",
	} {
		rows, err := p.db.Query(p.t.Context(), query)
		lines, err := store.Collect(rows, err, func(row store.Row, into *string) error {
			var what string
			var n [4]int64
			err := row.Scan(&what, &n[0], &n[1], &n[2], &n[3])
			*into = fmt.Sprint(what, n)
			return err
		})
		if err != nil {
			p.t.Fatal(err)
		}
		all = append(all, lines...)
	}
	return all
}

func limitOf(n int) oneid.Limit[int] {
	if n == 0 {
		return oneid.Limit[int]{Given: true}
	}
	return oneid.Limit[int]{Given: true, Value: &n}
}

func TestANewTypeCountsForPastRecords(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		p := newPast(t, db)
		p.record("phone:13912345001 card:C1", "phone:13912345002 card:C1", "phone:13912345003", "card:C2")
		if len(p.customers()) != 3 {
			t.Fatal(p.customers())
		}
		done := p.change(oneid.TypeChange{Name: "card", Strength: new(identity.Strong)})
		if got := p.customers(); len(got) != 3 || !slices.Contains(got, "card:C1 phone:+8613912345001 phone:+8613912345002") || !slices.Contains(got, "card:C2") {
			t.Errorf("%q", got)
		}
		if done.Total != 4 || done.Done != 4 || done.Changed == 0 {
			t.Errorf("%+v", done)
		}
		p.same("a new type")
		p.change(oneid.TypeChange{Name: "card", Normalizer: new("hex64")}) // no value is one any more
		if got := p.customers(); len(got) != 3 || slices.ContainsFunc(got, func(s string) bool { return strings.Contains(s, "card") }) {
			t.Errorf("%q", got)
		}
	})
}

func TestLimitsAndBlocksCountBothWays(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		p := newPast(t, db)
		p.record("member_no:M1 phone:13912345001", "member_no:M1 phone:13912345002", "member_no:M2 phone:13912345002")
		p.same("records")
		before := p.customers()
		p.change(oneid.TypeChange{Name: "member_no", MaxPerCustomer: limitOf(2)})
		p.same("a looser limit")
		p.change(oneid.TypeChange{Name: "phone", MaxPerCustomer: limitOf(1)})
		p.same("a tighter limit")
		p.change(oneid.TypeChange{Name: "phone", MaxPerCustomer: limitOf(3), Blocked: &[]string{"+8613912345002"}})
		p.same("a block")
		p.change(oneid.TypeChange{Name: "phone", Blocked: &[]string{}})
		p.change(oneid.TypeChange{Name: "member_no", MaxPerCustomer: limitOf(1)})
		if got := p.customers(); !slices.Equal(got, before) {
			t.Errorf("taken back, and not as before: %q, %q", before, got)
		}
	})
}

func TestNothingIsChangedWhereAChangeMakesNoDifference(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		p := newPast(t, db)
		p.record("member_no:M1 phone:13912345001", "member_no:M2 device_id:d1", "email:a@example.com")
		for name, change := range map[string]oneid.TypeChange{
			"limit": {Name: "phone", MaxPerCustomer: limitOf(7)}, "policy": {Name: "phone", OnConflict: new(identity.Earliest)},
			"owners": {Name: "device_id", MaxOwners: limitOf(50)}, "block": {Name: "email", Blocked: &[]string{"b@example.com"}},
		} {
			if done := p.change(change); done.Changed != 0 || done.Done != 3 {
				t.Errorf("%s: %+v", name, done)
			}
		}
	})
}

func TestWhatManyShareStopsBeingSharedWhenItMay(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		p := newPast(t, db)
		var records []string
		for n := range 90 {
			records = append(records, fmt.Sprintf("member_no:M%d email:desk@example.com", n))
		}
		p.record(records...)
		p.same("records")
		for after, change := range map[string]oneid.TypeChange{
			"no limit of owners":                           {Name: "email", MaxOwners: oneid.Limit[int]{Given: true}},
			"the limit is back":                            {Name: "email", MaxOwners: limitOf(3)},
			"the owners are not told apart by it any more": {Name: "member_no", MaxPerCustomer: oneid.Limit[int]{Given: true}},
			"the owners are weaker":                        {Name: "member_no", MaxPerCustomer: limitOf(1), Priority: new(90.0)},
		} {
			p.change(change)
			p.same(after)
		}
	})
}

// Whatever is recorded and whatever is changed, in whatever order, the customers are those of the rule.
func TestChangesInAnyOrderMakeTheCustomersOfTheRule(t *testing.T) {
	t.Parallel()
	for seed := range uint64(2) {
		dbtest.Each(t, func(t *testing.T, db *store.DB) {
			random := rand.New(rand.NewPCG(seed, 1))
			p := newPast(t, db)
			for range 14 {
				var batch []string
				for range 1 + random.IntN(6) {
					var parts []string
					for range 1 + random.IntN(3) {
						parts = append(parts, anIdentity(random))
					}
					batch = append(batch, strings.Join(parts, " "))
				}
				p.record(batch...)
				change := aChange(random)
				p.change(change)
				after := fmt.Sprintf("seed %d, a change of %s", seed, change.Name)
				p.same(after)
				p.nothingLeft(after)
			}
		})
	}
}

func anIdentity(random *rand.Rand) string {
	n := random.IntN(5)
	switch random.IntN(6) {
	case 0:
		return fmt.Sprint("member_no:M", n)
	case 1:
		return fmt.Sprint("phone:1391234500", n)
	case 2:
		return fmt.Sprintf("email:person%d@example.com", n)
	case 3:
		return fmt.Sprint("device_id:D", n)
	case 4:
		return fmt.Sprint("wechat_unionid:u", n)
	}
	return fmt.Sprint([]string{"card:C", "card:c"}[random.IntN(2)], n)
}

func aChange(random *rand.Rand) oneid.TypeChange {
	names := []identity.TypeName{"member_no", "phone", "email", "device_id", "wechat_unionid", "card"}
	change := oneid.TypeChange{Name: names[random.IntN(len(names))]}
	switch random.IntN(9) {
	case 0:
		change.Strength = new([]identity.Strength{identity.Strong, identity.Weak}[random.IntN(2)])
	case 1:
		change.Priority = new(float64(1 + random.IntN(30)))
	case 2:
		change.MaxPerCustomer = limitOf(random.IntN(4))
	case 3:
		change.LimitWindow = oneid.Limit[string]{Given: true, Value: []*string{nil, new("PT3H"), new("P1D")}[random.IntN(3)]}
	case 4:
		change.OnConflict = new([]identity.ConflictPolicy{identity.Earliest, identity.Latest}[random.IntN(2)])
	case 5:
		change.MaxOwners = limitOf(random.IntN(3))
	case 6:
		change.Blocked = &[]string{[]string{"+8613912345001", "/.*[02]/", "M1"}[random.IntN(3)]}
	case 7:
		if change.Name == "card" {
			change.Normalizer = new([]string{"lower", "trim"}[random.IntN(2)])
		}
	case 8:
		change.MaxPerCustomer, change.MaxOwners = limitOf(1), limitOf(1)
	}
	return change
}
