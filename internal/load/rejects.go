package load

import (
	"bufio"
	"errors"
	"os"

	"github.com/onecdp/onecdp/internal/fault"
	"github.com/onecdp/onecdp/internal/value"
)

// rejects writes the rejected rows, one JSON object a line: line, code, message, field and the row itself.
// The file is made with the first of them, readable by its owner only, for it holds the data of people.
type rejects struct {
	path  string
	given bool // the path is the user's own choice
	input *os.File
	made  string // path, once the file is there
	file  *os.File
	out   *bufio.Writer
}

func newRejects(o Options, in *input) *rejects {
	r := &rejects{path: o.Rejects, given: o.Rejects != "" || o.DryRun, input: in.file}
	if r.path == "" {
		r.path = "stdin.rejects.ndjson"
		if o.Path != "-" {
			r.path = o.Path + ".rejects.ndjson"
		}
	}
	return r
}

func (r *rejects) write(rejected row, f *fault.Error) error {
	if r.file == nil {
		if err := r.create(); err != nil {
			return err
		}
	}
	entry := map[string]any{"line": rejected.line, "code": string(f.Code), "message": f.Message}
	if len(f.Path) > 0 {
		field := make([]any, 0, len(f.Path))
		for _, step := range f.Path.Strings() {
			field = append(field, step)
		}
		entry["field"] = field
	}
	if f.Hint != "" {
		entry["hint"] = f.Hint
	}
	if rejected.raw != "" {
		entry["row"] = rejected.raw
	}
	_, err := r.out.Write(append(value.JSON(entry), '\n'))
	return err
}

func (r *rejects) create() error {
	if r.input != nil {
		there, err := os.Stat(r.path)
		if in, inErr := r.input.Stat(); err == nil && inErr == nil && os.SameFile(there, in) {
			return fault.New(fault.BadUserInput, "the file for rejected rows is the input itself")
		}
	}
	file, err := os.OpenFile(r.path, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	r.file, r.out, r.made = file, bufio.NewWriter(file), r.path
	return nil
}

func (r *rejects) close() error {
	if r.file == nil {
		return r.forget()
	}
	return errors.Join(r.out.Flush(), r.file.Close())
}

// forget removes the file that an earlier run of the same input left under its usual name: nothing is rejected now.
func (r *rejects) forget() error {
	if r.given {
		return nil
	}
	if err := os.Remove(r.path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}
