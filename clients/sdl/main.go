// Command sdl prints the schema as the server answers it at /schema.graphql, for the tools that judge it.
package main

import (
	"fmt"
	"os"

	"github.com/onecdp/onecdp/schema"
)

func main() {
	if _, err := os.Stdout.WriteString(schema.Text()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
