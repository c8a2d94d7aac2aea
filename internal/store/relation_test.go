package store_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/onecdp/onecdp/internal/dbtest"
	"github.com/onecdp/onecdp/internal/store"
)

var awkward = []string{"", "'; DROP TABLE settings; --", `"\`, "a\nb\t", "é汉字😀", "{1,2}", "null", "NULL", "\x01", "[]"}

func TestARelationHoldsWhatWasPutIn(t *testing.T) {
	n := len(awkward)
	numbers, optional, truths, times := make([]int64, n), make([]*int64, n), make([]bool, n), make([]time.Time, n)
	bytes, documents := make([][]byte, n), make([][]byte, n)
	for i := range n {
		numbers[i] = int64(i) - 9_000_000_000_000_000_000
		if i%2 == 0 {
			optional[i] = &numbers[i]
		}
		truths[i] = i%3 == 0
		times[i] = time.Date(1+i*1000, 2, 3, 4, 5, 6, 789_123_000, time.FixedZone("", 8*3600))
		bytes[i] = []byte{byte(i), 0, 255}
		documents[i] = fmt.Appendf(nil, `{"n":1234567890.%d}`, i)
	}
	bytes[3] = nil
	at := time.Date(2026, 1, 1, 0, 0, 0, 1000, time.UTC)
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		var args store.Args
		given := store.Relation(db.Dialect(), "given", &args, store.Int64s("n", numbers), store.NullInt64s("o", optional), store.Bools("b", truths),
			store.Texts("t", awkward), store.Bytes("y", bytes), store.Times("w", times), store.Documents("d", documents), store.AlwaysAt("a", at))
		type row struct {
			n    int64
			o    *int64
			b    bool
			t    string
			y, d []byte
			w, a store.Instant
		}
		rows, err := db.Query(context.Background(), "SELECT n, o, b, t, y, w, d, a FROM "+given+" ORDER BY n", args...)
		got, err := store.Collect(rows, err, func(r store.Row, into *row) error {
			return r.Scan(&into.n, &into.o, &into.b, &into.t, &into.y, &into.w, &into.d, &into.a)
		})
		if err != nil || len(got) != n {
			t.Fatal(len(got), err)
		}
		for i, r := range got {
			document := strings.ReplaceAll(string(r.d), " ", "")
			if r.n != numbers[i] || (r.o == nil) != (optional[i] == nil) || r.b != truths[i] || r.t != awkward[i] || string(r.y) != string(bytes[i]) || (r.y == nil) != (bytes[i] == nil) ||
				!r.w.Equal(times[i]) || document != string(documents[i]) || !r.a.Equal(at) {
				t.Errorf("row %d: %+v", i, r)
			}
		}
	})
}

func TestTheTextOfAStatementDoesNotDependOnItsValues(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		texts := map[string]bool{}
		for i := range awkward {
			var args store.Args
			texts[store.Insert(db.Dialect(), "settings", "ON CONFLICT DO NOTHING", &args, store.Texts("name", awkward[:i+1]), store.Texts("value", awkward[:i+1]))] = true
		}
		if len(texts) != 1 {
			t.Errorf("%d texts", len(texts))
		}
	})
}
