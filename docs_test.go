package main

import (
	"encoding/xml"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/onecdp/onecdp/schema"
)

// documents are the pages people read.
func documents(t *testing.T) map[string]string {
	t.Helper()
	texts := map[string]string{}
	for _, pattern := range []string{"*.md", "docs/*.md", "docs/adr/*.md"} {
		names, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			texts[name] = string(text)
		}
	}
	return texts
}

func TestLinksOfTheDocumentsLeadSomewhere(t *testing.T) {
	t.Parallel()
	link := regexp.MustCompile(`\]\(([^)\s]+)\)`)
	texts := documents(t)
	for name, text := range texts {
		for _, found := range link.FindAllStringSubmatch(text, -1) {
			target, place, _ := strings.Cut(found[1], "#")
			if strings.Contains(target, "://") {
				continue
			}
			path := name
			if target != "" {
				path = filepath.Join(filepath.Dir(name), target)
			}
			if _, err := os.Stat(path); err != nil {
				t.Errorf("%s links to %s, which is not there", name, found[1])
			} else if place != "" && !strings.Contains(headings(texts[path]), "\n"+place+"\n") {
				t.Errorf("%s links to %s, where there is no such heading", name, found[1])
			}
		}
	}
}

// headings are the names by which the headings of a page are linked to, a line each.
func headings(text string) string {
	heading := regexp.MustCompile(`(?m)^#+ (.*)$`)
	noise := regexp.MustCompile("[^a-z0-9 -]")
	names := "\n"
	for _, found := range heading.FindAllStringSubmatch(text, -1) {
		names += strings.ReplaceAll(noise.ReplaceAllString(strings.ToLower(found[1]), ""), " ", "-") + "\n"
	}
	return names
}

func TestOperationsOfTheDocumentsFitTheSchema(t *testing.T) {
	t.Parallel()
	contract, err := gqlparser.LoadSchema(&ast.Source{Name: "schema", Input: schema.Text()})
	if err != nil {
		t.Fatal(err)
	}
	block := regexp.MustCompile("(?s)```graphql\n((?:query|mutation|\\{ customer|\\{ preview).*?)```")
	count := 0
	for name, text := range documents(t) {
		for _, found := range block.FindAllStringSubmatch(text, -1) {
			count++
			if _, err := gqlparser.LoadQueryWithRules(contract, found[1], nil); err != nil {
				t.Errorf("%s: %v in\n%s", name, err, found[1])
			}
		}
	}
	if count < 5 {
		t.Errorf("%d operations", count)
	}
}

// A picture is read aloud by its title, and drawn for light and dark pages.
func TestPicturesOfTheDocumentsCanBeReadByEverybody(t *testing.T) {
	t.Parallel()
	names, err := filepath.Glob("docs/one-id/*.svg")
	if err != nil || len(names) == 0 {
		t.Fatalf("%d pictures, %v", len(names), err)
	}
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		var picture struct {
			Role  string `xml:"role,attr"`
			Label string `xml:"aria-labelledby,attr"`
			Title struct {
				ID   string `xml:"id,attr"`
				Text string `xml:",chardata"`
			} `xml:"title"`
			Style string `xml:"style"`
		}
		if err := xml.Unmarshal(text, &picture); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if picture.Role != "img" || picture.Title.Text == "" || !slices.Contains(strings.Fields(picture.Label), picture.Title.ID) {
			t.Errorf("%s is no image with a title: %+v", name, picture)
		}
		if !strings.Contains(picture.Style, "prefers-color-scheme: dark") {
			t.Errorf("%s is drawn for light pages alone", name)
		}
	}
}

// Every setting has its line in docs/operations.md, and every line its setting.
func TestOperationsListTheSettings(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	code, err := os.ReadFile("internal/command/settings.go")
	if err != nil {
		t.Fatal(err)
	}
	told, there := map[string]bool{}, map[string]bool{}
	for _, found := range regexp.MustCompile("(?m)^\\| `--[a-z-]+` \\| `(ONECDP_[A-Z_]+)").FindAllSubmatch(page, -1) {
		told[string(found[1])] = true
	}
	for _, found := range regexp.MustCompile(`env:"(ONECDP_[A-Z_]+)"`).FindAllSubmatch(code, -1) {
		there[string(found[1])] = true
		if !told[string(found[1])] {
			t.Errorf("docs/operations.md does not tell of %s", found[1])
		}
	}
	for name := range told {
		if !there[name] {
			t.Errorf("docs/operations.md tells of %s, which is no setting", name)
		}
	}
}
