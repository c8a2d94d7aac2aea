package readbench

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/url"
	"os"
	"reflect"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/onecdp/onecdp/internal/page"
	"github.com/onecdp/onecdp/internal/profile"
	"github.com/onecdp/onecdp/internal/segment"
)

// The rounds: floor and product take turns, so that what else the machine does falls on both.
const (
	rounds = 5
	round  = 3 * time.Second
	warm   = 2 * time.Second
	draws  = 30_000 // different requests
	looks  = 300    // of which so many are compared before anything is measured
)

// outOfReach is a rate limit that counts every request and refuses none.
var outOfReach = []string{"--rate-limit", "1e12", "--rate-burst", "1e12"}

const customerFields = `id createdAt attributes identities { type scope value } tags { tag { key name } value computedAt }`

const profileQuery = `query Profile($identity: IdentityInput!) {
  customerByIdentity(identity: $identity) {
    ` + customerFields + `
    events(first: 20) {
      edges { node { name occurredAt channel amount properties } }
      pageInfo { hasNextPage endCursor }
    }
  }
}`

const pageQuery = `query Customers($after: String) {
  customers(first: 50, after: $after) {
    edges { node { ` + customerFields + ` } }
    pageInfo { hasNextPage endCursor }
  }
}`

// BenchmarkProfile reads one customer by an identity: attributes, identities, tags, the newest twenty events. 16 connections ask for
// customers drawn at random. ratio is the product's rate over the floor's, in the median of rounds that alternate. go_us is what one
// request takes of the processors in this process, where both its ends are; pg_us in PostgreSQL; cpu_ratio the floor's sum of both over
// the product's: what ratio would be with the machine to ourselves and no waiting.
//
// Where the time goes: make bench, or with a server of your own
//
//	GOGC=400 go test -run '^$' -bench 'Profile$' -cpuprofile cpu.prof ./internal/readbench && go tool pprof -top -focus=graphql cpu.prof
//
// In the profile the server's samples are below net/http.(*conn).serve, the client's below (*client).do. Those of the floor are below (*floor).ServeHTTP;
// ONECDP_BENCH_ONLY=product leaves its rounds out, and ONECDP_BENCH_ONLY=floor the product's. ONECDP_BENCH_CUSTOMERS=2000 makes a
// small world for a quick look.
func BenchmarkProfile(b *testing.B) { compare(b, aProfile) }

// BenchmarkProfilePage reads a page of fifty customers with attributes, identities and tags that begins anywhere. See BenchmarkProfile.
func BenchmarkProfilePage(b *testing.B) { compare(b, aPage) }

// question makes one request for a customer of the world: a path of the floor's, and the same as a query.
type question func(draw *rand.Rand, people []profile.Customer) (byHand, query string, variables any)

func aProfile(draw *rand.Rand, people []profile.Customer) (byHand, query string, variables any) {
	one := newPerson(draw.IntN(len(people))).identities()[draw.IntN(2)].(map[string]any)
	return "/profile?" + url.Values{"type": {one["type"].(string)}, "value": {one["value"].(string)}}.Encode(), profileQuery, map[string]any{"identity": one}
}

func aPage(draw *rand.Rand, people []profile.Customer) (byHand, query string, variables any) {
	after := int64(people[draw.IntN(len(people))].Handle)
	_, cursor := page.Cut(segment.Members.Start(1), []int64{after}, func(id int64) []int64 { return []int64{id} }).Ends()
	return "/customers?after=" + strconv.FormatInt(after, 10), pageQuery, map[string]any{"after": *cursor}
}

// pair is the two servers over one database, and the requests they are asked, which are the same in the same place.
type pair struct{ floor, product target }

func newPair(tb testing.TB, people, draws int, ask question) pair {
	tb.Helper()
	databaseURL := openWorld(tb, people)
	world, err := sql.Open("postgres", databaseURL)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = world.Close() })
	everybody, err := rowsOfEverybody(tb.Context(), world)
	if err != nil {
		tb.Fatal(err)
	}
	p := pair{floor: target{world: world}, product: target{world: world}}
	var key string
	p.floor.address = startFloor(tb, databaseURL)
	p.product.address, key = startProduct(tb, databaseURL, outOfReach...)
	draw := rand.New(rand.NewPCG(seed, 3))
	for range draws {
		byHand, query, variables := ask(draw, everybody)
		body, err := json.Marshal(map[string]any{"query": query, "variables": variables})
		if err != nil {
			tb.Fatal(err)
		}
		p.floor.requests = append(p.floor.requests, fmt.Appendf(nil, "GET %s HTTP/1.1\r\nHost: %s\r\nAccept: application/json\r\n\r\n", byHand, p.floor.address))
		p.product.requests = append(p.product.requests, fmt.Appendf(nil, "POST /graphql HTTP/1.1\r\nHost: %s\r\nAccept: application/json\r\nAuthorization: Bearer %s\r\n"+
			"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", p.product.address, key, len(body), body))
	}
	return p
}

