//go:build tools

// Package main pins the versions of the code generators in go.mod. No build includes this file.
package main

import (
	_ "entgo.io/ent/cmd/ent"
	_ "github.com/99designs/gqlgen"
)
