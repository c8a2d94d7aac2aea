package ingest_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/onecdp/onecdp/internal/attribute"
	"github.com/onecdp/onecdp/internal/customer"
	"github.com/onecdp/onecdp/internal/dbtest"
	"github.com/onecdp/onecdp/internal/golden"
	"github.com/onecdp/onecdp/internal/job"
	"github.com/onecdp/onecdp/internal/store"
	"github.com/onecdp/onecdp/internal/value"
)

// spoken is a record that states something, in the words of these tests.
type spoken struct {
	identities []string // type=value
	source     string
	hour       int
	attribute  string
	value      string // JSON
}

func (s spoken) record() string {
	attributes := ""
	if s.attribute != "" {
		attributes = fmt.Sprintf(`,"attributes":{%q:%s}`, s.attribute, s.value)
	}
	return fmt.Sprintf(`{"source":%q,"occurredAt":"2024-01-01T%02d:00:00Z","identities":[%s]%s}`, s.source, s.hour, claims(s.identities...), attributes)
}

// define sets how an attribute survives and waits until all golden records obey.
func (h *house) define(jobs *job.Runner, name string, survivorship golden.Survivorship, sources []string) {
	h.Helper()
	defined, err := h.one.Attributes().Define(h.Context(), attribute.Input{Name: name, Survivorship: &survivorship, Sources: sources}, "tester", nil)
	if err != nil {
		h.Fatal(err)
	}
	if defined.Job == 0 {
		return
	}
	if done, err := jobs.Wait(h.Context(), defined.Job, time.Minute); err != nil || done.State != job.Done {
		h.Fatalf("%+v, %v", done, err)
	}
}

// trusted are the sources of SOURCE_PRIORITY in these tests.
var trusted = []string{"web", "crm"}

func policyName(survivorship golden.Survivorship) string { return "by " + string(survivorship) }

func (h *house) defineAll(jobs *job.Runner) {
	h.Helper()
	for _, survivorship := range golden.Survivorships() {
		var sources []string
		if survivorship == golden.SourcePriority {
			sources = trusted
		}
		h.define(jobs, policyName(survivorship), survivorship, sources)
	}
}

// remembered are all customers' golden records as they are stored, and as they are when they are made of all statements.
func (h *house) remembered() (stored, rebuilt map[customer.Row]golden.Record) {
	h.Helper()
	stored = map[customer.Row]golden.Record{}
	rows, err := h.db.Query(h.Context(), "SELECT id, attributes, provenance FROM customers")
	_, err = store.Collect(rows, err, func(row store.Row, _ *struct{}) error {
		var number customer.Row
		var attributes, provenance []byte
		if err := row.Scan(&number, &attributes, &provenance); err != nil {
			return err
		}
		record, err := golden.Read(attributes, provenance)
		stored[number] = record
		return err
	})
	if err != nil {
		h.Fatal(err)
	}
	var numbers []customer.Row
	for number := range stored {
		numbers = append(numbers, number)
	}
	if err := h.db.WithTx(h.Context(), func(tx *store.Tx) (err error) {
		rebuilt, err = h.one.Attributes().Rebuild(h.Context(), tx, numbers, nil)
		return err
	}); err != nil {
		h.Fatal(err)
	}
	return stored, rebuilt
}

// trueToStatements checks that every golden record is what survives of all that was said.
func (h *house) trueToStatements() {
	h.Helper()
	stored, rebuilt := h.remembered()
	for number, record := range stored {
		attributes, provenance := record.Documents()
		wanted, origins := rebuilt[number].Documents()
		if !bytes.Equal(attributes, wanted) || !bytes.Equal(provenance, origins) {
			h.Errorf("customer %d: %s %s, of all statements %s %s", number, attributes, provenance, wanted, origins)
		}
	}
}

