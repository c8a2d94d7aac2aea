package store

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"time"

	"github.com/lib/pq"
)

// ReadNested reads the rows that an expression of Dialect.Nested gathered, one value each. NULL and an empty text are no rows.
func ReadNested[T any](gathered []byte, scan func(row Row, into *T) error) ([]T, error) {
	if len(gathered) == 0 {
		return nil, nil
	}
	all := make([]T, 0, bytes.Count(gathered, []byte(")("))+1) // nearly always exact
	for n := (nested{text: gathered, cells: make([][]byte, 0, 12)}); n.at < len(n.text); {
		if !n.row() {
			return nil, errNested
		}
		all = append(all, *new(T))
		if err := scan(&n, &all[len(all)-1]); err != nil {
			return nil, err
		}
	}
	return all, nil
}

var errNested = errors.New("store: not what Nested gathers")

// nested is rows as PostgreSQL writes them as text, (1,,"a ""b""",t), one after the other, and the cells of the row that was read last.
type nested struct {
	text  []byte
	at    int
	cells [][]byte // nil: NULL
}

// row reads the next row.
func (n *nested) row() bool {
	if n.text[n.at] != '(' {
		return false
	}
	n.cells = n.cells[:0]
	for n.at++; n.at < len(n.text); n.at++ {
		if !n.cell() || n.at >= len(n.text) {
			return false
		}
		switch n.text[n.at] {
		case ',':
		case ')':
			n.at++
			return true
		default:
			return false
		}
	}
	return false
}

// cell reads up to the comma or the parenthesis after a cell.
func (n *nested) cell() bool {
	rest := n.text[n.at:]
	if rest[0] == '"' {
		return n.quoted()
	}
	for i, c := range rest {
		if c == ',' || c == ')' {
			n.at += i
			if i == 0 {
				n.cells = append(n.cells, nil)
			} else {
				n.cells = append(n.cells, rest[:i:i])
			}
			return true
		}
	}
	return false
}

// quoted reads a cell in quotes, in which quotes and backslashes are written twice. It is made single in its place.
func (n *nested) quoted() bool {
	from := n.at + 1
	to := from
	for i := from; i < len(n.text); i++ {
		c := n.text[i]
		if c == '"' || c == '\\' {
			i++
			if c == '"' && (i == len(n.text) || n.text[i] != '"') {
				n.cells = append(n.cells, n.text[from:to:to])
				n.at = i
				return true
			}
		}
		n.text[to] = c
		to++
	}
	return false
}

// Scan implements Row.
func (n *nested) Scan(into ...any) error {
	if len(into) != len(n.cells) {
		return fmt.Errorf("store: %d nested cells for %d targets", len(n.cells), len(into))
	}
	for i, target := range into {
		if err := scanCell(n.cells[i], target); err != nil {
			return err
		}
	}
	return nil
}

func scanCell(cell []byte, target any) (err error) {
	switch target := target.(type) {
	case *[]byte:
		*target = cell // a part of what was gathered
	case *string:
		*target = string(cell)
	case *int:
		*target, err = strconv.Atoi(string(cell))
	case *int32:
		var number int64
		number, err = strconv.ParseInt(string(cell), 10, 32)
		*target = int32(number)
	case *int64:
		*target, err = strconv.ParseInt(string(cell), 10, 64)
	case *bool:
		*target = string(cell) == "t"
	case *float64:
		*target, err = strconv.ParseFloat(string(cell), 64)
	case *Instant:
		target.Time, err = timeOf(cell)
	case **Instant:
		err = optional(cell, target)
	case **int32:
		err = optional(cell, target)
	case **int64:
		err = optional(cell, target)
	case **float64:
		err = optional(cell, target)
	case **string:
		err = optional(cell, target)
	default:
		return scanNamed(cell, target)
	}
	if err != nil {
		return errNested // the cause would quote the value
	}
	return nil
}

func optional[T any](cell []byte, target **T) error {
	if cell == nil {
		*target = nil
		return nil
	}
	*target = new(T)
	return scanCell(cell, *target)
}

// scanNamed scans into named types of numbers and texts.
func scanNamed(cell []byte, target any) error {
	into := reflect.ValueOf(target)
	if into.Kind() != reflect.Pointer {
		return fmt.Errorf("store: a nested cell into %T", target)
	}
	switch into = into.Elem(); into.Kind() {
	case reflect.Int, reflect.Int32, reflect.Int64:
		number, err := strconv.ParseInt(string(cell), 10, 64)
		if err != nil {
			return errNested
		}
		into.SetInt(number)
	case reflect.String:
		into.SetString(string(cell))
	default:
		return fmt.Errorf("store: a nested cell into %T", target)
	}
	return nil
}

// timeOf reads a time as PostgreSQL writes it, in UTC: 2026-05-02 01:02:03.45+00.
func timeOf(cell []byte) (time.Time, error) {
	const shape = "0000-00-00 00:00:00"
	if len(cell) < len(shape)+3 || string(cell[len(cell)-3:]) != "+00" {
		return slowTimeOf(cell)
	}
	var parts [6]int
	for i, place := range [6][2]int{{0, 4}, {5, 7}, {8, 10}, {11, 13}, {14, 16}, {17, 19}} {
		for _, c := range cell[place[0]:place[1]] {
			if c < '0' || c > '9' {
				return slowTimeOf(cell)
			}
			parts[i] = parts[i]*10 + int(c-'0')
		}
	}
	nanos := 0
	if fraction := cell[len(shape) : len(cell)-3]; len(fraction) > 0 {
		if fraction[0] != '.' || len(fraction) > 10 {
			return slowTimeOf(cell)
		}
		scale := 100_000_000
		for _, c := range fraction[1:] {
			if c < '0' || c > '9' {
				return slowTimeOf(cell)
			}
			nanos += int(c-'0') * scale
			scale /= 10
		}
	}
	return time.Date(parts[0], time.Month(parts[1]), parts[2], parts[3], parts[4], parts[5], nanos, time.UTC), nil
}

// slowTimeOf reads the other times: before Christ, after the year 9999, in other zones.
func slowTimeOf(cell []byte) (time.Time, error) {
	read, err := pq.ParseTimestamp(time.UTC, string(cell))
	if err != nil {
		return time.Time{}, errNested
	}
	return read.UTC(), nil
}
