package ingest_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/onecdp/onecdp/internal/dbtest"
	"github.com/onecdp/onecdp/internal/fault"
	"github.com/onecdp/onecdp/internal/identity"
	"github.com/onecdp/onecdp/internal/ingest"
	"github.com/onecdp/onecdp/internal/oneid"
	"github.com/onecdp/onecdp/internal/onetest"
	"github.com/onecdp/onecdp/internal/store"
)

var rounds = flag.Int("rounds", 1, "how many rounds the tests with many writers play")

// TestWritersAtOnceLeaveWhatOneWouldLeave sends records that dispute the same identities, in opposite orders, from many writers through two
// servers. What is left is what the rule says of all of them.
func TestWritersAtOnceLeaveWhatOneWouldLeave(t *testing.T) {
	for round := range *rounds {
		dbtest.EachURL(t, func(t *testing.T, databaseURL string) {
			c := gather(t, databaseURL, uint64(round))
			c.write(t)
			c.check(t)
		})
	}
}

// TestOperationsBesideWritersAreFollowedToo is the same while customers are merged and taken apart and records are retracted.
func TestOperationsBesideWritersAreFollowedToo(t *testing.T) {
	for round := range *rounds {
		dbtest.EachURL(t, func(t *testing.T, databaseURL string) {
			c := gather(t, databaseURL, uint64(1000+round))
			stop := make(chan struct{})
			var wait sync.WaitGroup
			for i, operate := range []operation{mergeAny, unmergeAny, retractAny, undoAny, unlinkAny} {
				random := rand.New(rand.NewPCG(uint64(round), uint64(i)))
				wait.Go(func() { c.operate(t, operate, random, stop) })
			}
			c.write(t)
			close(stop)
			wait.Wait()
			c.check(t)
		})
	}
}

// operation does something by hand to somebody.
type operation func(c *crowd, one *oneid.Service, random *rand.Rand) error

// operate does it again and again, through both servers.
func (c *crowd) operate(t *testing.T, operate operation, random *rand.Rand, stop <-chan struct{}) {
	for {
		select {
		case <-stop:
			return
		case <-time.After(5 * time.Millisecond):
		}
		err := operate(c, c.one[random.IntN(2)], random)
		if err != nil && !errors.As(err, new(*fault.Error)) { // that somebody is not there any more is no failure
			t.Error(err)
		}
	}
}

var somebody = oneid.Author{Name: "tester", Reason: "a test"}

// some picks two of the numbers that a query answers; zeros when there are none.
func (c *crowd) some(random *rand.Rand, query string) (a, b int64) {
	rows, err := c.db.Query(context.Background(), query)
	numbers, err := store.Collect(rows, err, func(row store.Row, into *int64) error { return row.Scan(into) })
	if err != nil || len(numbers) == 0 {
		return 0, 0
	}
	return numbers[random.IntN(len(numbers))], numbers[random.IntN(len(numbers))]
}

func mergeAny(c *crowd, one *oneid.Service, random *rand.Rand) error {
	a, b := c.some(random, "SELECT public_id FROM customers")
	_, err := one.MergeCustomers(context.Background(), oneid.Handle(a), oneid.Handle(b), somebody)
	return err
}

func unmergeAny(c *crowd, one *oneid.Service, random *rand.Rand) error {
	merge, _ := c.some(random, "SELECT id FROM merges WHERE undone_at IS NULL")
	_, err := one.Unmerge(context.Background(), merge, somebody)
	return err
}

func retractAny(c *crowd, one *oneid.Service, random *rand.Rand) error {
	r := c.records[random.IntN(len(c.records))]
	_, err := one.RetractRecord(context.Background(), r.Source, r.MessageID, somebody)
	return err
}

func undoAny(c *crowd, one *oneid.Service, random *rand.Rand) error {
	done, _ := c.some(random, "SELECT id FROM operations WHERE undone_by_id IS NULL")
	_, err := one.UndoOperation(context.Background(), done, somebody)
	return err
}

func unlinkAny(c *crowd, one *oneid.Service, random *rand.Rand) error {
	claims := c.records[random.IntN(len(c.records))].Claims
	since := time.Date(2026, 1, 1, random.IntN(20), 0, 0, 0, time.UTC)
	_, err := one.UnlinkIdentity(context.Background(), claims[random.IntN(len(claims))], &since, somebody)
	return err
}

