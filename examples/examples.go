// Package examples holds queries that run against the demo world: GraphiQL shows them as tabs, tests run them.
package examples

import (
	"embed"
	"io/fs"
	"path"
	"strings"
	"sync"
)

//go:embed queries/*.graphql
var files embed.FS

// Query is one example. Its text begins with a comment that says what it asks.
type Query struct {
	Name string // the file's name without number and ending, e.g. "profile-by-phone"
	Text string
}

// Queries returns the examples in their order.
func Queries() []Query { return queries() }

var queries = sync.OnceValue(func() []Query {
	names, err := fs.Glob(files, "queries/*.graphql")
	if err != nil {
		panic(err) // the pattern is ours
	}
	list := make([]Query, len(names)) // Glob sorts, and the files are numbered
	for i, name := range names {
		text, err := files.ReadFile(name)
		if err != nil {
			panic(err) // embedded
		}
		_, title, _ := strings.Cut(strings.TrimSuffix(path.Base(name), ".graphql"), "-")
		list[i] = Query{Name: title, Text: string(text)}
	}
	return list
})
