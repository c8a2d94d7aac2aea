package segment_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/onecdp/onecdp/internal/dbtest"
	"github.com/onecdp/onecdp/internal/rule"
	"github.com/onecdp/onecdp/internal/store"
)

// Every operator is asked of everything that can be compared: both databases answer what the plain evaluator says.
func TestEveryOperatorComparesEverything(t *testing.T) {
	t.Parallel()
	operators := []string{
		`{"exists":true}`, `{"exists":false}`, `{"equals":"m3"}`, `{"notEquals":"m3"}`, `{"in":["m3","gold"]}`, `{"notIn":["m3"]}`, `{"gt":"a"}`, `{"gte":1}`,
		`{"lt":"2026-03-01"}`, `{"lte":"2026-03-01T00:00:00Z"}`, `{"between":["a","z"]}`, `{"between":[1,9]}`, `{"contains":"3"}`, `{"startsWith":"m"}`,
		`{"endsWith":"3"}`, `{"matches":"m[0-9]+"}`, `{"withinLast":"P90D"}`, `{"notWithinLast":"P90D"}`, `{"withinNext":"P90D"}`, `{"anniversaryWithinNext":"P90D"}`,
	}
	subjects := []string{
		`{"identity":{"type":"member_no","is":%s}}`, `{"identity":{"type":"email","scope":"","is":%s,"count":{"gte":1}}}`, `{"identity":{"type":"no_such","is":%s}}`,
		`{"attribute":{"name":"level","is":%s}}`, `{"attribute":{"name":"born","is":%s}}`, `{"tag":{"key":"vip","is":%s}}`,
		`{"event":{"where":[{"property":"sku","is":%s}]}}`, `{"event":{"where":[{"property":"items.sku","is":%s}]}}`,
		`{"event":{"where":[{"property":"channel","is":%s}]}}`, `{"event":{"where":[{"property":"source","is":%s}]}}`, `{"event":{"where":[{"property":"amount","is":%s}]}}`,
	}
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		g := &generator{Rand: rand.New(rand.NewPCG(7, 7)), now: time.Date(2026, 3, 29, 1, 30, 0, 0, time.UTC)}
		people := g.people(30)
		w := newWorld(t, db, people)
		judge := oracle{env: rule.Env{AsOf: g.now, Zone: shanghai}, types: w.types}
		for _, subject := range subjects {
			for _, operator := range operators {
				text := fmt.Sprintf(subject, operator)
				read, err := w.service.Read(object(t, text), nil)
				if err != nil {
					t.Errorf("%s: %v", text, err)
					continue
				}
				var want []string
				for _, p := range people {
					if judge.means(read.Root, p) {
						want = append(want, p.name)
					}
				}
				if found := w.ask(t, text, g.now, shanghai); !slices.Equal(found, want) {
					t.Errorf("%s\nfound %v\nwant  %v", text, found, want)
				}
			}
		}
	})
}
