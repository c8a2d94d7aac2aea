//go:build ignore

// Command entc writes the ent package from ent/schema.
package main

import (
	"log"

	"entgo.io/ent/entc"
	"entgo.io/ent/entc/gen"
)

func main() {
	config := &gen.Config{
		Features: []gen.Feature{gen.FeatureVersionedMigration},
	}
	if err := entc.Generate("./schema", config); err != nil {
		log.Fatalf("ent: %v", err)
	}
}
