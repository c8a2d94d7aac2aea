package graph_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/onecdp/onecdp/internal/access"
	"github.com/onecdp/onecdp/internal/dbtest"
	"github.com/onecdp/onecdp/internal/store"
	"github.com/onecdp/onecdp/internal/value"
)

var update = flag.Bool("update", false, "write the answers into the stories")

// A story is a txtar file whose sections are told from top to bottom:
//
//	records    a JSON record per line, taken in through the API
//	scopes     of the requests that follow; "nobody" signs nobody in. At first: admin
//	variables  of the next query; "<data.customer.id>" stands for what the last answer has there
//	query      is sent
//	want       is the answer
func TestStories(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatal("no stories", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			t.Parallel()
			dbtest.Each(t, func(t *testing.T, db *store.DB) { tell(t, newWorld(t, db), file) })
		})
	}
}

func tell(t *testing.T, w *world, file string) {
	t.Helper()
	story, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var (
		scopes    = everything
		variables json.RawMessage
		answer    []byte
	)
	for i, section := range story.Files {
		switch section.Name {
		case "records":
			var records []json.RawMessage
			for line := range strings.Lines(string(section.Data)) {
				records = append(records, json.RawMessage(line))
			}
			w.ask(`mutation ($records: [RecordInput!]!) { ingest(records: $records) { accepted } }`, map[string]any{"records": records})
		case "scopes":
			scopes = nil
			for _, name := range strings.Fields(string(section.Data)) {
				if name != "nobody" {
					scopes = append(scopes, access.Scope(name))
				}
			}
		case "variables":
			variables = filled(t, section.Data, answer)
		case "query":
			answer = w.answer(t.Context(), scopes, string(section.Data), variables).Body.Bytes()
			variables = nil
		case "want":
			got := pretty(t, answer)
			if *update {
				story.Files[i].Data = got
				continue
			}
			if !same(t, got, section.Data) {
				t.Errorf("section %d: got\n%s\nwant\n%s\nlog: %s", i, got, section.Data, w.log)
			}
		default:
			t.Fatalf("unknown section %s", section.Name)
		}
	}
	if *update {
		if err := os.WriteFile(file, txtar.Format(story), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// same compares answers as JSON: the databases order the keys of objects each in its own way.
func same(t *testing.T, got, want []byte) bool {
	t.Helper()
	read, err := value.Decode(got)
	if err != nil {
		t.Fatal(err)
	}
	wanted, err := value.Decode(want)
	return err == nil && bytes.Equal(value.JSON(read), value.JSON(wanted))
}

var reference = regexp.MustCompile(`"<([^>]+)>"`)

// filled puts what the last answer has into variables.
func filled(t *testing.T, variables, answer []byte) json.RawMessage {
	t.Helper()
	return reference.ReplaceAllFunc(variables, func(found []byte) []byte {
		var v any = decode(t, answer)
		for step := range strings.SplitSeq(string(found[2:len(found)-2]), ".") {
			if n, err := strconv.Atoi(step); err == nil {
				v = at(v, n)
			} else {
				v = at(v, step)
			}
		}
		text, err := json.Marshal(v)
		if err != nil || v == nil {
			t.Fatalf("%s is not in %s", found, answer)
		}
		return text
	})
}

// pretty indents an answer; what differs from run to run is shown as stars.
func pretty(t *testing.T, answer []byte) []byte {
	t.Helper()
	var text bytes.Buffer
	if err := json.Indent(&text, bytes.TrimSpace(answer), "", "  "); err != nil {
		t.Fatalf("%v in %s", err, answer)
	}
	text.WriteByte('\n')
	return volatile.ReplaceAll(text.Bytes(), []byte(`$1"*"`))
}

// volatile are ids, cursors and times that the server gives.
var volatile = regexp.MustCompile(`("(?:id|mergedId|cursor|startCursor|endCursor|createdAt|updatedAt|receivedAt|computedAt|mergedAt|undoneAt|endedAt|at|before|after|record|tookMs)": )(?:"[^"]*"|[0-9.]+)`)
