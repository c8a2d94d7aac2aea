package architecture

import (
	"fmt"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"strconv"
	"strings"
	"testing/fstest"
)

const module = "github.com/onecdp/onecdp"

// tree is what the code says.
type tree struct {
	packages map[string]bool
	imports  []importLine
}

// importLine is one import of one file. to is empty for other modules' packages.
type importLine struct {
	file, from, to, path string
}

// readTree parses the imports of all files but tests. Build constraints are ignored: a file that only another system
// builds is held to the same arrows.
func readTree(root fs.FS) (tree, error) {
	t := tree{packages: map[string]bool{}}
	err := fs.WalkDir(root, ".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir():
			if name != "." && ignored(root, name) {
				return fs.SkipDir
			}
			return nil
		case !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go"):
			return nil
		default:
			return t.add(root, name)
		}
	})
	return t, err
}

// ignored folders are those that the go command ignores too.
func ignored(root fs.FS, folder string) bool {
	base := path.Base(folder)
	if strings.HasPrefix(base, ".") || strings.HasPrefix(base, "_") || base == "testdata" || base == "vendor" || base == "node_modules" {
		return true
	}
	_, err := fs.Stat(root, path.Join(folder, "go.mod"))
	return err == nil
}

func (t *tree) add(root fs.FS, name string) error {
	code, err := fs.ReadFile(root, name)
	if err != nil {
		return err
	}
	file, err := parser.ParseFile(token.NewFileSet(), name, code, parser.ImportsOnly)
	if err != nil {
		return err
	}
	from := packageOf(path.Dir(name))
	t.packages[from] = true
	for _, spec := range file.Imports {
		imported, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		line := importLine{file: name, from: from, path: imported}
		if within(imported, module) {
			line.to = packageOf(strings.TrimPrefix(strings.TrimPrefix(imported, module), "/"))
		}
		t.imports = append(t.imports, line)
	}
	return nil
}

// packageOf is the name under which the page knows a folder: the first folder below the root or internal/, to which the
// folders under it belong; server for the root itself.
func packageOf(folder string) string {
	first, _, _ := strings.Cut(strings.TrimPrefix(folder, "internal/"), "/")
	if first == "." || first == "" {
		return "server"
	}
	return first
}

// treeOf is a tree in memory, with one file changed.
func treeOf(files map[string]string, name, code string) fs.FS {
	changed := fstest.MapFS{}
	for file, imports := range files {
		changed[file] = &fstest.MapFile{Data: goFile(imports)}
	}
	switch {
	case name == "":
	case code == "":
		delete(changed, name)
	default:
		changed[name] = &fstest.MapFile{Data: goFile(code)}
	}
	return changed
}

// goFile puts the package clause between build constraints and imports.
func goFile(code string) []byte {
	constraint, imports := "", code
	if strings.HasPrefix(code, "//go:build") {
		constraint, imports, _ = strings.Cut(code, "\n")
	}
	return []byte(constraint + "\n\npackage p\n" + imports + "\n")
}
