// Package clients_test runs what others have written against our server and our schema: clients, linters, compilers, and the examples
// that use them. It needs Node and the npm registry, so it runs only when it is asked to: make clients.
package clients_test

import (
	"path/filepath"
	"testing"

	"github.com/onecdp/onecdp/internal/dbtest"
)

func TestTheSchemaPassesEverybodysTools(t *testing.T) {
	t.Parallel()
	here := project(t, ".")
	here.npm(t, nil, "run", "lint-sdl")
}

func TestEverybodysClientsWork(t *testing.T) {
	t.Parallel()
	here := project(t, ".")
	dbtest.EachEmpty(t, func(t *testing.T, databaseURL string) {
		s := start(t, databaseURL)
		here.npm(t, s.as(adminKey), "test")
	})
}

func TestTheMiniProgramWorksWithAKeyThatMayLittle(t *testing.T) {
	t.Parallel()
	example := project(t, "../examples/mini-program")
	dbtest.EachEmpty(t, func(t *testing.T, databaseURL string) {
		s := start(t, databaseURL)
		example.npm(t, s.as(s.newKey(t, "mini-program", "ingest,read")), "test")
	})
}

func TestTheTypedClientCompilesAndWorks(t *testing.T) {
	t.Parallel()
	example := project(t, "../examples/typescript")
	s := start(t, "sqlite:"+filepath.Join(t.TempDir(), "typescript.db"))
	environment := s.as(s.newKey(t, "analyst", "read,manage,ingest"))
	example.npm(t, environment, "run", "build")
	example.npm(t, environment, "test")
}
