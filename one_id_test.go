package main

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/onecdp/onecdp/graph"
	"github.com/onecdp/onecdp/internal/access"
	"github.com/onecdp/onecdp/internal/assembly"
	"github.com/onecdp/onecdp/internal/dbtest"
	"github.com/onecdp/onecdp/internal/store"
	"github.com/onecdp/onecdp/schema"
)

// example is a block of a page, with the answer that follows it; answer is empty where none does.
type example struct{ document, answer string }

// oneIDExamples are the examples of docs/one-id.md, from top to bottom.
func oneIDExamples(t *testing.T) []example {
	t.Helper()
	text, err := os.ReadFile("docs/one-id.md")
	if err != nil {
		t.Fatal(err)
	}
	var examples []example
	for _, found := range regexp.MustCompile("(?s)```graphql\n(.*?)\n```(?:\n\n```json\n(.*?)\n```)?").FindAllStringSubmatch(string(text), -1) {
		examples = append(examples, example{found[1], found[2]})
	}
	return examples
}

func TestOneIDShowsEveryOperation(t *testing.T) {
	t.Parallel()
	contract, err := gqlparser.LoadSchema(&ast.Source{Name: "schema", Input: schema.Text()})
	if err != nil {
		t.Fatal(err)
	}
	shown := map[string]bool{}
	for _, one := range oneIDExamples(t) {
		document, err := gqlparser.LoadQueryWithRules(contract, one.document, nil)
		if err != nil {
			t.Errorf("%v in\n%s", err, one.document)
			continue
		}
		for _, operation := range document.Operations {
			for _, field := range operation.SelectionSet {
				shown[field.(*ast.Field).Name] = true
			}
		}
	}
	for _, name := range []string{
		"mergeCustomers", "previewMerge", "unmerge", "linkIdentities", "keepApart", "unlinkIdentity", "moveIdentity", "blockIdentity", "retractRecord", "undoOperation",
		"operations", "whySame", "audit", "defineIdentityType",
	} {
		if !shown[name] {
			t.Errorf("docs/one-id.md has no example of %s", name)
		}
	}
}

// The page says: run them from top to bottom, and take variables from the answers before.
func TestOneIDTellsAStoryThatRuns(t *testing.T) {
	t.Parallel()
	examples := oneIDExamples(t)
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		s, err := assembly.New(t.Context(), db, assembly.Defaults())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(s.Jobs.Close)
		api := graph.NewServer(graph.Services{
			Jobs: s.Jobs, OneID: s.OneID, Ingest: s.Ingest, Profile: s.Profile, Tags: s.Tags, Segments: s.Segments, Campaigns: s.Campaigns, Sources: s.Sources,
		}, time.Now, slog.New(slog.DiscardHandler))
		ids := map[string]any{}
		for _, one := range examples {
			variables := map[string]any{}
			for _, found := range regexp.MustCompile(`\$(\w+): ID!`).FindAllStringSubmatch(one.document, -1) {
				variables[found[1]] = ids[found[1]]
			}
			answer, _ := exact(t, askAs(t, api, one.document, variables, access.Admin)).(map[string]any)
			delete(answer, "extensions") // what it cost
			noteIDs(answer["data"], "", ids)
			if complaint := complaintIn(answer); complaint != nil {
				t.Fatalf("%s\nwith %v is refused: %v", one.document, variables, complaint)
			}
			if one.answer != "" && !reflect.DeepEqual(any(answer), exact(t, []byte(one.answer))) {
				t.Errorf("%s\nanswers %v\nand not\n%s", one.document, answer, one.answer)
			}
		}
	})
}

// noteIDs notes the ids of an answer by the names under which they stand.
func noteIDs(part any, name string, ids map[string]any) {
	switch part := part.(type) {
	case map[string]any:
		if id, named := part["id"]; named {
			ids[name] = id
		}
		for below, value := range part {
			noteIDs(value, below, ids)
		}
	case []any:
		for _, value := range part {
			noteIDs(value, name, ids)
		}
	}
}

// complaintIn finds what an answer says is wrong; nil when nothing is.
func complaintIn(part any) any {
	switch part := part.(type) {
	case map[string]any:
		for name, value := range part {
			if wrong, _ := value.([]any); strings.HasSuffix(name, "rrors") && len(wrong) > 0 {
				return wrong
			}
			if complaint := complaintIn(value); complaint != nil {
				return complaint
			}
		}
	case []any:
		for _, value := range part {
			if complaint := complaintIn(value); complaint != nil {
				return complaint
			}
		}
	}
	return nil
}

// askAs sends a document with variables, as a key with scopes does.
func askAs(t *testing.T, api http.Handler, document string, variables map[string]any, scopes ...access.Scope) []byte {
	t.Helper()
	body, err := json.Marshal(map[string]any{"query": document, "variables": variables})
	if err != nil {
		t.Fatal(err)
	}
	ctx := access.WithCaller(t.Context(), access.Caller{Name: "docs", Scopes: scopes})
	answer := httptest.NewRecorder()
	request := httptest.NewRequestWithContext(ctx, http.MethodPost, "/graphql", bytes.NewReader(body))
	request.Header.Set("Content-Type", "application/json")
	api.ServeHTTP(answer, request)
	return answer.Body.Bytes()
}
