// Command sdl prints the schema as the server answers it at /schema.graphql, for the tools that judge it.
package main

import (
	"fmt"

	"github.com/onecdp/onecdp/schema"
)

func main() { fmt.Print(schema.Text()) }
