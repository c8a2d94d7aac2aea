package command_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/onecdp/onecdp/examples"
	"github.com/onecdp/onecdp/internal/dbtest"
)

const typename = `{"query":"{ __typename }"}`

func TestTheFirstStartShowsAnAdminKeyOnce(t *testing.T) {
	t.Parallel()
	dbtest.EachEmpty(t, func(t *testing.T, databaseURL string) {
		first := start(t, "--database-url", databaseURL)
		key := secret.FindString(first.out.String())
		if key == "" || strings.Contains(first.errs.String(), key) {
			t.Fatalf("output %q, log %q", first.out, first.errs)
		}
		if status, text := first.fetch(t, "POST", "graphql", key, typename); status != 200 || !strings.Contains(text, `"Query"`) {
			t.Errorf("with the key: %d %s", status, text)
		}
		if status, text := first.fetch(t, "POST", "graphql", "", typename); status != 401 || !strings.Contains(text, "UNAUTHENTICATED") {
			t.Errorf("without: %d %s", status, text)
		}
		if status, text := first.fetch(t, "GET", "schema.graphql", key, ""); status != 200 || !strings.Contains(text, "type Query") {
			t.Errorf("schema: %d %.100s", status, text)
		}
		if status, _ := first.fetch(t, "GET", "readyz", "", ""); status != 200 {
			t.Errorf("readyz: %d", status)
		}
		if code := first.stop(); code != 0 {
			t.Errorf("stopped with %d: %s", code, first.errs)
		}
		again := start(t, "serve", "--database-url", databaseURL)
		if found := secret.FindString(again.out.String()); found != "" {
			t.Errorf("another key: %s", found)
		}
		if status, _ := again.fetch(t, "POST", "graphql", key, typename); status != 200 {
			t.Errorf("the first key after a restart: %d", status)
		}
	})
}

func TestTheOperatorsKeyReplacesTheFirst(t *testing.T) {
	t.Parallel()
	s := start(t, "--database-url", "sqlite:"+filepath.Join(t.TempDir(), "x.db"), "--admin-key", "the operator's own")
	if found := secret.FindString(s.out.String()); found != "" {
		t.Errorf("made a key: %s", found)
	}
	if status, _ := s.fetch(t, "POST", "graphql", "the operator's own", typename); status != 200 {
		t.Errorf("its key: %d", status)
	}
}

func TestServersThatWouldDisagreeAreRefused(t *testing.T) {
	t.Parallel()
	dbtest.EachEmpty(t, func(t *testing.T, databaseURL string) {
		start(t, "--database-url", databaseURL)
		start(t, "--database-url", databaseURL, "--timezone", "UTC") // the time zone of questions is each server's own
		for setting, value := range map[string]string{"--default-region": "HK", "--max-identities": "501"} {
			code, _, errs := run(t, "", "serve", "--addr", "127.0.0.1:0", "--log-level", "error", "--database-url", databaseURL, setting, value)
			if code != 1 || !strings.Contains(errs, "was started with "+strings.ReplaceAll(setting[2:], "-", "_")) {
				t.Errorf("%s: %d %s", setting, code, errs)
			}
		}
	})
}

func TestSettingsComeFromTheEnvironment(t *testing.T) { //nolint:paralleltest // sets the environment of the process
	t.Setenv("ONECDP_DATABASE_URL", "sqlite:"+filepath.Join(t.TempDir(), "env.db"))
	t.Setenv("ONECDP_ADMIN_KEY", "from the environment")
	t.Setenv("ONECDP_PAGE_SESSION", "false")
	t.Setenv("ONECDP_LOG_FORMAT", "json")
	t.Setenv("ONECDP_CORS_ORIGINS", "https://a.example,https://b.example")
	s := start(t)
	if status, _ := s.fetch(t, "POST", "graphql", "from the environment", typename); status != 200 {
		t.Errorf("key: %d", status)
	}
	if _, page := s.fetch(t, "GET", "", "", ""); secret.MatchString(page) {
		t.Error("the page was signed in")
	}
	if !strings.HasPrefix(s.errs.String(), "{") {
		t.Errorf("log: %s", s.errs)
	}
}

// The page signs itself in, so every example runs without anyone copying a key.
func TestEveryExampleAnswersInTheDemoWorld(t *testing.T) {
	t.Parallel()
	dbtest.EachEmpty(t, func(t *testing.T, databaseURL string) {
		s := start(t, "demo", "--people", "200", "--database-url", databaseURL)
		_, page := s.fetch(t, "GET", "", "", "")
		key := secret.FindString(page)
		ask := func(query string, variables map[string]any) map[string]any {
			body, err := json.Marshal(map[string]any{"query": query, "variables": variables})
			if err != nil {
				t.Fatal(err)
			}
			status, text := s.fetch(t, "POST", "graphql", key, string(body))
			var answer struct {
				Data   map[string]any
				Errors []any
			}
			if err := json.Unmarshal([]byte(text), &answer); err != nil || status != 200 || len(answer.Errors) > 0 {
				t.Fatalf("%s\n%d %s", query, status, text)
			}
			return answer.Data
		}
		for _, example := range examples.Queries() {
			if strings.Contains(example.Text, "\nsubscription ") {
				continue // it is for a stream, and has no end
			}
			variables := map[string]any{}
			if example.Find != "" {
				for name, found := range ask(example.Find, nil) {
					variables[name] = found.(map[string]any)["id"]
				}
			}
			for field, value := range ask(example.Text, variables) {
				object, _ := value.(map[string]any)
				if object == nil || object["totalCount"] == 0.0 || object["count"] == 0.0 || object["accepted"] == 0.0 {
					t.Errorf("%s: %s answers with nothing: %v", example.Name, field, value)
				}
				if refusals, _ := object["userErrors"].([]any); len(refusals) > 0 {
					t.Errorf("%s: %v", example.Name, refusals)
				}
			}
		}
	})
}

func TestThePortIsLookedAtBeforeAKeyIsMade(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	s := start(t, "--database-url", "sqlite:"+filepath.Join(folder, "one.db"))
	other := filepath.Join(folder, "other.db")
	code, out, errs := run(t, "", "serve", "--database-url", "sqlite:"+other, "--addr", strings.TrimSuffix(strings.TrimPrefix(s.url, "http://"), "/"))
	if code != 1 || out != "" || !strings.Contains(errs, "in use") {
		t.Errorf("%d %q %q", code, out, errs)
	}
	if _, err := os.Stat(other); err == nil {
		t.Error("a database was made")
	}
}
