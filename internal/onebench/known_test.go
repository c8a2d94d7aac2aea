package onebench

import (
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/lib/pq"

	"github.com/onecdp/onecdp/internal/identity"
)

const (
	knownPeople = 20_000
	knownRounds = 5
	knownRound  = 2 * time.Second
)

// BenchmarkKnown takes in records whose identities are all known and together already, through the service, over 16 connections: one by one and in
// batches, with an event and without. Beside it stands the bare lookup of the same identities: one prepared statement for a batch. Both take
// turns; ratio is the rate of records over that of the lookup, in the median of rounds, cpu-ratio the same of processor time.
func BenchmarkKnown(b *testing.B) {
	h := enter(b, 500)
	var records []map[string]any
	for person := range knownPeople {
		records = append(records, record(start.Add(time.Duration(person)*time.Minute), "registered", peopleClaims(person)...))
	}
	h.send(records)
	h.settle()
	lookup, err := h.direct.PrepareContext(b.Context(), "SELECT i.customer_id FROM unnest($1::bytea[]) AS k JOIN identities i ON i.key = k")
	if err != nil {
		b.Fatal(err)
	}
	defer lookup.Close()
	for _, size := range []int{1, 100, 1000} {
		for _, event := range []string{"viewed", ""} {
			name := fmt.Sprintf("batch=%d,event", size)
			if event == "" {
				name = fmt.Sprintf("batch=%d,quiet", size)
			}
			b.Run(name, func(b *testing.B) { compareKnown(b, h, lookup, size, event) })
		}
	}
}

func compareKnown(b *testing.B, h *house, lookup *sql.Stmt, size int, event string) {
	draws := make([]*rand.Rand, connections)
	for i := range draws {
		draws[i] = rand.New(rand.NewPCG(uint64(size), uint64(i)))
	}
	byHand := func(ctx context.Context, client int) (int, error) {
		keys := make(pq.ByteaArray, 0, 2*size)
		for range size {
			keys = append(keys, keysOf(draws[client].IntN(knownPeople))...)
		}
		rows, err := lookup.QueryContext(ctx, keys)
		if err != nil {
			return 0, err
		}
		defer rows.Close()
		found := 0
		for rows.Next() {
			var customer int64
			if err := rows.Scan(&customer); err != nil {
				return 0, err
			}
			found++
		}
		if found != len(keys) {
			return 0, fmt.Errorf("found %d of %d", found, len(keys))
		}
		return size, rows.Err()
	}
	now := start.AddDate(0, 6, 0)
	product := func(ctx context.Context, client int) (int, error) {
		records := make([]map[string]any, size)
		for i := range records {
			at := now.Add(time.Duration(draws[client].IntN(1_000_000)) * time.Second)
			records[i] = record(at, event, peopleClaims(draws[client].IntN(knownPeople))...)
		}
		return size, h.take(ctx, records)
	}
	var products, floors []load
	for b.Loop() { // once: it takes longer than a benchmark is given
		for round := range knownRounds + 1 {
			floor, done := h.together(connections, knownRound, byHand), h.together(connections, knownRound, product)
			if round > 0 { // the first one warms up
				products, floors = append(products, done), append(floors, floor)
			}
		}
	}
	compare(b, products, floors, "lookup")
}

func peopleClaims(person int) []any {
	return []any{claim("member_no", fmt.Sprintf("M%06d", person)), claim("phone", fmt.Sprintf("139%08d", person))}
}

func keysOf(person int) [][]byte {
	member := identity.Identity{Type: "member_no", Value: fmt.Sprintf("M%06d", person)}.Key()
	phone := identity.Identity{Type: "phone", Value: fmt.Sprintf("+86139%08d", person)}.Key()
	return [][]byte{member[:], phone[:]}
}
