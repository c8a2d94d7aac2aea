package graph_test

import (
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/onecdp/onecdp/graph"
	"github.com/onecdp/onecdp/internal/access"
	"github.com/onecdp/onecdp/internal/dbtest"
	"github.com/onecdp/onecdp/internal/store"
	"github.com/onecdp/onecdp/internal/throttle"
)

// BenchmarkProfile is an ordinary request from its body to its answer: the whole of which guard's BenchmarkOrdinary is a part.
func BenchmarkProfile(b *testing.B) {
	dbtest.Bench(b, func(b *testing.B, db *store.DB) {
		services := servicesOf(b, db)
		services.Limits = throttle.Limits{PerSecond: 1e9, Most: 1e9}
		handler := graph.NewServer(services, time.Now, slog.New(slog.DiscardHandler))
		ctx := access.WithCaller(b.Context(), access.Caller{Name: "bench", Scopes: everything})
		ask := func(query string) {
			body, err := json.Marshal(map[string]any{"query": query})
			if err != nil {
				b.Fatal(err)
			}
			request := httptest.NewRequestWithContext(ctx, http.MethodPost, "/graphql", strings.NewReader(string(body)))
			request.Header.Set("Content-Type", "application/json")
			answer := httptest.NewRecorder()
			handler.ServeHTTP(answer, request)
			if answer.Code != http.StatusOK || strings.Contains(answer.Body.String(), `"errors"`) {
				b.Fatal(answer.Body)
			}
			_, _ = io.Copy(io.Discard, answer.Body)
		}
		ask(`mutation { ingest(records: [` + times(30, `{identities: [{type: "phone", value: "13812345678"}, {type: "user_id", value: "u1"}], event: {name: "order", properties: {amount: #}}} `) + `]) { accepted } }`)
		for b.Loop() {
			ask(`{ customerByIdentity(identity: {type: "phone", value: "13812345678"}) { id createdAt attributes identities { type scope value } tags { tag { key name } value }
				events(first: 20) { edges { cursor node { id name occurredAt channel amount properties } } } } }`)
		}
	})
}
