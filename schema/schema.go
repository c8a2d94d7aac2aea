// Package schema is the contract of the API: GraphQL's schema language, a file per topic.
package schema

import (
	"embed"
	"io/fs"
	"strings"
)

//go:embed *.graphql
var files embed.FS

// Text is the whole schema as one document: the topics in the order of their names.
func Text() string {
	names, err := fs.Glob(files, "*.graphql")
	if err != nil {
		panic(err) // the pattern above is wrong
	}
	topics := make([]string, len(names))
	for i, name := range names {
		topic, err := files.ReadFile(name)
		if err != nil {
			panic(err) // what is embedded can be read
		}
		topics[i] = string(topic)
	}
	return strings.Join(topics, "\n")
}