// sendInBatches sends records in the order given, some at a time.
func (h *house) sendInBatches(random *rand.Rand, records []string, between func(sent int)) {
	h.Helper()
	for sent := 0; sent < len(records); {
		between(sent)
		n := min(1+random.IntN(9), len(records)-sent)
		h.send(records[sent : sent+n]...)
		sent += n
	}
	between(len(records))
}

var someValues = []string{`""`, `[]`, `{}`, `null`, `1`, `1.0`, `2.50`, `-3`, `"denied"`, `"granted"`, `["b","a"]`, `["c",1.0]`, `{"z":1,"a":[2]}`, `true`}

// people make statements about three people, each with a few identities, and the records that tie these.
func people(random *rand.Rand) (all []spoken) {
	sources := []string{"crm", "shop", "web"}
	for person := range 3 {
		user := fmt.Sprintf("user_id=u%d", person)
		var held []string
		for i := range 3 {
			held = append(held, fmt.Sprintf("email=%c%d@x.cn", 'a'+random.IntN(26), person*3+i))
		}
		held = append(held, fmt.Sprintf("phone=1391234560%d", person), user)
		for _, one := range held[:len(held)-1] {
			all = append(all, spoken{identities: []string{one, user}, source: sources[random.IntN(3)], hour: random.IntN(3)})
		}
		for range 25 {
			one := spoken{
				identities: []string{held[random.IntN(len(held))]}, source: sources[random.IntN(3)], hour: random.IntN(3),
				attribute: policyName(golden.Survivorships()[random.IntN(8)]), value: someValues[random.IntN(len(someValues))],
			}
			if random.IntN(3) == 0 {
				one.identities = append(one.identities, held[random.IntN(len(held))])
			}
			all = append(all, one)
		}
	}
	return all
}

// byText orders identities and sources of the model below by their texts, which are looked up by number.
type byText struct{ identities, sources []string }

func (o byText) CompareIdentities(a, b int64) int {
	return strings.Compare(o.identities[a], o.identities[b])
}
func (o byText) CompareSources(a, b int32) int { return strings.Compare(o.sources[a], o.sources[b]) }

// model is what survives of each person's statements, as a document.
func model(t *testing.T, all []spoken) map[string]string {
	t.Helper()
	order := byText{sources: []string{"", "crm", "shop", "web"}}
	said := map[string]map[string][]golden.Statement{}
	for i, one := range all {
		strongest := slices.MinFunc(one.identities, func(a, b string) int { return strings.Compare(rankOf(a), rankOf(b)) })
		typ, v, _ := strings.Cut(strongest, "=")
		if typ == "phone" {
			v = "+86" + v
		}
		text := typ + "\x00" + v
		identity := slices.Index(order.identities, text)
		if identity < 0 {
			identity = len(order.identities)
			order.identities = append(order.identities, text)
		}
		if one.attribute == "" || one.value == "null" {
			continue
		}
		person := personOf(one.identities[0])
		if said[person] == nil {
			said[person] = map[string][]golden.Statement{}
		}
		decoded, err := value.Decode([]byte(one.value))
		if err != nil {
			t.Fatal(err)
		}
		said[person][one.attribute] = append(said[person][one.attribute], golden.Statement{Value: value.JSON(decoded), Provenance: golden.Provenance{
			Time: int64(one.hour), Source: int32(slices.Index(order.sources, one.source)), Identity: int64(identity), Record: int64(i),
		}})
	}
	survived := map[string]string{}
	for person, attributes := range said {
		record := golden.Record{}
		for name, statements := range attributes {
			policy := golden.Policy{Survivorship: golden.Survivorship(strings.TrimPrefix(name, "by ")), Sources: []int32{3, 1}}
			record[name], _ = golden.Survive(policy, statements, order)
		}
		survived[person] = shortForm(t, record)
	}
	return survived
}

func rankOf(identity string) string {
	typ, v, _ := strings.Cut(identity, "=")
	return map[string]string{"user_id": "3", "phone": "5", "email": "6"}[typ] + v
}

