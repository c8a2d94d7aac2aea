package load

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"

	"golang.org/x/text/encoding/simplifiedchinese"

	"github.com/onecdp/onecdp/internal/fault"
)

// Format is the form of a file.
type Format string

// The formats.
const (
	NDJSON Format = "ndjson" // one RecordInput object per line
	CSV    Format = "csv"    // rows of cells, read through a mapping
)

// input is an open file.
type input struct {
	name string // the file's name without its folders; "-" for standard input
	size int64  // bytes; 0 when unknown
	file *os.File
	read *countingReader
}

func open(o Options) (*input, error) {
	if o.Path == "-" {
		if o.Stdin == nil {
			return nil, errors.New("load: no standard input was given")
		}
		return &input{name: "-", read: &countingReader{in: o.Stdin}}, nil
	}
	file, err := os.Open(o.Path)
	if err != nil {
		return nil, err
	}
	info, err := file.Stat()
	if err == nil && info.IsDir() {
		err = fault.New(fault.BadUserInput, "the input is a folder; import takes one file")
	}
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return &input{name: filepath.Base(o.Path), size: info.Size(), file: file, read: &countingReader{in: file}}, nil
}

func (in *input) close() {
	if in.file != nil {
		_ = in.file.Close() // it was only read
	}
}

// position is how many bytes were read.
func (in *input) position() int64 { return in.read.count.Load() }

// rows reads the input in its format.
func (in *input) rows(o Options) (rowReader, error) {
	var text io.Reader = in.read
	switch strings.ToLower(o.Encoding) {
	case "", "utf-8", "utf8":
	case "gb18030", "gbk", "gb2312":
		text = simplifiedchinese.GB18030.NewDecoder().Reader(text)
	default:
		return nil, fault.New(fault.BadUserInput, "this encoding is not known").WithHint("utf-8 or gb18030")
	}
	lines := newLineReader(text)
	switch o.formatOf(in.name) {
	case NDJSON:
		if o.Mapping != nil {
			return nil, fault.New(fault.BadUserInput, "a mapping is for CSV; NDJSON lines are records already")
		}
		return &recordLines{lines: lines, file: in.name}, nil
	case CSV:
		if o.Mapping == nil {
			return nil, fault.New(fault.BadUserInput, "CSV needs a mapping").WithHint("see docs/import.md")
		}
		return newTable(lines, in.name, o.Mapping, o.Zone)
	default:
		return nil, fault.New(fault.BadUserInput, "this format is not known").WithHint("ndjson or csv")
	}
}

func (o Options) formatOf(name string) Format {
	if o.Format != "" {
		return o.Format
	}
	switch strings.ToLower(filepath.Ext(name)) {
	case ".csv", ".tsv":
		return CSV
	}
	if o.Mapping != nil {
		return CSV
	}
	return NDJSON
}

// countingReader counts what was read, for the progress bar.
type countingReader struct {
	in    io.Reader
	count atomic.Int64
}

// Read reads from the input.
func (c *countingReader) Read(p []byte) (int, error) {
	n, err := c.in.Read(p)
	c.count.Add(int64(n))
	return n, err
}
