// Command sdl prints the schema as the server answers it at /schema.graphql, for the tools that judge it.
package main

import (
	"log"
	"os"

	"github.com/onecdp/onecdp/schema"
)

func main() {
	if _, err := os.Stdout.WriteString(schema.Text()); err != nil {
		log.Fatal(err)
	}
}
