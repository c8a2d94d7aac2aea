package command_test

import (
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
