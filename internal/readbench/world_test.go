// Package readbench measures reading through GraphQL against what a person would write by hand for the one page: net/http, lib/pq, one prepared
// statement, over the same tables.
package readbench

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/onecdp/onecdp/internal/assembly"
	"github.com/onecdp/onecdp/internal/dbtest"
	"github.com/onecdp/onecdp/internal/profile"
	"github.com/onecdp/onecdp/internal/store"
)

// The world. Of a customer's events the median is 7; one in ten has more than 34, one in a hundred more than 260, the first a thousand.
const (
	seed          = 20250101
	customers     = 100_000
	eventsEach    = 20        // on average
	ranksBefore   = 1.0 / 300 // of the customers, so many more would stand before the first in Zipf's row: nobody has half of all events
	batch         = 1000
	worldVersion  = "1" // another one when what is built changes
	tagsToChoose  = 36
	tagsInserted  = 50_000
	writers       = 2
	timeForDrafts = 30 * time.Minute
)

// worldStart is the beginning of the year that the events fill.
var worldStart = time.Date(2025, time.January, 1, 0, 0, 0, 0, time.UTC)

// size is how many customers the world of the benchmark has.
func size(tb testing.TB) int {
	tb.Helper()
	text := os.Getenv("ONECDP_BENCH_CUSTOMERS")
	if text == "" {
		return customers
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 100 {
		tb.Fatal("ONECDP_BENCH_CUSTOMERS is no number of at least 100")
	}
	return n
}

// openWorld is the URL of a database with that many customers.
func openWorld(tb testing.TB, people int) (databaseURL string) {
	tb.Helper()
	name := "reading" + strconv.Itoa(people)
	return dbtest.PostgresWorld(tb, name, fmt.Sprint(worldVersion, seed, people, eventsEach), func(databaseURL string) error {
		ctx, cancel := context.WithTimeout(context.Background(), timeForDrafts)
		defer cancel()
		return build(ctx, databaseURL, people)
	})
}

// build fills a migrated database through the ordinary way in. Customers come first and one after the other, so that their ids are always the same.
func build(ctx context.Context, databaseURL string, people int) (err error) {
	db, err := store.Open(ctx, databaseURL)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	services, err := assembly.New(ctx, db, assembly.Defaults())
	if err != nil {
		return err
	}
	in := func(records []map[string]any) error {
		results, err := services.Ingest.Ingest(ctx, records, nil)
		for _, result := range results {
			if result.Fault != nil {
				return result.Fault
			}
		}
		return err
	}
	everybody := make([]person, people)
	for i := range everybody {
		everybody[i] = newPerson(i)
	}
	for some := range slices.Chunk(everybody, batch) {
		records := make([]map[string]any, len(some))
		for i, p := range some {
			records[i] = p.registration()
		}
		if err := in(records); err != nil {
			return err
		}
	}
	if err := happen(everybody, in); err != nil {
		return err
	}
	direct, err := sql.Open("postgres", databaseURL)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, direct.Close()) }()
	customers, err := rowsOfEverybody(ctx, direct)
	if err != nil {
		return err
	}
	if len(customers) != people {
		return fmt.Errorf("%d customers, not %d", len(customers), people)
	}
	if err := tagEverybody(ctx, services, customers); err != nil {
		return err
	}
	return vacuum(ctx, direct)
}

// moment is an event to come.
type moment struct {
	at     time.Duration // since worldStart
	person int
}

// moments are the events in the order in which they happen: customers take turns, so that nobody's events lie together in the table.
func moments(people int) []moment {
	r := rand.New(rand.NewPCG(seed, 0))
	rank := r.Perm(people)
	before := ranksBefore * float64(people)
	scale := eventsEach * float64(people) / math.Log((float64(people)+before)/before)
	var all []moment
	for person := range people {
		for range int(math.Round(scale / (float64(rank[person]) + before))) {
			at := time.Duration(r.Int64N(365*24*3600*1000)) * time.Millisecond
			all = append(all, moment{at, person})
		}
	}
	slices.SortFunc(all, func(a, b moment) int { return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.person, b.person)) })
	return all
}

// happen sends the events, dealt to writers by person.
func happen(everybody []person, in func([]map[string]any) error) error {
	all := moments(len(everybody))
	errs := make([]error, writers)
	var group sync.WaitGroup
	for writer := range writers {
		group.Go(func() {
			records := make([]map[string]any, 0, batch)
			for number, one := range all {
				if one.person%writers == writer {
					records = append(records, everybody[one.person].happening(number, worldStart.Add(one.at)))
				}
				if len(records) == batch || (number == len(all)-1 && len(records) > 0) {
					if errs[writer] = in(records); errs[writer] != nil {
						return
					}
					records = records[:0]
				}
			}
		})
	}
	group.Wait()
	return errors.Join(errs...)
}

// tagEverybody gives each customer three to five tags. The first of each tag is set by its service; the others are rows like it.
func tagEverybody(ctx context.Context, services *assembly.Services, customers []profile.Customer) error {
	tags := make([]int64, tagsToChoose)
	for i := range tags {
		key := fmt.Sprintf("tag_%02d", i)
		if _, err := services.Tags.Set(ctx, customers[0].Handle, key, "first", nil, "model"); err != nil {
			return err
		}
		found, err := services.Tags.ByKeys(ctx, []string{key})
		if err != nil {
			return err
		}
		tags[i] = found[0].ID
		if _, err := services.Tags.Unset(ctx, customers[0].Handle, key); err != nil {
			return err
		}
	}
	r := rand.New(rand.NewPCG(seed, 1))
	values := []string{`"high"`, `"medium"`, `"low"`, `true`, `0.82`, `["鞋","包"]`, `"2025-11-11"`, `17`}
	var handle, row, tag []int64
	var value [][]byte
	var at []time.Time
	var source []string
	for _, c := range customers {
		for _, i := range r.Perm(tagsToChoose)[:3+r.IntN(3)] {
			handle, row, tag = append(handle, int64(c.Handle)), append(row, int64(c.Row)), append(tag, tags[i])
			value, source = append(value, []byte(values[r.IntN(len(values))])), append(source, "model")
			at = append(at, worldStart.Add(time.Duration(r.Int64N(365*24*3600*1_000_000))*time.Microsecond))
		}
	}
	for start := 0; start < len(row); start += tagsInserted {
		end := min(start+tagsInserted, len(row))
		reserved, err := services.DB.ReserveIDs(ctx, end-start)
		if err != nil {
			return err
		}
		ids := make([]int64, end-start)
		for i := range ids {
			ids[i] = reserved.Next()
		}
		if err := services.DB.WithTx(ctx, func(tx *store.Tx) error {
			_, err := tx.InsertRows(ctx, "customer_tags", "", store.Int64s("id", ids), store.Int64s("handle_id", handle[start:end]),
				store.Int64s("customer_id", row[start:end]), store.Int64s("tag_id", tag[start:end]), store.Documents("value", value[start:end]),
				store.Times("computed_at", at[start:end]), store.Texts("source", source[start:end]))
			return err
		}); err != nil {
			return err
		}
	}
	return nil
}
