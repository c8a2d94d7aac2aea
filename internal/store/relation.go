package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"encoding/hex"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/lib/pq"
)

// Column is one column of an in-memory relation: a name and a value per row.
type Column struct {
	name     string
	postgres string                         // the array's element type
	array    func() any                     // all values as one bound parameter of PostgreSQL
	text     func(b []byte, row int) []byte // one value as JSON, for SQLite
	rows     int
	cast     string // what makes the column's type of the element, on PostgreSQL
	decode   string // the same on SQLite: a function around the JSON value, or ""
	constant any    // the instant of every row, bound once; nil: the column has values of its own
}

// Int64s is a column of whole numbers.
func Int64s(name string, values []int64) Column {
	return Column{
		name: name, postgres: "bigint", rows: len(values),
		array: func() any { return pq.Int64Array(values) },
		text:  func(b []byte, row int) []byte { return strconv.AppendInt(b, values[row], 10) },
	}
}

// NullInt64s is a column of whole numbers that may be absent.
func NullInt64s(name string, values []*int64) Column {
	return Column{
		name: name, postgres: "bigint", rows: len(values),
		array: func() any { return nullInt64s(values) },
		text: func(b []byte, row int) []byte {
			if values[row] == nil {
				return append(b, "null"...)
			}
			return strconv.AppendInt(b, *values[row], 10)
		},
	}
}

// nullInt64s is an array of PostgreSQL. pq's own of this kind goes through reflection, which costs as much as storing the rows.
type nullInt64s []*int64

// Value implements driver.Valuer.
func (a nullInt64s) Value() (driver.Value, error) {
	text := append(make([]byte, 0, 2+6*len(a)), '{')
	for i, v := range a {
		if i > 0 {
			text = append(text, ',')
		}
		if v == nil {
			text = append(text, "NULL"...)
		} else {
			text = strconv.AppendInt(text, *v, 10)
		}
	}
	return string(append(text, '}')), nil
}

// byteas is an array of PostgreSQL. pq's own makes empty byte strings of absent ones.
type byteas [][]byte

// Value implements driver.Valuer.
func (a byteas) Value() (driver.Value, error) {
	length := 2
	for _, v := range a {
		length += 2*len(v) + 6
	}
	text := append(make([]byte, 0, length), '{')
	for i, v := range a {
		if i > 0 {
			text = append(text, ',')
		}
		if v == nil {
			text = append(text, "NULL"...)
			continue
		}
		text = append(hex.AppendEncode(append(text, `"\\x`...), v), '"')
	}
	return string(append(text, '}')), nil
}

// Bools is a column of truth values.
func Bools(name string, values []bool) Column {
	return Column{
		name: name, postgres: "boolean", rows: len(values),
		array: func() any { return pq.BoolArray(values) },
		text: func(b []byte, row int) []byte {
			if values[row] {
				return append(b, '1')
			}
			return append(b, '0')
		},
	}
}

// Texts is a column of texts.
func Texts[S ~string](name string, values []S) Column {
	return Column{
		name: name, postgres: "text", rows: len(values),
		array: func() any {
			all := make(pq.StringArray, len(values))
			for i, v := range values {
				all[i] = string(v)
			}
			return all
		},
		text: func(b []byte, row int) []byte { return appendJSONText(b, string(values[row])) },
	}
}

// Documents is a column of JSON texts.
func Documents(name string, values [][]byte) Column {
	column := Texts(name, stringsOf(values))
	column.cast = "::jsonb"
	return column
}

// Bytes is a column of byte strings; nil is absent.
func Bytes(name string, values [][]byte) Column {
	return Column{
		name: name, postgres: "bytea", rows: len(values), decode: "unhex",
		array: func() any { return byteas(values) },
		text: func(b []byte, row int) []byte {
			if values[row] == nil {
				return append(b, "null"...)
			}
			return append(hex.AppendEncode(append(b, '"'), values[row]), '"')
		},
	}
}

// Times is a column of instants.
func Times(name string, values []time.Time) Column {
	return Column{
		name: name, postgres: "timestamptz", rows: len(values),
		array: func() any {
			all := make(pq.StringArray, len(values))
			for i, t := range values {
				all[i] = t.UTC().Format("2006-01-02T15:04:05.999999Z07:00")
			}
			return all
		},
		text: func(b []byte, row int) []byte { return strconv.AppendInt(b, values[row].UnixMicro(), 10) },
	}
}

// AlwaysAt is a column with the same instant in every row. It cannot be a relation's only column.
func AlwaysAt(name string, at time.Time) Column { return Column{name: name, constant: at} }

// Relation writes columns of equal length as a table for a FROM clause, bound as parameters:
// the statement's text does not depend on the values or their number.
func Relation(d Dialect, name string, args *Args, columns ...Column) string {
	return d.relation(name, columns, args)
}

// Insert adds the rows to a table. suffix is what follows, such as ON CONFLICT or RETURNING.
// It returns the statement, whose arguments it binds to args.
func Insert(d Dialect, table, suffix string, args *Args, columns ...Column) string {
	names := make([]string, len(columns))
	for i, c := range columns {
		names[i] = c.name
	}
	list := strings.Join(names, ", ")
	// WHERE true: without it SQLite reads ON CONFLICT as the condition of a join.
	return "INSERT INTO " + table + " (" + list + ") SELECT " + list + " FROM " +
		Relation(d, "given", args, columns...) + " WHERE true " + suffix
}

// InsertRows adds the rows to a table and returns how many were new.
func (tx *Tx) InsertRows(ctx context.Context, table, suffix string, columns ...Column) (int64, error) {
	if columns[0].rows == 0 { // the first column is never AlwaysAt
		return 0, nil
	}
	var args Args
	return tx.Exec(ctx, Insert(tx.Dialect(), table, suffix, &args, columns...), args...)
}

// Row is what a scan function reads from.
type Row interface{ Scan(into ...any) error }

// Collect reads all rows, one value each, and closes them.
func Collect[T any](rows *sql.Rows, err error, scan func(row Row, into *T) error) ([]T, error) {
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []T
	for rows.Next() {
		var one T
		if err := scan(rows, &one); err != nil {
			return nil, err
		}
		all = append(all, one)
	}
	err = rows.Err()
	if failure := (*pq.Error)(nil); errors.As(err, &failure) {
		scrub(failure)
	}
	return all, err
}

func stringsOf(values [][]byte) []string {
	texts := make([]string, len(values))
	for i, v := range values {
		texts[i] = string(v)
	}
	return texts
}

// appendJSONText quotes a text for JSON: only what must be escaped is.
func appendJSONText(b []byte, text string) []byte {
	const digits = "0123456789abcdef"
	b = append(b, '"')
	for i := range len(text) {
		switch c := text[i]; {
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
		case c < ' ':
			b = append(b, '\\', 'u', '0', '0', digits[c>>4], digits[c&15])
		default:
			b = append(b, c)
		}
	}
	return append(b, '"')
}
