package segment_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/onecdp/onecdp/internal/dbtest"
	"github.com/onecdp/onecdp/internal/page"
	"github.com/onecdp/onecdp/internal/segment"
	"github.com/onecdp/onecdp/internal/store"
)

// What nobody waits for any more ends with the text that is being matched, of which each here takes some 10 ms.
func TestAPatternStopsWhenTheRequestIsGivenUp(t *testing.T) {
	t.Parallel()
	people := make([]person, 1000)
	for i := range people {
		people[i] = person{name: fmt.Sprint("p", i), attributes: fmt.Sprintf(`{"note":"%s %d"}`, strings.Repeat("a", 2000), i)}
	}
	rule := `{"attribute":{"name":"note","is":{"matches":"` + strings.Repeat(".*", 90) + `z"}}}`
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db, people)
		read, err := w.service.Read(object(t, rule), nil)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		began := time.Now()
		_, err = w.service.Page(ctx, segment.Question{Rule: read, AsOf: began, Zone: shanghai}, segment.Members.Start(page.Most))
		if took := time.Since(began); err == nil || took > 3*time.Second {
			t.Errorf("%v after %v", err, took)
		}
	})
}