// crowd is many writers on one database.
type crowd struct {
	db       *store.DB
	dbs      []*store.DB
	services []*ingest.Service
	one      []*oneid.Service
	records  []*onetest.Record
	random   *rand.Rand
	round    uint64
}

// How many of each there are in these tests.
const (
	writers  = 16
	families = 6
	messages = 160
)

// gather draws the records. Identities are those of a few families: members who share phones and devices, and dispute them.
func gather(t *testing.T, databaseURL string, round uint64) *crowd {
	t.Helper()
	c := &crowd{db: dbtest.Open(t, databaseURL), round: round, random: rand.New(rand.NewPCG(7, round))}
	for _, db := range []*store.DB{c.db, dbtest.Open(t, databaseURL)} {
		one, service := open(t, db)
		c.dbs = append(c.dbs, db)
		c.one, c.services = append(c.one, one), append(c.services, service)
	}
	for i := range messages {
		family := fmt.Sprintf("%d-%d", round, c.random.IntN(families))
		claim := func(typ, scope, value string, n int) identity.Claim {
			return identity.Claim{Type: typ, Scope: scope, Value: fmt.Sprintf(value, c.random.IntN(n)), Verified: true}
		}
		choices := []identity.Claim{
			claim("member_no", "", family+"m%d", 4), claim("member_no", "b", family+"n%d", 2), claim("user_id", "", family+"u%d", 3),
			claim("phone", "", fmt.Sprintf("139%04d%%04d", 10*round+uint64(family[len(family)-1]-'0')), 4), claim("device_id", "", family+"d%d", 3),
			claim("device_id", "", family+"d%d", 3), claim("anonymous_id", "", family+"c%d", 3), claim("email", "", family+"e%d@x.cn", 3),
		}
		c.random.Shuffle(len(choices), func(a, b int) { choices[a], choices[b] = choices[b], choices[a] })
		r := &onetest.Record{
			Source: "s", MessageID: fmt.Sprintf("%d-%d", round, i), Claims: choices[:1+c.random.IntN(3)], Event: "e",
			At: time.Date(2026, 1, 1, c.random.IntN(20), 0, 0, 0, time.UTC),
		}
		if i > 0 && i%3 == 0 { // a known set at another time
			r.Claims = c.records[c.random.IntN(i)].Claims
		}
		if i%4 == 0 {
			r.Attributes = map[string]any{fmt.Sprintf("a%d", i%5): i}
		}
		c.records = append(c.records, r)
	}
	return c
}

// write sends all records at once, every message twice, in opposite orders.
func (c *crowd) write(t *testing.T) {
	var wait sync.WaitGroup
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Minute)
	defer cancel()
	for w := range writers {
		own := slices.Clone(c.records)
		own = slices.DeleteFunc(own, func(r *onetest.Record) bool { return slices.Index(c.records, r)%(writers/2) != w%(writers/2) })
		if w >= writers/2 {
			slices.Reverse(own)
		}
		size := 1 + c.random.IntN(6)
		wait.Go(func() {
			for batch := range slices.Chunk(own, size) {
				raws := make([]map[string]any, len(batch))
				for i, r := range batch {
					raws[i] = r.Raw()
				}
				if _, err := c.services[w%2].Ingest(ctx, raws, nil); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wait.Wait()
}

// check asks the naive implementation what all records, and what was decided, make.
func (c *crowd) check(t *testing.T) {
	t.Helper()
	for i, one := range c.dbs {
		stats := one.Stats()
		t.Logf("server %d: %d committed, %d retries, %d ended with an error of their own or begun again", i, stats.Committed, stats.Retries, stats.Failed)
	}
	ctx := context.Background()
	state, err := onetest.Read(ctx, c.db)
	if err != nil {
		t.Fatal(err)
	}
	model, err := onetest.NewModel(c.one[0].Registry().Types(), 500)
	if err != nil {
		t.Fatal(err)
	}
	if model.Operations, err = onetest.ReadOperations(ctx, c.db); err != nil {
		t.Fatal(err)
	}
	model.Ingest(c.records...)
	if faults := model.Compare(state, nil); len(faults) > 0 {
		t.Errorf("round %d: %d faults: %s", c.round, len(faults), strings.Join(faults[:min(len(faults), 12)], "\n"))
	}
	h := &house{t, c.db, c.one[0], c.services[0]}
	h.sound()
}
