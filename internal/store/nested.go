package store

import (
	"bytes"
	"errors"
	"strconv"
	"time"

	"github.com/lib/pq"
)

// ReadNested reads the rows that an expression of Dialect.Nested gathered, one value each. NULL and an empty text are no rows.
func ReadNested[T any](gathered []byte, read func(row *Cells, into *T)) ([]T, error) {
	if len(gathered) == 0 {
		return nil, nil
	}
	all := make([]T, 0, bytes.Count(gathered, []byte(")("))+1) // nearly always exact
	for c := (Cells{text: gathered, cells: make([][]byte, 0, 12)}); c.at < len(c.text); {
		if !c.row() {
			return nil, errNested
		}
		all = append(all, *new(T))
		if read(&c, &all[len(all)-1]); c.wrong {
			return nil, errNested
		}
	}
	return all, nil
}

// errNested never quotes what was read.
var errNested = errors.New("store: not what Nested gathers")

// Cells are those of a row that was gathered, by their places. The rows stand one after the other as PostgreSQL writes them as text:
// (1,,"a ""b""",t).
type Cells struct {
	text  []byte
	at    int
	cells [][]byte // nil: NULL
	wrong bool     // a cell is not what it was taken for
}

// row reads the next row.
func (c *Cells) row() bool {
	if c.text[c.at] != '(' {
		return false
	}
	c.cells = c.cells[:0]
	for c.at++; c.at < len(c.text); c.at++ {
		if !c.next() || c.at >= len(c.text) {
			return false
		}
		switch c.text[c.at] {
		case ',':
		case ')':
			c.at++
			return true
		default:
			return false
		}
	}
	return false
}

// next reads up to the comma or the parenthesis after a cell.
func (c *Cells) next() bool {
	rest := c.text[c.at:]
	if rest[0] == '"' {
		return c.quoted()
	}
	for i, letter := range rest {
		if letter == ',' || letter == ')' {
			c.at += i
			if i == 0 {
				c.cells = append(c.cells, nil)
			} else {
				c.cells = append(c.cells, rest[:i:i])
			}
			return true
		}
	}
	return false
}

// quoted reads a cell in quotes, in which quotes and backslashes are written twice. It is made single in its place.
func (c *Cells) quoted() bool {
	from := c.at + 1
	to := from
	for i := from; i < len(c.text); i++ {
		letter := c.text[i]
		if letter == '"' || letter == '\\' {
			i++
			if letter == '"' && (i == len(c.text) || c.text[i] != '"') {
				c.cells = append(c.cells, c.text[from:to:to])
				c.at = i
				return true
			}
		}
		c.text[to] = letter
		to++
	}
	return false
}

// Null says that a cell is NULL. The other methods give the zero value for it.
func (c *Cells) Null(i int) bool { return c.cell(i) == nil }

func (c *Cells) cell(i int) []byte {
	if i >= len(c.cells) {
		c.wrong = true
		return nil
	}
	return c.cells[i]
}

// Int is a whole number.
func (c *Cells) Int(i int) int64 {
	cell := c.cell(i)
	if cell == nil {
		return 0
	}
	digits, negative := cell, cell[0] == '-'
	if negative {
		digits = cell[1:]
	}
	if len(digits) == 0 || len(digits) > 18 {
		number, err := strconv.ParseInt(string(cell), 10, 64)
		c.wrong = c.wrong || err != nil
		return number
	}
	number := int64(0)
	for _, digit := range digits {
		c.wrong = c.wrong || digit < '0' || digit > '9'
		number = number*10 + int64(digit-'0')
	}
	if negative {
		return -number
	}
	return number
}

// Float is a number.
func (c *Cells) Float(i int) float64 {
	cell := c.cell(i)
	if cell == nil {
		return 0
	}
	number, err := strconv.ParseFloat(string(cell), 64)
	c.wrong = c.wrong || err != nil
	return number
}

// Bool is a truth value.
func (c *Cells) Bool(i int) bool { return string(c.cell(i)) == "t" }

// Text is a text.
func (c *Cells) Text(i int) string { return string(c.cell(i)) }

// Document is JSON as it is stored: a part of what was gathered.
func (c *Cells) Document(i int) []byte { return c.cell(i) }

// Time is an instant.
func (c *Cells) Time(i int) time.Time {
	cell := c.cell(i)
	if cell == nil {
		return time.Time{}
	}
	read, err := timeOf(cell)
	c.wrong = c.wrong || err != nil
	return read
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