// mustAgree fails unless both servers answer the first requests with the same data. Numbers are compared as they are written.
func (p pair) mustAgree(tb testing.TB, looks int) {
	tb.Helper()
	asked := make([]*client, 2)
	for i, address := range []string{p.floor.address, p.product.address} {
		c, err := dial(address)
		if err != nil {
			tb.Fatal(err)
		}
		defer c.conn.Close()
		asked[i] = c
	}
	for i := range looks {
		var data [2]any
		for side, request := range [][]byte{p.floor.requests[i], p.product.requests[i]} {
			body, err := asked[side].get(request)
			if err != nil {
				tb.Fatal(err)
			}
			data[side] = dataOf(tb, body)
		}
		if data[0] == nil || !reflect.DeepEqual(data[0], data[1]) {
			tb.Fatalf("%s\nby hand: %s\nproduct: %s", p.product.requests[i], asked[0].body, asked[1].body)
		}
	}
}

func dataOf(tb testing.TB, body []byte) any {
	tb.Helper()
	decoder := json.NewDecoder(strings.NewReader(string(body)))
	decoder.UseNumber()
	var answer struct{ Data, Errors any }
	if err := decoder.Decode(&answer); err != nil || answer.Errors != nil {
		tb.Fatalf("%v in %.300s", err, body)
	}
	return answer.Data
}

// compare measures both servers in turns.
func compare(b *testing.B, ask question) {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(400) // as main does
	}
	p := newPair(b, size(b), draws, ask)
	p.mustAgree(b, looks)
	only := os.Getenv("ONECDP_BENCH_ONLY")
	sides := []struct {
		name   string
		target target
		loads  []load
	}{{name: "floor", target: p.floor}, {name: "product", target: p.product}}
	drive := func(length time.Duration, draw uint64, note bool) {
		for i := range sides {
			side := &sides[i]
			if only != "" && only != side.name {
				continue
			}
			done, err := side.target.drive(b.Context(), length, draw)
			if err != nil {
				b.Fatal(side.name, ": ", err)
			}
			if note {
				side.loads = append(side.loads, done)
			}
		}
	}
	drive(warm, 0, false)
	for b.Loop() { // once: it takes longer than a benchmark is given
		for i := range rounds {
			drive(round, uint64(i+1), true)
		}
	}
	b.ReportMetric(0, "ns/op")
	for i, prefix := range []string{"floor_", ""} {
		if loads := sides[i].loads; len(loads) > 0 {
			report(b, prefix, loads)
		}
	}
	if only == "" {
		ratios, work := make([]float64, len(sides[0].loads)), make([]float64, len(sides[0].loads))
		for i := range ratios {
			floor, product := sides[0].loads[i], sides[1].loads[i]
			ratios[i] = product.rate() / floor.rate()
			work[i] = floor.per(floor.used.program+floor.used.database) / product.per(product.used.program+product.used.database)
		}
		slices.Sort(ratios)
		slices.Sort(work)
		b.ReportMetric(ratios[len(ratios)/2], "ratio")
		b.ReportMetric(work[len(work)/2], "cpu_ratio")
		b.Logf("ratios of the rounds: rate %.3f, cpu %.3f", ratios, work)
	}
}

// report tells the medians of what one side did.
func report(b *testing.B, prefix string, loads []load) {
	b.Helper()
	median := func(of func(load) float64) float64 {
		all := make([]float64, len(loads))
		for i, one := range loads {
			all[i] = of(one)
		}
		slices.Sort(all)
		return all[len(all)/2]
	}
	b.ReportMetric(median(load.rate), prefix+"req/s")
	b.ReportMetric(median(func(l load) float64 { return l.quantile(0.5) }), prefix+"p50_ms")
	b.ReportMetric(median(func(l load) float64 { return l.quantile(0.99) }), prefix+"p99_ms")
	b.ReportMetric(median(func(l load) float64 { return l.per(l.used.program) }), prefix+"go_us/req")
	b.ReportMetric(median(func(l load) float64 { return l.per(l.used.database) }), prefix+"pg_us/req")
}

// The floor is only worth comparing with while it says the same.
func TestTheFloorSaysWhatTheProductSays(t *testing.T) {
	if testing.Short() {
		t.Skip("builds a world and starts two servers")
	}
	t.Parallel()
	for name, ask := range map[string]question{"profile": aProfile, "page": aPage} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			newPair(t, 300, 60, ask).mustAgree(t, 60)
		})
	}
}
