// Package architecture holds the code to docs/architecture.md: an import which that page does not allow is a failed test.
//
// The files are parsed here. A test that shelled out to `go list` would be cached, and stay green after a bad import.
package architecture

import (
	"cmp"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const page = "docs/architecture.md"

func TestImportsFollowTheArrowsOfThePage(t *testing.T) {
	t.Parallel()
	root := repository(t)
	text, err := os.ReadFile(filepath.Join(root, page))
	if err != nil {
		t.Fatal(err)
	}
	plan, err := readPlan(string(text))
	if err != nil {
		t.Fatal(err)
	}
	tree, err := readTree(os.DirFS(root))
	if err != nil {
		t.Fatal(err)
	}
	for _, fault := range append(plan.faults(), plan.compare(tree)...) {
		t.Error(fault)
	}
}

// repository is the folder with go.mod, found from the test's own folder upwards.
func repository(t *testing.T) string {
	t.Helper()
	folder, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(folder, "go.mod")); err == nil {
			return folder
		}
		parent := filepath.Dir(folder)
		if parent == folder {
			t.Fatal("no go.mod above the test")
		}
		folder = parent
	}
}

// The checker itself is tested on trees in memory, each wrong in one way.
func TestCheckerFindsWhatThePageForbids(t *testing.T) {
	t.Parallel()
	const text = `
| package | layer | what it is |
| --- | --- | --- |
| ` + "`rule`" + ` | pure | a language |
| ` + "`store`" + ` | storage | a database |
| ` + "`tag`" + ` | service | tags |

` + "```arrows" + `
# a comment
rule
ent
store  -> pure ent
tag    -> pure store
server -> tag
` + "```\n"

	good := map[string]string{
		"server.go":               `import _ "github.com/onecdp/onecdp/internal/tag"`,
		"internal/rule/rule.go":   `import _ "strings"`,
		"internal/store/store.go": `import (_ "github.com/onecdp/onecdp/ent"; _ "github.com/onecdp/onecdp/ent/event"; _ "github.com/onecdp/onecdp/internal/rule")`,
		"internal/tag/tag.go":     `import _ "github.com/onecdp/onecdp/internal/store"`,
		"ent/ent.go":              `import _ "github.com/onecdp/onecdp/ent/event"`,
		"ent/event/event.go":      ``,
	}
	for _, c := range []struct {
		name       string
		page       string
		file, code string // replaces or adds a file; an empty code removes it
		want       string // a part of the only fault; none when empty
	}{
		{name: "all is well"},
		{
			name: "an arrow that is not listed",
			file: "internal/tag/other.go", code: `import _ "github.com/onecdp/onecdp/ent"`,
			want: "internal/tag/other.go: tag -> ent is no arrow of " + page,
		},
		{
			name: "an arrow that is not listed, from a folder below",
			file: "internal/store/sqlite/x.go", code: `import _ "github.com/onecdp/onecdp/internal/tag"`,
			want: "internal/store/sqlite/x.go: store -> tag is no arrow of " + page,
		},
		{
			name: "a file left out of every build",
			file: "internal/rule/tool.go", code: "//go:build ignore\n" + `import _ "github.com/onecdp/onecdp/ent"`,
			want: "internal/rule/tool.go: rule -> ent is no arrow of " + page,
		},
		{
			name: "tests may import what they like",
			file: "internal/rule/rule_test.go", code: `import _ "github.com/onecdp/onecdp/internal/tag"`,
		},
		{
			name: "a package that the page does not know",
			file: "internal/stray/stray.go", code: `import _ "strings"`,
			want: "stray has no line among the arrows of " + page,
		},
		{
			name: "a package that is gone",
			file: "internal/rule/rule.go", code: "",
			want: "rule is on " + page + ", but there is no such package",
		},
		{
			name: "a pure package that reaches for the database",
			file: "internal/rule/rule.go", code: `import _ "database/sql"`,
			want: "internal/rule/rule.go: rule is pure and may not import database/sql",
		},
		{
			name: "a circle",
			page: strings.Replace(text, "\nent\n", "\nent    -> store\n", 1),
			want: "circle: ent -> store -> ent",
		},
		{
			name: "an arrow against the layers",
			page: strings.Replace(strings.Replace(text, "rule\n", "rule   -> tag\n", 1), "pure store\n", "\n", 1),
			file: "internal/tag/tag.go", code: `import _ "strings"`,
			want: "rule (pure) -> tag (service) points outwards",
		},
		{
			name: "an arrow to nothing",
			page: strings.Replace(text, "-> tag", "-> tag ghost", 1),
			want: "server -> ghost points to a package without a line",
		},
		{
			name: "a row of the table without arrows",
			page: strings.Replace(text, "| `tag`", "| `access` | service | keys |\n| `tag`", 1),
			want: "access has no line among the arrows of " + page,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			plan, err := readPlan(cmp.Or(c.page, text))
			if err != nil {
				t.Fatal(err)
			}
			tree, err := readTree(treeOf(good, c.file, c.code))
			if err != nil {
				t.Fatal(err)
			}
			found := append(plan.faults(), plan.compare(tree)...)
			if c.want == "" {
				if len(found) > 0 {
					t.Fatalf("want no fault, got %q", found)
				}
				return
			}
			if len(found) != 1 || !strings.Contains(found[0], c.want) {
				t.Fatalf("want one fault with %q, got %q", c.want, found)
			}
		})
	}
}

func TestAPageWithoutArrowsIsAnError(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "# Architecture\n", "```arrows\na -> b\n", "```arrows\na b\n```\n", "```arrows\na\na\n```\n"} {
		if _, err := readPlan(text); err == nil {
			t.Errorf("%q: no error", text)
		}
	}
}
