package load

import (
	"bufio"
	"bytes"
	"errors"
	"io"
)

// line is one line of the input without its end.
type line struct {
	number  int // from 1
	text    []byte
	tooLong bool // above MaxLine; then text is empty
}

// lineReader cuts the input into lines of bounded length. Lines end with LF or CR LF; a byte order mark at the start is no text.
type lineReader struct {
	in     *bufio.Reader
	number int
	again  []line // given back, the next one first
}

var byteOrderMark = []byte("\xEF\xBB\xBF")

func newLineReader(in io.Reader) *lineReader { return &lineReader{in: bufio.NewReaderSize(in, 1<<16)} }

// next is the next line, or io.EOF. The text is the caller's to keep.
func (l *lineReader) next() (line, error) {
	if len(l.again) > 0 {
		first := l.again[0]
		l.again = l.again[1:]
		return first, nil
	}
	var text []byte
	tooLong := false
	for {
		part, err := l.in.ReadSlice('\n')
		if !tooLong {
			text = append(text, part...)
		}
		if len(bytes.TrimRight(text, "\r\n")) > MaxLine {
			text, tooLong = nil, true
		}
		if errors.Is(err, bufio.ErrBufferFull) {
			continue
		}
		if err != nil && (!errors.Is(err, io.EOF) || len(text) == 0 && !tooLong) {
			return line{}, err
		}
		break
	}
	l.number++
	text = bytes.TrimSuffix(text, []byte("\n"))
	text = bytes.TrimSuffix(text, []byte("\r"))
	if l.number == 1 {
		text = bytes.TrimPrefix(text, byteOrderMark)
	}
	return line{number: l.number, text: text, tooLong: tooLong}, nil
}

// giveBack makes next return these lines once more.
func (l *lineReader) giveBack(lines []line) { l.again = append(lines, l.again...) }
