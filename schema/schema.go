// Package schema is the contract of the API: GraphQL's schema language, a file per topic.
package schema

import (
	"embed"
	"io/fs"
	"regexp"
	"strings"
)

//go:embed *.graphql
var files embed.FS

// defines finds the types that other topics extend.
var defines = regexp.MustCompile(`(?m)^type (Query|Mutation|Subscription) `)

// Text is the whole schema as one document: the topics in the order of their names, those that define what others extend first,
// for tools that read from top to bottom (relay-compiler).
func Text() string {
	names, err := fs.Glob(files, "*.graphql")
	if err != nil {
		panic(err) // the pattern above is wrong
	}
	var definitions, topics []string
	for _, name := range names {
		topic, err := files.ReadFile(name)
		if err != nil {
			panic(err) // what is embedded can be read
		}
		if defines.Match(topic) {
			definitions = append(definitions, string(topic))
		} else {
			topics = append(topics, string(topic))
		}
	}
	return strings.Join(append(definitions, topics...), "\n")
}
