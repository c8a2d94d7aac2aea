package load

import (
	"slices"
	"strconv"
	"strings"

	"github.com/onecdp/onecdp/internal/fault"
)

// template is a text with places to fill from a row.
type template []piece

// piece is a literal text, or a place.
type piece struct {
	text  string
	place place
	cell  int // of a placeCell
}

type place uint8

const (
	placeText place = iota
	placeCell
	placeFile
	placeLine
	placeHash
)

// cell is the template of one column.
func cell(column string, header []string) (template, *fault.Error) {
	i := slices.Index(header, column)
	if i < 0 {
		return nil, fault.New(fault.BadUserInput, "there is no such column among the file's %d", len(header))
	}
	if slices.Contains(header[i+1:], column) {
		return nil, fault.New(fault.BadUserInput, "two columns have this name")
	}
	return template{{place: placeCell, cell: i}}, nil
}

// parseTemplate reads a text with {COLUMN}, {file}, {line} and {hash} in it; {{ and }} are braces.
func parseTemplate(text string, header []string) (template, *fault.Error) {
	var t template
	literal := func(s string) {
		if s != "" {
			t = append(t, piece{text: s})
		}
	}
	for text != "" {
		i := strings.IndexAny(text, "{}")
		if i < 0 {
			literal(text)
			break
		}
		literal(text[:i])
		text = text[i:]
		if strings.HasPrefix(text, "{{") || strings.HasPrefix(text, "}}") {
			literal(text[:1])
			text = text[2:]
			continue
		}
		name, rest, closed := strings.Cut(text[1:], "}")
		if text[0] == '}' || !closed {
			return nil, fault.New(fault.BadUserInput, "a brace has no partner").WithHint("write {{ and }} for braces")
		}
		text = rest
		if from, err := cell(name, header); err == nil {
			t = append(t, from...)
			continue
		}
		switch name {
		case "file":
			t = append(t, piece{place: placeFile})
		case "line":
			t = append(t, piece{place: placeLine})
		case "hash":
			t = append(t, piece{place: placeHash})
		default:
			return nil, fault.New(fault.BadUserInput, "{%s} is neither a column nor file, line or hash", name)
		}
	}
	return t, nil
}

// fill is the text for one row. empty says that the places taken from cells leave nothing: all of them are blank.
func (t template) fill(d *draft) (text string, empty bool) {
	var b strings.Builder
	cells, blank := 0, 0
	for _, p := range t {
		switch p.place {
		case placeCell:
			cells++
			value := d.row.cells[p.cell]
			if strings.TrimSpace(value) == "" {
				blank++
				continue
			}
			if len(t) == 1 {
				return value, false
			}
			b.WriteString(value)
		case placeFile:
			b.WriteString(d.file)
		case placeLine:
			b.WriteString(strconv.Itoa(d.row.line))
		case placeHash:
			b.WriteString(digest(d.row.raw))
		default:
			b.WriteString(p.text)
		}
	}
	return b.String(), cells > 0 && cells == blank || b.Len() == 0
}
