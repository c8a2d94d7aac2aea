package command_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/onecdp/onecdp/internal/access"
	"github.com/onecdp/onecdp/internal/dbtest"
)

func TestKeysAreRotatedOnTheCommandLine(t *testing.T) {
	t.Parallel()
	dbtest.EachURL(t, func(t *testing.T, databaseURL string) {
		_, out, _ := run(t, "", "key", "create", "till", "-s", "ingest", "--database-url", databaseURL)
		first := strings.TrimSpace(out)
		server := access.New(dbtest.Open(t, databaseURL), "")
		if _, err := server.Authenticate(t.Context(), first, time.Now()); err != nil {
			t.Fatal(err)
		}
		if err := server.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		works := func(secret string) bool {
			_, err := server.Authenticate(t.Context(), secret, time.Now())
			return err == nil
		}
		code, out, errs := run(t, "", "key", "rotate", "till", "--database-url", databaseURL)
		second := strings.TrimSuffix(out, "\n")
		if code != 0 || secret.FindString(second) != second || second == first || strings.Contains(errs, second) || !strings.Contains(errs, "works until") || !works(first) || !works(second) {
			t.Errorf("rotate: %d %q %q", code, out, errs)
		}
		if _, out, _ = run(t, "", "key", "list", "--database-url", databaseURL); !strings.Contains(out, "the secret before until") || !strings.Contains(out, time.Now().UTC().Format("2006-01-02T15:")) || strings.Contains(out, "never") {
			t.Errorf("list: %s", out)
		}
		code, out, errs = run(t, "", "key", "rotate", "till", "--overlap", "PT0S", "--database-url", databaseURL)
		if code != 0 || strings.Contains(errs, "works until") || works(first) || works(second) || !works(strings.TrimSpace(out)) {
			t.Errorf("rotate at once: %d %q %q", code, out, errs)
		}
		for overlap, want := range map[string]string{"P91D": "at most 90 days", "tomorrow": "at most 90 days"} {
			if code, out, errs := run(t, "", "key", "rotate", "till", "--overlap", overlap, "--database-url", databaseURL); code != 1 || out != "" || !strings.Contains(errs, want) {
				t.Errorf("rotate for %s: %d %q %q", overlap, code, out, errs)
			}
		}
		run(t, "", "key", "revoke", "till", "--database-url", databaseURL)
		if code, out, errs := run(t, "", "key", "rotate", "till", "--database-url", databaseURL); code != 1 || out != "" || !strings.Contains(errs, "revoked") {
			t.Errorf("rotate a revoked key: %d %q %q", code, out, errs)
		}
	})
}

func TestAKeyLivesAndEndsOnAllServers(t *testing.T) {
	t.Parallel()
	dbtest.EachEmpty(t, func(t *testing.T, databaseURL string) {
		const admin = "the operator's own"
		one, other := start(t, "--database-url", databaseURL, "--admin-key", admin), start(t, "--database-url", databaseURL, "--admin-key", admin)
		change := func(s server, call string) string {
			t.Helper()
			body, err := json.Marshal(map[string]string{"query": "mutation { " + call + " { secret userErrors { message } } }"})
			if err != nil {
				t.Fatal(err)
			}
			status, text := s.fetch(t, "POST", "graphql", admin, string(body))
			if status != 200 || !strings.Contains(text, `"userErrors":[]`) {
				t.Fatalf("%s: %d %s", call, status, text)
			}
			return secret.FindString(text)
		}
		statuses := func(key string) string {
			first, _ := one.fetch(t, "POST", "graphql", key, typename)
			second, _ := other.fetch(t, "POST", "graphql", key, typename)
			return fmt.Sprint(first, " ", second)
		}
		made := change(one, `createApiKey(name: "crm", scopes: [READ])`)
		if got := statuses(made); got != "200 200" {
			t.Errorf("made: %s", got)
		}
		rotated := change(other, `rotateApiKey(name: "crm", overlap: "PT1H")`)
		if got := statuses(made) + " " + statuses(rotated); got != "200 200 200 200" {
			t.Errorf("rotated: %s", got)
		}
		if code, _, errs := run(t, "", "key", "revoke", "crm", "--database-url", databaseURL); code != 0 {
			t.Fatal(errs)
		}
		if got := statuses(made) + " " + statuses(rotated); got != "401 401 401 401" {
			t.Errorf("revoked: %s", got)
		}
		for _, s := range []server{one, other} {
			if code := s.stop(); code != 0 {
				t.Errorf("stopped with %d: %s", code, s.errs)
			}
			if strings.Contains(s.errs.String(), made) || strings.Contains(s.errs.String(), rotated) {
				t.Error("a secret is in the log")
			}
		}
		if _, out, _ := run(t, "", "key", "list", "--database-url", databaseURL); strings.Contains(out, "never") || !strings.Contains(out, "revoked") {
			t.Errorf("list after the servers stopped: %s", out)
		}
	})
}
