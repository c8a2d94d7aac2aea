package load

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"strconv"

	"github.com/onecdp/onecdp/internal/fault"
	"github.com/onecdp/onecdp/internal/value"
)

// row is one row of the input: a record, or the fault that it has instead.
type row struct {
	line   int    // where it begins, from 1
	raw    string // as it stands in the file; "" when it is too long to keep
	record map[string]any
	fault  *fault.Error
}

// rowReader gives the rows of a file, then io.EOF.
type rowReader interface {
	next() (row, error)
}

// recordLines reads NDJSON. Blank lines are no rows.
type recordLines struct {
	lines *lineReader
	file  string
}

func (r *recordLines) next() (row, error) {
	for {
		l, err := r.lines.next()
		if err != nil {
			return row{}, err
		}
		if l.tooLong {
			return tooLong(l.number), nil
		}
		text := bytes.TrimSpace(l.text)
		if len(text) == 0 {
			continue
		}
		read := row{line: l.number, raw: string(text)}
		read.record, read.fault = readRecord(text)
		if read.fault == nil && read.record["messageId"] == nil {
			read.record["messageId"] = rowID(r.file, read.line, read.raw)
		}
		return read, nil
	}
}

func readRecord(text []byte) (map[string]any, *fault.Error) {
	v, err := value.Decode(text)
	if err != nil {
		return nil, fault.New(fault.BadUserInput, "this line is no JSON")
	}
	record, ok := v.(map[string]any)
	if !ok {
		return nil, fault.New(fault.BadUserInput, "this line is no JSON object")
	}
	return record, nil
}

func tooLong(line int) row {
	return row{line: line, fault: fault.New(fault.BadUserInput, "the row is longer than 1 MiB")}
}

// rowID is the message id of a row that brings none: where it stands, so that equal rows are rows of their own, and what
// stands there, so that another file of the same name is another file.
func rowID(file string, line int, raw string) string {
	return file + ":" + strconv.Itoa(line) + ":" + digest(raw)
}

func digest(raw string) string {
	sum := sha256.Sum256([]byte(raw))
	return hex.EncodeToString(sum[:8])
}
