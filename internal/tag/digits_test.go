package tag_test

import (
	"encoding/json"
	"testing"

	"github.com/onecdp/onecdp/internal/dbtest"
	"github.com/onecdp/onecdp/internal/store"
)

func TestANumberKeepsItsDigits(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db)
		w.customer(1)
		for _, number := range []string{"12.50", "1.0", "123456789012345678901234567890", "0.1000000000000000055", "9007199254740993"} {
			w.set(1, "n", json.Number(number))
			want(t, w.of(1), "n="+number)
		}
	})
}
