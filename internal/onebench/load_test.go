package onebench

import (
	"context"
	"fmt"
	"hash/fnv"
	"maps"
	"math/rand/v2"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/onecdp/onecdp/internal/store"
)

const (
	loadRounds  = 5
	loadRecords = 4_000 // of a round
	fewest      = 2     // records of a small batch
	most        = 20
)

// BenchmarkLoad takes in what comes to a shop: by Zipf's law, from 16 clients, single records and small batches, one record in fifty merging two
// customers, some telephones and tablets shared. Nothing may fail. Beside it stands the same load without resolution, twice, in rounds that alternate:
// through the product, when each record names one known identity and nothing else (of-known); and by hand, as bare rows of twins of the tables of
// records and events, their sets known, in as many transactions (ratio). Figures are medians of the rounds; those with cpu are of processor time.
func BenchmarkLoad(b *testing.B) {
	h := enter(b, 500)
	people := newCrowd()
	h.send(people.first())
	for sent := 0; sent < crowdBefore; sent += batch {
		h.send(take(people, batch))
	}
	for _, table := range []string{"records", "events"} {
		h.run("CREATE TABLE " + table + "_twin (LIKE " + table + " INCLUDING ALL)")
		h.run("INSERT INTO " + table + "_twin SELECT * FROM " + table)
	}
	h.settle()
	before := h.OneID.Stats()
	beganAgain := retries(h.DB)
	sizes := rand.New(rand.NewPCG(5, 5))
	var products, settled, floors []load
	sent := 0
	for b.Loop() { // what follows is measured once
	}
	for round := range loadRounds + 1 {
		requests := requestsOf(people, sizes)
		product := h.drive(requests, func(ctx context.Context, records []map[string]any) error { return h.take(ctx, records) })
		known := h.drive(knownOf(requests), func(ctx context.Context, records []map[string]any) error { return h.take(ctx, records) })
		floor := h.drive(requests, h.byHand)
		sent += product.records
		if round > 0 { // the first one warms up
			products, settled, floors = append(products, product), append(settled, known), append(floors, floor)
		}
	}
	after := h.OneID.Stats()
	b.ReportMetric(float64(after.Merges-before.Merges)/float64(sent), "merges/record")
	b.ReportMetric(float64(retries(h.DB)-beganAgain)/float64(sent), "retries/record")
	b.ReportMetric(float64(h.number("SELECT count(*) FROM customers WHERE part_id IS NOT NULL"))/float64(h.number("SELECT count(*) FROM customers")), "disputed")
	ratios, work := make([]float64, len(products)), make([]float64, len(products))
	for i := range products {
		ratios[i], work[i] = products[i].rate()/settled[i].rate(), settled[i].work()/products[i].work()
	}
	b.ReportMetric(median(ratios), "of-known")
	b.ReportMetric(median(work), "cpu-of-known")
	b.Logf("of known: rate %.3f, cpu %.3f", ratios, work)
	compare(b, products, floors, "plain")
}

func take(people *crowd, n int) []map[string]any {
	records := make([]map[string]any, n)
	for i := range records {
		records[i] = people.next()
	}
	return records
}

// requestsOf deals records to requests: two of three are single ones.
func requestsOf(people *crowd, sizes *rand.Rand) [][]map[string]any {
	var requests [][]map[string]any
	for sent := 0; sent < loadRecords; {
		size := 1
		if sizes.IntN(3) == 0 {
			size = fewest + sizes.IntN(most-fewest+1)
		}
		requests = append(requests, take(people, size))
		sent += size
	}
	return requests
}

// knownOf are the same requests when the customer of each record is known: it names one identity, alone, that was shown before.
func knownOf(requests [][]map[string]any) [][]map[string]any {
	all := make([][]map[string]any, len(requests))
	for i, request := range requests {
		for _, r := range request {
			known := maps.Clone(r)
			known["messageId"] = fmt.Sprint("k", r["messageId"])
			known["identities"] = []any{member(int(hash(r["messageId"].(string)) % crowdPeople))}
			all[i] = append(all[i], known)
		}
	}
	return all
}

func hash(text string) uint64 {
	sum := fnv.New64a()
	_, _ = sum.Write([]byte(text)) // never fails
	return sum.Sum64()
}

// drive has clients send the requests, each the next one that nobody has sent.
func (h *house) drive(requests [][]map[string]any, send func(context.Context, []map[string]any) error) load {
	h.Helper()
	var next atomic.Int64
	return h.together(connections, time.Hour, func(ctx context.Context, _ int) (int, error) {
		i := int(next.Add(1)) - 1
		if i >= len(requests) {
			return 0, errDone
		}
		return len(requests[i]), send(ctx, requests[i])
	})
}

// byHand writes records and events of sets that are known.
func (h *house) byHand(ctx context.Context, records []map[string]any) error {
	n := len(records)
	supply, err := h.DB.ReserveIDs(ctx, n)
	if err != nil {
		return err
	}
	ids, ones, sets, keys, occurred := make([]int64, n), slices.Repeat([]int64{1}, n), make([]int64, n), make([]string, n), make([]time.Time, n)
	properties := slices.Repeat([][]byte{[]byte(`{"page":"home","sku":"sku-17"}`)}, n)
	for i, r := range records {
		ids[i], keys[i] = supply.Next(), fmt.Sprint("m", r["messageId"])
		sets[i] = int64(len(keys[i])) + ids[i]%(crowdPeople*4)
		if occurred[i], err = time.Parse(time.RFC3339Nano, r["occurredAt"].(string)); err != nil {
			return err
		}
	}
	return h.DB.WithTx(ctx, func(tx *store.Tx) error {
		_, err := tx.InsertRows(ctx, "records_twin", "ON CONFLICT DO NOTHING", store.Int64s("id", ids), store.Int64s("source_id", ones), store.Texts("message_id", keys),
			store.Int64s("set_id", sets), store.Times("occurred_at", occurred), store.AlwaysAt("received_at", tx.Now), store.Int64s("digest", ids), store.Bools("quiet", make([]bool, n)))
		if err != nil {
			return err
		}
		_, err = tx.InsertRows(ctx, "events_twin", "", store.Int64s("set_id", sets), store.Times("occurred_at", occurred), store.Int64s("id", ids), store.AlwaysAt("received_at", tx.Now),
			store.Int64s("name_id", ones), store.Int64s("source_id", ones), store.Documents("properties", properties))
		return err
	})
}
