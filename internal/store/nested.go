package store

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"time"
)

// ReadNested reads the rows that an expression of Dialect.Nested gathered, one value each. NULL and an empty text are no rows.
func ReadNested[T any](gathered []byte, scan func(row Row, into *T) error) ([]T, error) {
	if len(gathered) == 0 {
		return nil, nil
	}
	n := nested{text: gathered}
	if !n.take('[') {
		return nil, errNested
	}
	var all []T
	for !n.take(']') {
		if len(all) > 0 && !n.take(',') {
			return nil, errNested
		}
		if !n.row() {
			return nil, errNested
		}
		var one T
		if err := scan(&n, &one); err != nil {
			return nil, err
		}
		all = append(all, one)
	}
	return all, nil
}

var errNested = errors.New("store: not what Nested gathers")

// nested is a list of lists in JSON, and the cells of the row that was read last.
type nested struct {
	text  []byte
	at    int
	cells [][]byte
}

// take steps over a character after blanks.
func (n *nested) take(c byte) bool {
	for n.at < len(n.text) && (n.text[n.at] == ' ' || n.text[n.at] == '\n') {
		n.at++
	}
	if n.at < len(n.text) && n.text[n.at] == c {
		n.at++
		return true
	}
	return false
}

// row reads the next list. The database writes JSON that is right: only where values end has to be found.
func (n *nested) row() bool {
	if !n.take('[') {
		return false
	}
	n.cells = n.cells[:0]
	for !n.take(']') {
		if len(n.cells) > 0 && !n.take(',') {
			return false
		}
		n.take(' ')
		from := n.at
		if !n.skip() {
			return false
		}
		n.cells = append(n.cells, n.text[from:n.at])
	}
	return true
}

// skip steps over a value.
func (n *nested) skip() bool {
	depth := 0
	for n.at < len(n.text) {
		switch c := n.text[n.at]; c {
		case '"':
			if !n.skipText() {
				return false
			}
			if depth == 0 {
				return true
			}
			continue
		case '[', '{':
			depth++
		case ']', '}', ',':
			if depth == 0 {
				return true
			}
			if c != ',' {
				depth--
			}
			if depth == 0 {
				n.at++
				return true
			}
		}
		n.at++
	}
	return false
}

func (n *nested) skipText() bool {
	for n.at++; n.at < len(n.text); n.at++ {
		switch n.text[n.at] {
		case '\\':
			n.at++
		case '"':
			n.at++
			return true
		}
	}
	return false
}

// Scan implements Row. The targets of []byte get JSON as it is.
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
	null := string(cell) == "null"
	switch target := target.(type) {
	case *[]byte:
		*target = append([]byte(nil), cell...)
	case *json.RawMessage:
		*target = append([]byte(nil), cell...)
	case *string:
		*target, err = textOf(cell)
	case *int:
		*target, err = strconv.Atoi(string(cell))
	case *int32:
		var number int64
		number, err = strconv.ParseInt(string(cell), 10, 32)
		*target = int32(number)
	case *int64:
		*target, err = strconv.ParseInt(string(cell), 10, 64)
	case *bool:
		*target, err = strconv.ParseBool(string(cell))
	case *float64:
		*target, err = strconv.ParseFloat(string(cell), 64)
	case *Instant:
		target.Time, err = timeOf(cell)
	case **Instant:
		err = optional(cell, null, target)
	case **int32:
		err = optional(cell, null, target)
	case **int64:
		err = optional(cell, null, target)
	case **float64:
		err = optional(cell, null, target)
	case **string:
		err = optional(cell, null, target)
	default:
		return scanNamed(cell, target)
	}
	return err
}

func optional[T any](cell []byte, null bool, target **T) error {
	if null {
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
		into.SetInt(number)
		return err
	case reflect.String:
		text, err := textOf(cell)
		into.SetString(text)
		return err
	default:
		return fmt.Errorf("store: a nested cell into %T", target)
	}
}

func textOf(cell []byte) (string, error) {
	if len(cell) < 2 || cell[0] != '"' {
		return "", errNested
	}
	if inside := cell[1 : len(cell)-1]; bytes.IndexByte(inside, '\\') < 0 {
		return string(inside), nil
	}
	var text string
	err := json.Unmarshal(cell, &text)
	return text, err
}

// timeOf reads a time as PostgreSQL writes it in JSON, in UTC: "2026-05-02T01:02:03.45+00:00".
func timeOf(cell []byte) (time.Time, error) {
	const shape = `"0000-00-00T00:00:00`
	if len(cell) < len(shape)+7 || string(cell[len(cell)-7:]) != `+00:00"` {
		return slowTimeOf(cell)
	}
	var parts [6]int
	for i, place := range [6][2]int{{1, 5}, {6, 8}, {9, 11}, {12, 14}, {15, 17}, {18, 20}} {
		for _, c := range cell[place[0]:place[1]] {
			if c < '0' || c > '9' {
				return slowTimeOf(cell)
			}
			parts[i] = parts[i]*10 + int(c-'0')
		}
	}
	nanos := 0
	if fraction := cell[len(shape) : len(cell)-7]; len(fraction) > 0 {
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

func slowTimeOf(cell []byte) (time.Time, error) {
	text, err := textOf(cell)
	if err != nil {
		return time.Time{}, err
	}
	read, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return time.Time{}, errNested // the cause would quote the value
	}
	return read.UTC(), nil
}
