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

// findSuffix ends the names of the files that find variables.
const findSuffix = ".find.graphql"

// Query is one example. Its text begins with a comment that says what it asks.
type Query struct {
	Name string // the file's name without number and ending, e.g. "profile-by-phone"
	Text string
	Find string // another query, to be run before: each of its root fields gives the variable of its name, as the field's id; "": no variables
}

// Queries returns the examples in their order.
func Queries() []Query { return queries() }

var queries = sync.OnceValue(func() []Query {
	names, err := fs.Glob(files, "queries/*.graphql")
	if err != nil {
		panic(err) // the pattern is ours
	}
	finds := map[string]string{}
	var list []Query
	for _, name := range names { // Glob sorts, and the files are numbered
		text, err := files.ReadFile(name)
		if err != nil {
			panic(err) // embedded
		}
		base := path.Base(name)
		if found, isFind := strings.CutSuffix(base, findSuffix); isFind {
			finds[title(found)] = string(text)
			continue
		}
		list = append(list, Query{Name: title(strings.TrimSuffix(base, ".graphql")), Text: string(text)})
	}
	for i := range list {
		list[i].Find = finds[list[i].Name]
	}
	return list
})

// title is a file's name without its number.
func title(name string) string {
	_, title, _ := strings.Cut(name, "-")
	return title
}