// personOf tells from an identity of people whose it is.
func personOf(identity string) string {
	typ, v, _ := strings.Cut(identity, "=")
	if typ == "email" {
		return string('0' + (v[1]-'0')/3)
	}
	return v[len(v)-1:]
}

// shortForm is a record's values, with numbers in their shortest form: of two that are equal by value either may survive.
func shortForm(t *testing.T, record golden.Record) string {
	t.Helper()
	attributes, _ := record.Documents()
	decoded, err := value.Decode(attributes)
	if err != nil {
		t.Fatal(err)
	}
	return string(value.Shortest(decoded))
}

func TestGoldenRecordsDependOnNeitherOrderNorBatchesNorWhenPoliciesCame(t *testing.T) {
	t.Parallel()
	for seed := range uint64(4) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			dbtest.Each(t, func(t *testing.T, db *store.DB) {
				random := rand.New(rand.NewPCG(seed, 7))
				all := people(rand.New(rand.NewPCG(seed, 8)))
				h := enter(t, db)
				jobs := job.New(db, job.Defaults())
				jobs.Register(attribute.JobKind, h.one.Attributes().Step)
				records := make([]string, len(all))
				for i, place := range random.Perm(len(all)) {
					records[place] = all[i].record()
				}
				when := []int{0, len(all) / 2, len(all)}[seed%3]
				defined := false
				h.sendInBatches(random, records, func(sent int) {
					if sent >= when && !defined {
						h.defineAll(jobs)
						defined = true
					}
				})
				h.sound()
				h.trueToStatements()
				want := model(t, all)
				for person := range 3 {
					rows, err := db.Query(t.Context(), "SELECT c.attributes FROM identities i JOIN customers c ON c.id = i.customer_id WHERE i.value = $1", fmt.Sprintf("u%d", person))
					found, err := store.Collect(rows, err, func(row store.Row, into *json.RawMessage) error { return row.Scan((*[]byte)(into)) })
					if err != nil || len(found) != 1 {
						t.Fatal(len(found), err)
					}
					decoded, err := value.Decode(found[0])
					if err != nil {
						t.Fatal(err)
					}
					if got := string(value.Shortest(decoded)); got != want[fmt.Sprint(person)] {
						t.Errorf("person %d:\n%s, want\n%s", person, got, want[fmt.Sprint(person)])
					}
				}
			})
		})
	}
}

// Devices that change hands, numbers that are shared, people who cannot be one: whoever has the statements, the records must say so.
func TestGoldenRecordsAreTrueToStatementsThatChangeHands(t *testing.T) {
	t.Parallel()
	for seed := range uint64(3) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			dbtest.Each(t, func(t *testing.T, db *store.DB) {
				random := rand.New(rand.NewPCG(seed, 9))
				h := enter(t, db)
				jobs := job.New(db, job.Defaults())
				jobs.Register(attribute.JobKind, h.one.Attributes().Step)
				h.defineAll(jobs)
				var pool, records []string
				for i := range 6 {
					pool = append(pool, fmt.Sprintf("user_id=u%d", i))
				}
				for i := range 3 {
					pool = append(pool, fmt.Sprintf("phone=1391234560%d", i), fmt.Sprintf("email=a%d@x.cn", i), fmt.Sprintf("device_id=d%d", i), fmt.Sprintf("device_id=d%d", i))
				}
				for range 90 {
					one := spoken{
						source: []string{"crm", "shop"}[random.IntN(2)], hour: random.IntN(24),
						attribute: policyName(golden.Survivorships()[random.IntN(8)]), value: someValues[random.IntN(len(someValues))],
					}
					for _, i := range random.Perm(len(pool))[:1+random.IntN(2)] {
						one.identities = append(one.identities, pool[i])
					}
					records = append(records, one.record())
				}
				h.sendInBatches(random, records, func(sent int) {
					if sent%4 == 0 {
						h.trueToStatements()
					}
				})
			})
		})
	}
}
