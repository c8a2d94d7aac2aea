package main

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"net/http"
	"os"
	"reflect"
	"regexp"
	"testing"
	"time"

	"github.com/onecdp/onecdp/graph"
	"github.com/onecdp/onecdp/internal/access"
	"github.com/onecdp/onecdp/internal/assembly"
	"github.com/onecdp/onecdp/internal/dbtest"
	"github.com/onecdp/onecdp/internal/demo"
	"github.com/onecdp/onecdp/internal/store"
)

// day is the one README's answers were given on; the demo world ends with the day it is made on.
var day = time.Date(2026, time.March, 15, 12, 0, 0, 0, time.UTC)

// answered finds a query and the answer that follows it.
var answered = regexp.MustCompile("(?s)```graphql\n(.*?)\n```\n+```json\n(.*?)\n```")

func TestReadmeTellsTheAnswersOfTheDemoWorld(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	pairs := answered.FindAllSubmatch(text, -1)
	if len(pairs) != 3 {
		t.Fatalf("README has %d queries with answers, want 3", len(pairs))
	}
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		api := demoWorld(t, db)
		for _, pair := range pairs {
			got, want := ask(t, api, string(pair[1])), exact(t, pair[2])
			answer, _ := exact(t, got).(map[string]any)
			delete(answer, "extensions") // what it cost
			if !reflect.DeepEqual(any(answer), want) {
				t.Errorf("%s\nanswers\n%s", pair[1], got)
			}
		}
	})
}

// demoWorld is the API over the world that `onecdp demo` makes, on that day.
func demoWorld(t *testing.T, db *store.DB) http.Handler {
	t.Helper()
	s, err := assembly.New(t.Context(), db, assembly.Defaults())
	if err != nil {
		t.Fatal(err)
	}
	_, err = demo.Fill(t.Context(), demo.Services{Ingest: s.Ingest, Tags: s.Tags, Segments: s.Segments, Campaigns: s.Campaigns},
		demo.Options{Seed: demo.DefaultSeed, People: demo.People, Now: day})
	if err != nil {
		t.Fatal(err)
	}
	return graph.NewServer(graph.Services{
		OneID: s.OneID, Ingest: s.Ingest, Profile: s.Profile, Tags: s.Tags, Segments: s.Segments, Campaigns: s.Campaigns, Sources: s.Sources,
	}, func() time.Time { return day }, slog.New(slog.DiscardHandler))
}

// ask sends a query as the page of a server on this machine does.
func ask(t *testing.T, api http.Handler, query string) []byte {
	t.Helper()
	return askAs(t, api, query, nil, access.Read, access.Personal)
}

// exact decodes JSON with its digits.
func exact(t *testing.T, text []byte) any {
	t.Helper()
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	var decoded any
	if err := decoder.Decode(&decoded); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	return decoded
}
