package store_test

import (
	"testing"
	"time"

	"github.com/onecdp/onecdp/internal/dbtest"
	"github.com/onecdp/onecdp/internal/store"
)

// What is gathered is read as if its rows had come one by one.
func TestNestedRowsAreReadAsRows(t *testing.T) {
	t.Parallel()
	type row struct {
		number   int64
		none     *int32
		text     string
		yes      bool
		share    *float64
		document []byte
		at       store.Instant
		until    *store.Instant
	}
	scan := func(from store.Row, into *row) error {
		return from.Scan(&into.number, &into.none, &into.text, &into.yes, &into.share, &into.document, &into.at, &into.until)
	}
	read := func(cells *store.Cells, into *row) {
		*into = row{number: cells.Int(0), text: cells.Text(2), yes: cells.Bool(3), document: cells.Document(5), at: store.Instant{Time: cells.Time(6)}}
		if !cells.Null(1) {
			into.none = new(int32(cells.Int(1)))
		}
		if !cells.Null(4) {
			into.share = new(cells.Float(4))
		}
		if !cells.Null(7) {
			into.until = &store.Instant{Time: cells.Time(7)}
		}
	}
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		columns := []string{"n", "none", "word", "yes", "share", "document", "at", "until"}
		nested, ok := db.Dialect().Nested(columns...)
		if !ok {
			t.Skip("this engine has no use for it")
		}
		const from = ` FROM (VALUES
			(9007199254740993::bigint, NULL::int, E'a"\\,]\n名😀\x01'::text, true, 0.25::float8, '{"a]": [1, {"b": "}\""}], "n": 1.50}'::jsonb, '2026-05-02 03:04:05.678901+02'::timestamptz, NULL::timestamptz),
			(-1, 7, '', false, NULL, '"text, \"quoted\""', '0001-01-01 00:00:00Z', '2026-12-31 23:59:59.5Z'),
			(0, 0, '[', true, 1e-7, '[]', '9999-12-31 23:59:59.999999Z', '1969-12-31 00:00:00Z')) AS v(n, none, word, yes, share, document, at, until)`
		rows, err := db.Query(t.Context(), "SELECT n, none, word, yes, share, document, at, until"+from)
		want, err := store.Collect(rows, err, scan)
		if err != nil || len(want) != 3 {
			t.Fatal(err, len(want))
		}
		rows, err = db.Query(t.Context(), "SELECT "+nested+from)
		texts, err := store.Collect(rows, err, func(row store.Row, into *[]byte) error { return row.Scan(into) })
		if err != nil {
			t.Fatal(err)
		}
		got, err := store.ReadNested(texts[0], read)
		if err != nil || len(got) != 3 {
			t.Fatalf("%v, %d rows of %s", err, len(got), texts[0])
		}
		for i := range want {
			a, b := want[i], got[i]
			if a.number != b.number || a.text != b.text || a.yes != b.yes || string(a.document) != string(b.document) || !a.at.Equal(b.at.Time) ||
				(a.none == nil) != (b.none == nil) || (a.share == nil) != (b.share == nil) || (a.until == nil) != (b.until == nil) {
				t.Errorf("row %d: %+v, want %+v", i, b, a)
				continue
			}
			if a.none != nil && *a.none != *b.none || a.share != nil && *a.share != *b.share || a.until != nil && !a.until.Equal(b.until.Time) {
				t.Errorf("row %d: %+v, want %+v", i, b, a)
			}
			if b.at.Location() != time.UTC {
				t.Errorf("row %d: a time in %v", i, b.at.Location())
			}
		}
	})
	for _, broken := range []string{"(", "(1,2", "(1)", "x", `("`, `("a"b)`, "()"} {
		if _, err := store.ReadNested([]byte(broken), read); err == nil {
			t.Errorf("%s was read", broken)
		}
	}
	if none, err := store.ReadNested(nil, read); none != nil || err != nil {
		t.Errorf("NULL: %v, %v", none, err)
	}
}
