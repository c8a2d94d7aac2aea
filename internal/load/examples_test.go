package load_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/onecdp/onecdp/internal/load"
)

// TestTheExamplesGoIn checks every file of examples/events, CSV with the mapping beside it.
func TestTheExamplesGoIn(t *testing.T) {
	t.Parallel()
	folder := filepath.Join("..", "..", "examples", "events")
	files, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	checked := 0
	for _, file := range files {
		extension := filepath.Ext(file.Name())
		if extension != ".csv" && extension != ".ndjson" {
			continue
		}
		o := load.Options{Path: filepath.Join(folder, file.Name()), DryRun: true, Rejects: filepath.Join(t.TempDir(), "rejects")}
		if extension == ".csv" {
			text, err := os.ReadFile(filepath.Join(folder, strings.TrimSuffix(file.Name(), extension)+".mapping.json"))
			if err != nil {
				t.Fatal(err)
			}
			if o.Mapping, err = load.ParseMapping(text); err != nil {
				t.Fatal(err)
			}
		}
		summary, err := load.Run(t.Context(), nil, o)
		if err != nil || !summary.OK() || summary.Read == 0 {
			t.Errorf("%s: %v, %s", file.Name(), err, summary)
		}
		checked++
	}
	if checked < 2 {
		t.Errorf("%d files", checked)
	}
}
