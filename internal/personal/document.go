package personal

import (
	"bytes"
	"encoding/json"
	"strings"

	"github.com/onecdp/onecdp/internal/value"
)

// unreadable stands for a document that is no JSON. Ours always are; nothing is shown of one that is not.
const unreadable = `null`

// Document masks what is personal in a JSON text. The rest stays as it is, byte for byte; when nothing is personal it is
// the text itself, and nothing is allocated.
func (n *Names) Document(text json.RawMessage) json.RawMessage { return n.mask(text, harmless) }

// Value is Document for what stands at a name.
func (n *Names) Value(name string, text json.RawMessage) json.RawMessage {
	return n.mask(text, n.level(name))
}

func (n *Names) mask(text json.RawMessage, below level) json.RawMessage {
	m := masker{names: n, text: text}
	end := m.value(m.blanks(0), below)
	if end < 0 || m.blanks(end) != len(text) {
		return json.RawMessage(unreadable)
	}
	if m.masked == nil {
		return text
	}
	return append(m.masked, text[m.copied:]...)
}

// masker walks a JSON text. Its methods return where what they read ends, -1 when it is no JSON.
type masker struct {
	names  *Names
	text   []byte
	masked []byte // what replaces text up to copied; nil while nothing does
	copied int
}

func (m *masker) replace(start, end int, text string) {
	if m.masked == nil {
		m.masked = make([]byte, 0, len(m.text)+32)
	}
	m.masked = value.AppendText(append(m.masked, m.text[m.copied:start]...), text)
	m.copied = end
}

func (m *masker) blanks(i int) int {
	for i < len(m.text) && (m.text[i] == ' ' || m.text[i] == '\n' || m.text[i] == '\t' || m.text[i] == '\r') {
		i++
	}
	return i
}

// value masks a value; below is the highest level of the names that it stands below.
func (m *masker) value(i int, below level) int {
	if i >= len(m.text) {
		return -1
	}
	switch m.text[i] {
	case '{':
		return m.members(i+1, below)
	case '[':
		return m.elements(i+1, below)
	case '"':
		end := m.quoted(i)
		if end > 0 {
			m.hide(i, end, below)
		}
		return end
	default:
		return m.word(i, below)
	}
}

// hide masks a text that is personal.
func (m *masker) hide(start, end int, below level) {
	content := m.text[start+1 : end-1]
	switch {
	case bytes.IndexByte(content, '\\') >= 0:
		if text := unescaped(content); below == personal || Like(text) {
			m.replace(start, end, Mask(text))
		}
	case below == personal || like(content):
		m.replace(start, end, Mask(string(content)))
	}
}

// word passes a number, true, false or null. Numbers below a personal name are masked unless they are short, those near one when they
// can be what is masked.
func (m *masker) word(start int, below level) int {
	i := start
	for i < len(m.text) && strings.IndexByte(",]} \n\t\r:\"[{", m.text[i]) < 0 {
		i++
	}
	if i == start {
		return -1
	}
	if first := m.text[start]; below > harmless && (first == '-' || first >= '0' && first <= '9') {
		if number := string(m.text[start:i]); below == personal && !short(number) || below == near && MayIdentify(number) {
			m.replace(start, i, Mask(number))
		}
	}
	return i
}

func (m *masker) members(i int, below level) int {
	if i = m.blanks(i); i < len(m.text) && m.text[i] == '}' {
		return i + 1
	}
	for i < len(m.text) && m.text[i] == '"' {
		end := m.quoted(i)
		if end < 0 {
			return -1
		}
		under := max(below, m.named(m.text[i+1:end-1]))
		m.hide(i, end, harmless) // a phone number can be a key
		if i = m.blanks(end); i >= len(m.text) || m.text[i] != ':' {
			return -1
		}
		if end = m.value(m.blanks(i+1), under); end < 0 {
			return -1
		}
		if i = m.blanks(end); i >= len(m.text) {
			return -1
		}
		switch m.text[i] {
		case '}':
			return i + 1
		case ',':
			i = m.blanks(i + 1)
		default:
			return -1
		}
	}
	return -1
}

func (m *masker) named(name []byte) level {
	if bytes.IndexByte(name, '\\') >= 0 {
		return m.names.level(unescaped(name))
	}
	return m.names.levelOf(name)
}

func (m *masker) elements(i int, below level) int {
	if i = m.blanks(i); i < len(m.text) && m.text[i] == ']' {
		return i + 1
	}
	for i < len(m.text) {
		end := m.value(i, below)
		if end < 0 {
			return -1
		}
		if i = m.blanks(end); i >= len(m.text) {
			return -1
		}
		switch m.text[i] {
		case ']':
			return i + 1
		case ',':
			i = m.blanks(i + 1)
		default:
			return -1
		}
	}
	return -1
}

// quoted finds the end of the text that begins at i.
func (m *masker) quoted(i int) int {
	for i++; i < len(m.text); i++ {
		end := bytes.IndexByte(m.text[i:], '"')
		if end < 0 {
			return -1
		}
		escape := bytes.IndexByte(m.text[i:i+end], '\\')
		if escape < 0 {
			return i + end + 1
		}
		i += escape + 1
	}
	return -1
}

// unescaped is the content of a JSON text with escapes; "" when it is none.
func unescaped(content []byte) string {
	var text string
	if json.Unmarshal(append(append([]byte{'"'}, content...), '"'), &text) != nil {
		return ""
	}
	return text
}
