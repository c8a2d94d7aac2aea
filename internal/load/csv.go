package load

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/onecdp/onecdp/internal/fault"
)

// table reads CSV as RFC 4180 has it: cells may stand in double quotes, where a doubled quote is a quote and line ends are text.
// Blank lines are no rows.
type table struct {
	lines     *lineReader
	file      string
	delimiter rune // 0: runs of blanks and tabs
	plan      *plan
}

func newTable(lines *lineReader, file string, m *Mapping, zone *time.Location) (*table, error) {
	delimiter, err := m.delimiter(file)
	if err != nil {
		return nil, err
	}
	t := &table{lines: lines, file: file, delimiter: delimiter}
	header := m.Header
	if len(header) == 0 {
		first, err := t.cells()
		if err != nil {
			return nil, fault.New(fault.BadUserInput, "the file has no header")
		}
		if first.fault != nil {
			return nil, fault.New(first.fault.Code, "the header cannot be read: %s", first.fault.Message)
		}
		header = first.cells
	}
	t.plan, err = m.compile(header, zone)
	return t, err
}

func (t *table) next() (row, error) {
	read, err := t.cells()
	if err != nil {
		return row{}, err
	}
	if read.fault == nil {
		read.record, read.fault = t.plan.record(&read, t.file)
	}
	return read.row, nil
}

// cellRow is a row before it is mapped.
type cellRow struct {
	row
	cells []string
}

func (t *table) cells() (cellRow, error) {
	for {
		l, err := t.lines.next()
		if err != nil {
			return cellRow{}, err
		}
		if l.tooLong {
			return cellRow{row: tooLong(l.number)}, nil
		}
		if len(bytes.TrimSpace(l.text)) == 0 {
			continue
		}
		read := cellRow{row: row{line: l.number, raw: string(l.text)}}
		if t.delimiter == 0 {
			read.cells = strings.Fields(read.raw)
		} else if err := t.split(&read); err != nil {
			return cellRow{}, err
		}
		if read.fault == nil && !utf8.ValidString(read.raw) {
			read.fault = fault.New(fault.BadUserInput, "the row is not UTF-8").WithHint("if the file comes from a Chinese Excel, its encoding is gb18030")
		}
		return read, nil
	}
}

// split cuts a row into cells and takes further lines for as long as a quote is open. A quote that is closed wrongly or never
// would swallow rows that are well: then only the first line is rejected, and the others are read once more.
func (t *table) split(read *cellRow) error {
	cut := cutter{delimiter: t.delimiter}
	cut.feed(read.raw)
	var more []line
	var raw strings.Builder
	raw.WriteString(read.raw)
	for cut.open && cut.bad == nil {
		l, there, err := t.another()
		if err != nil {
			return err
		}
		if there {
			more = append(more, l)
		}
		if !there || l.tooLong || raw.Len()+1+len(l.text) > MaxLine {
			cut.bad = fault.New(fault.BadUserInput, "a quote is opened and never closed")
			break
		}
		raw.WriteByte('\n')
		raw.Write(l.text)
		cut.feed("\n" + string(l.text))
	}
	if cut.bad != nil {
		t.lines.giveBack(more)
		read.fault = cut.bad
		return nil //nolint:nilerr // the fault is the row's, and goes with it; reading goes on
	}
	read.raw, read.cells = raw.String(), cut.cells
	return nil
}

// another is the next line, if there is one.
func (t *table) another() (l line, there bool, err error) {
	l, err = t.lines.next()
	if errors.Is(err, io.EOF) {
		return line{}, false, nil
	}
	return l, err == nil, err
}

// cutter cuts a row into cells, line by line.
type cutter struct {
	delimiter rune
	cells     []string
	cell      strings.Builder // the cell in quotes, while one is open
	open      bool
	bad       *fault.Error
}

// feed takes the row's first line, or one more with the line end before it.
func (c *cutter) feed(text string) {
	for c.bad == nil {
		if !c.open && strings.HasPrefix(text, `"`) {
			c.open = true
			text = text[1:]
		}
		if !c.open {
			cell, rest, more := strings.Cut(text, string(c.delimiter))
			c.cells = append(c.cells, cell)
			if !more {
				return
			}
			text = rest
			continue
		}
		inside, rest, quote := strings.Cut(text, `"`)
		c.cell.WriteString(inside)
		if !quote {
			return
		}
		if strings.HasPrefix(rest, `"`) {
			c.cell.WriteByte('"')
			text = rest[1:]
			continue
		}
		c.cells = append(c.cells, c.cell.String())
		c.cell.Reset()
		c.open = false
		if rest == "" {
			return
		}
		if !strings.HasPrefix(rest, string(c.delimiter)) {
			c.bad = fault.New(fault.BadUserInput, "cell %d goes on after its closing quote", len(c.cells))
			return
		}
		text = rest[utf8.RuneLen(c.delimiter):]
	}
}

// delimiters by the names that a mapping may use; any other single character stands for itself.
var delimiters = map[string]rune{"": ',', "comma": ',', "tab": '\t', `\t`: '\t', "semicolon": ';', "pipe": '|', "blanks": 0}

func (m *Mapping) delimiter(file string) (rune, error) {
	if m.Delimiter == "" && strings.HasSuffix(strings.ToLower(file), ".tsv") {
		return '\t', nil
	}
	if named, ok := delimiters[m.Delimiter]; ok {
		return named, nil
	}
	r, size := utf8.DecodeRuneInString(m.Delimiter)
	if size != len(m.Delimiter) || r == '"' || r == utf8.RuneError {
		return 0, fault.Bad(fault.Path{"delimiter"}, "this is no delimiter").WithHint("one character, or comma, tab, semicolon, pipe, blanks")
	}
	return r, nil
}
