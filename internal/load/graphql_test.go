package load_test

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/onecdp/onecdp/graph"
	"github.com/onecdp/onecdp/internal/access"
)

// answersThroughTheAPI asks the same questions with customers(where:).
func answersThroughTheAPI(t *testing.T, services graph.Services, questions []question) {
	t.Helper()
	handler := graph.NewServer(services, time.Now, slog.New(slog.DiscardHandler))
	for _, q := range questions {
		body, err := json.Marshal(map[string]any{
			"query": "query ($where: Rule) { customers(first: 1, where: $where) { totalCount } }", "variables": map[string]any{"where": q.where},
		})
		if err != nil {
			t.Fatal(err)
		}
		request := httptest.NewRequestWithContext(access.WithCaller(t.Context(), access.Caller{Scopes: access.Scopes()}),
			http.MethodPost, "/graphql", bytes.NewReader(body))
		request.Header.Set("Content-Type", "application/json")
		recorder := httptest.NewRecorder()
		handler.ServeHTTP(recorder, request)
		var answer struct {
			Data struct{ Customers struct{ TotalCount int } }
		}
		if err := json.Unmarshal(recorder.Body.Bytes(), &answer); err != nil || answer.Data.Customers.TotalCount != q.want {
			t.Errorf("%s: want %d, the API says %s", q.name, q.want, recorder.Body)
		}
	}
}
