package live_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/onecdp/onecdp/internal/dbtest"
	"github.com/onecdp/onecdp/internal/live"
	"github.com/onecdp/onecdp/internal/profile"
	"github.com/onecdp/onecdp/internal/store"
)

// A crowd is two servers over one database, and writers through both. The name of each event tells the member it is of, which one
// writer alone writes, and its number in the order in which it was sent.
type crowd struct {
	t       *testing.T
	servers []*server
	began   atomic.Int64 // instants of a clock that every step moves
	mu      sync.Mutex
	sent    map[string][2]int64 // by name: when sending began, and ended
}

const (
	crowdWriters = 8
	crowdBatches = 25
)

func (c *crowd) write(writer int) {
	random := rand.New(rand.NewPCG(7, uint64(writer)))
	numbers := map[string]int{}
	for range crowdBatches {
		var batch []map[string]any
		var sent []string
		for range 1 + random.IntN(12) {
			member := fmt.Sprintf("w%d-%d", writer, random.IntN(4))
			name := member + " " + strconv.Itoa(numbers[member])
			numbers[member]++
			record := did(name, member)
			switch random.IntN(8) {
			case 0: // with another identity of the same person: another set
				record = did(name, member, member+"-card")
			case 1: // people of different writers turn out to be one
				record = did(name, member, fmt.Sprintf("everybody-%d", random.IntN(3)))
			}
			batch, sent = append(batch, record), append(sent, name)
		}
		began := c.began.Add(1)
		if err := c.servers[random.IntN(2)].tryToTake(batch...); err != nil {
			c.t.Error(err)
			return
		}
		ended := c.began.Add(1)
		c.mu.Lock()
		for _, name := range sent {
			c.sent[name] = [2]int64{began, ended}
		}
		c.mu.Unlock()
	}
}

// listener is a subscription and what it was told.
type listener struct {
	asked, accepted int64
	told            []string
	done            chan struct{}
}

// last is the event that is stored when all others are.
const last = "end 0"

// listen subscribes and reads until it was told the last event, slowly where it is asked to.
func (c *crowd) listen(ctx context.Context, s *server, slow time.Duration) *listener {
	c.t.Helper()
	l := &listener{asked: c.began.Add(1), done: make(chan struct{})}
	subscription, err := s.hub.Events(ctx, nil)
	if err != nil {
		c.t.Fatal(err)
	}
	l.accepted = c.began.Add(1)
	go func() {
		defer close(l.done)
		for !slices.Contains(l.told[max(0, len(l.told)-1000):], last) {
			events, err := subscription.Next(ctx)
			if err != nil {
				return
			}
			for _, event := range events {
				l.told = append(l.told, event.Name)
			}
			time.Sleep(slow)
		}
		rest, cancel := context.WithTimeout(ctx, 200*time.Millisecond)
		defer cancel()
		if more, _ := subscription.Next(rest); len(more) > 0 {
			c.t.Errorf("%d more events after the last", len(more))
		}
	}()
	return l
}

// check compares what a listener was told with what was sent.
func (c *crowd) check(who string, l *listener) {
	c.t.Helper()
	seen := map[string]bool{}
	newest := map[string]int{}
	for _, name := range l.told {
		if seen[name] {
			c.t.Errorf("%s was told %s twice", who, name)
		}
		seen[name] = true
		if c.sent[name][1] < l.asked {
			c.t.Errorf("%s was told %s, which was stored before", who, name)
		}
		member, text, _ := strings.Cut(name, " ")
		number, _ := strconv.Atoi(text)
		if before, told := newest[member]; told && number <= before {
			c.t.Errorf("%s was told %s after number %d", who, name, before)
		}
		newest[member] = number
	}
	missed := 0
	for name, when := range c.sent {
		if when[0] > l.accepted && !seen[name] {
			missed++
		}
	}
	if missed > 0 {
		c.t.Errorf("%s missed %d of %d", who, missed, len(c.sent))
	}
}

func TestEveryEventIsToldOnceWhoeverStoresIt(t *testing.T) {
	t.Parallel()
	dbtest.EachURL(t, func(t *testing.T, databaseURL string) {
		limits := quick()
		limits.Kept = 4000 // a slow one reads most of it again
		c := &crowd{t: t, sent: map[string][2]int64{}}
		for range 2 {
			c.servers = append(c.servers, newServer(t, dbtest.Open(t, databaseURL), limits))
		}
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		listeners := map[string]*listener{
			"the first":      c.listen(ctx, c.servers[0], 0),
			"the second":     c.listen(ctx, c.servers[1], 0),
			"the slow one":   c.listen(ctx, c.servers[0], 3*time.Millisecond),
			"the other slow": c.listen(ctx, c.servers[1], 2*time.Millisecond),
		}
		merges, err := c.servers[1].hub.Merges(ctx)
		if err != nil {
			t.Fatal(err)
		}
		var writers sync.WaitGroup
		for writer := range crowdWriters {
			writers.Go(func() { c.write(writer) })
		}
		for i := range 10 { // others come and go meanwhile
			time.Sleep(10 * time.Millisecond)
			listeners[fmt.Sprint("latecomer ", i)] = c.listen(ctx, c.servers[i%2], 0)
			brief, leave := context.WithCancel(ctx)
			c.listen(brief, c.servers[i%2], 0)
			leave()
		}
		writers.Wait()
		c.servers[0].take(did(last, "end"))
		c.sent[last] = [2]int64{c.began.Add(1), c.began.Add(1)}
		for who, l := range listeners {
			select {
			case <-l.done:
				c.check(who, l)
			case <-time.After(patience):
				t.Fatalf("%s was not told the last event", who)
			}
		}
		c.checkMerges(merges)
	})
}

func (c *crowd) checkMerges(told *live.Subscription[*profile.Merge]) {
	c.t.Helper()
	s := c.servers[0]
	rows, err := s.db.Query(c.t.Context(), "SELECT id FROM merges ORDER BY id")
	made, err := store.Collect(rows, err, func(row store.Row, into *int64) error { return row.Scan(into) })
	if err != nil || len(made) == 0 {
		c.t.Fatal(len(made), err)
	}
	var got []int64
	for _, merge := range read(c.t, told, len(made)) {
		got = append(got, merge.ID)
	}
	slices.Sort(got)
	if !slices.Equal(got, made) {
		c.t.Errorf("told the merges %v, made were %v", got, made)
	}
	silent(c.t, told)
}
