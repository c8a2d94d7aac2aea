package segment_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/onecdp/onecdp/internal/dbtest"
	"github.com/onecdp/onecdp/internal/fault"
	"github.com/onecdp/onecdp/internal/segment"
	"github.com/onecdp/onecdp/internal/store"
)

func faultsOf(err error) []string {
	var texts []string
	for _, f := range fault.All(err) {
		texts = append(texts, fmt.Sprint(f.Code, " ", f.Path))
	}
	return texts
}

func TestSavedSegments(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w := vocabularyWorld(t, db)
		ctx := t.Context()
		buyers := segment.CreateInput{Key: "buyers", Name: "Buyers", Where: object(t, `{"event":{"is":{"gte":1.0},"names":["order"]}}`), TimeZone: new("Europe/Berlin"), Description: "é"}
		saved, err := w.service.Create(ctx, buyers)
		if err != nil {
			t.Fatal(err)
		}
		if saved.Version != 1 || saved.TimeZone != "Europe/Berlin" || saved.Description != "é" || string(saved.Rule) != `{"event":{"is":{"gte":1},"names":["order"]}}` {
			t.Errorf("saved %+v, rule %s", saved, saved.Rule)
		}
		if _, err := w.service.Create(ctx, buyers); !slices.Equal(faultsOf(err), []string{"CONFLICT key"}) {
			t.Errorf("the same key again: %v", err)
		}
		read, err := w.service.ByKeys(ctx, []string{"no", "buyers", "a\x00"})
		if err != nil || read[0] != nil || read[1] == nil || read[1].ID != saved.ID || read[2] != nil {
			t.Errorf("by key: %v, %v", read, err)
		}
		if read, err = w.service.ByIDs(ctx, []int64{saved.ID, 999}); err != nil || read[0] == nil || read[0].Key != "buyers" || read[1] != nil {
			t.Errorf("by id: %v, %v", read, err)
		}
		question, err := w.service.Question(saved, benchmarkAsOf)
		if err != nil || question.Zone.String() != "Europe/Berlin" {
			t.Fatalf("%+v, %v", question, err)
		}
		if count, err := w.service.Count(ctx, question); err != nil || count != 1 {
			t.Errorf("members: %d, %v", count, err)
		}
		preview, err := w.service.Preview(ctx, segment.Question{AsOf: benchmarkAsOf, Zone: shanghai})
		if err != nil || preview.Count != 1 || preview.Total != 1 {
			t.Errorf("preview of everyone: %+v, %v", preview, err)
		}
		if sample, err := w.service.Sample(ctx, question, 10); err != nil || len(sample) != 1 {
			t.Errorf("sample: %v, %v", sample, err)
		}
	})
}

func TestFaultsOfASegmentComeTogetherWithTheirPlaces(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db, []person{{name: "one"}})
		_, err := w.service.Create(t.Context(), segment.CreateInput{
			Key: "", Name: "a\x00", Description: strings.Repeat("x", 10_001), TimeZone: new("Mars/Olympus"), Where: object(t, `{"any":[{"attribute":{"name":"a","is":{"matches":"("}}}]}`),
		})
		want := []string{"BAD_USER_INPUT key", "BAD_USER_INPUT name", "BAD_USER_INPUT description", "BAD_USER_INPUT where.any[0].attribute.is.matches", "BAD_USER_INPUT timeZone"}
		if got := faultsOf(err); !slices.Equal(got, want) {
			t.Errorf("%q, want %q", got, want)
		}
		for _, wrong := range []string{" ", strings.Repeat("x", 256)} {
			_, err = w.service.Create(t.Context(), segment.CreateInput{Key: wrong, Name: wrong, Description: " "})
			if got := faultsOf(err); len(got) < 2 || !slices.Equal(got[:2], want[:2]) {
				t.Errorf("%q, want %q", got, want[:2])
			}
		}
		_, err = w.service.Create(t.Context(), segment.CreateInput{Key: "a", Name: "a", Where: object(t, `{"all":[{"sequence":{"steps":[{},{}]}},{"lifecycle":{"stage":["NEW"]}}]}`)})
		want = []string{"NOT_IMPLEMENTED where.all[0].sequence", "NOT_IMPLEMENTED where.all[1].lifecycle"}
		if got := faultsOf(err); !slices.Equal(got, want) {
			t.Errorf("%q, want %q", got, want)
		}
		for _, name := range []string{"", "Local", "../etc/passwd", "CST-8"} {
			if _, err := w.service.Zone(&name, fault.Path{"timeZone"}); !slices.Equal(faultsOf(err), []string{"BAD_USER_INPUT timeZone"}) {
				t.Errorf("zone %q: %v", name, err)
			}
		}
	})
}

func TestASegmentRefersToOthers(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w := vocabularyWorld(t, db)
		create := func(key, where string) error {
			_, err := w.service.Create(t.Context(), segment.CreateInput{Key: key, Name: key, Where: object(t, where)})
			return err
		}
		if err := create("bought", `{"event":{"names":["order"]}}`); err != nil {
			t.Fatal(err)
		}
		if err := create("not-bought", `{"not":{"segment":"bought"}}`); err != nil {
			t.Fatal(err)
		}
		for rule, want := range map[string]int{`{"segment":"bought"}`: 1, `{"segment":"not-bought"}`: 0, `{"not":{"segment":"not-bought"}}`: 1} {
			if found := w.ask(t, rule, benchmarkAsOf, shanghai); len(found) != want {
				t.Errorf("%s: %v", rule, found)
			}
		}
		if err := create("x", `{"any":[{"segment":"nobody"}]}`); !slices.Equal(faultsOf(err), []string{"BAD_USER_INPUT where.any[0].segment"}) {
			t.Errorf("a reference to nothing: %v", err)
		}
		double := "bought"
		var err error
		for level := 0; level < 16 && err == nil; level++ {
			key := fmt.Sprint("level", level)
			err = create(key, fmt.Sprintf(`{"any":[{"segment":%q},{"not":{"segment":%q}}]}`, double, double))
			double = key
		}
		if got := faultsOf(err); len(got) != 1 || got[0][:14] != "BAD_USER_INPUT" {
			t.Errorf("segments that double at each level: %v", err)
		}
	})
}

func TestNothingIsKeptAfterAQuery(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w := vocabularyWorld(t, db)
		before := segment.Kept()
		w.ask(t, `{"all":[{"attribute":{"name":"a","is":{"gt":5}}},{"event":{"aggregate":"ACTIVE_DAYS","is":{"gte":1}}}]}`, time.Now(), shanghai)
		if db.Dialect().Name() == "sqlite" && segment.Kept() > before {
			t.Errorf("%d values are kept, %d were before", segment.Kept(), before)
		}
	})
}
