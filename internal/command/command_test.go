package command_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/onecdp/onecdp/internal/dbtest"
	"github.com/onecdp/onecdp/internal/store"
)

func TestEveryCommandHasHelp(t *testing.T) {
	t.Parallel()
	for _, arguments := range [][]string{
		{"-h"}, {"serve", "-h"}, {"demo", "-h"}, {"import", "-h"}, {"migrate", "-h"}, {"key", "-h"},
		{"key", "create", "-h"}, {"key", "list", "-h"}, {"key", "revoke", "-h"}, {"key", "rotate", "-h"}, {"version", "-h"},
	} {
		code, out, errs := run(t, "", arguments...)
		if code != 0 || !strings.HasPrefix(out, "Usage: onecdp ") || errs != "" {
			t.Errorf("%v: %d %q %q", arguments, code, out, errs)
		}
	}
}

func TestHelpNamesEverySettingWithItsVariable(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"serve", "demo"} {
		_, out, _ := run(t, "", name, "-h")
		for _, setting := range []string{
			"ADDR", "DATABASE_URL", "ADMIN_KEY", "TIMEZONE", "DEFAULT_REGION", "MAX_IDENTITIES", "LOG_LEVEL", "LOG_FORMAT", "CORS_ORIGINS", "PAGE_SESSION",
		} {
			if !strings.Contains(out, "$ONECDP_"+setting+")") {
				t.Errorf("%s does not name %s", name, setting)
			}
		}
	}
}

func TestVersion(t *testing.T) {
	t.Parallel()
	if code, out, _ := run(t, "", "version"); code != 0 || !strings.HasPrefix(out, "onecdp ") {
		t.Errorf("%d %q", code, out)
	}
}

func TestWrongCommandLinesAreOneLineAndOne(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	file := "sqlite:" + filepath.Join(folder, "x.db")
	for _, arguments := range [][]string{
		{"fly"}, {"serve", "--wings"}, {"key"}, {"import"},
		{"serve", "--database-url", "mysql://there"}, {"serve", "--database-url", file, "--timezone", "Mars/Base"},
		{"serve", "--database-url", file, "--max-identities", "0"}, {"serve", "--database-url", file, "--addr", "nowhere"},
		{"serve", "--database-url", file, "--log-format", "xml"}, {"import", filepath.Join(folder, "absent"), "--database-url", file},
		{"key", "create", "k", "--database-url", file}, {"key", "create", "k", "-s", "root", "--database-url", file},
		{"key", "create", "k", "-s", "read", "--expires", "tomorrow", "--database-url", file}, {"key", "revoke", "nobody", "--database-url", file},
	} {
		code, out, errs := run(t, "", append(arguments, "--log-level", "warn")...)
		if arguments[0] == "fly" || arguments[0] == "key" && len(arguments) == 1 {
			code, out, errs = run(t, "", arguments...)
		}
		if code != 1 || out != "" || !strings.HasPrefix(errs, "onecdp: ") || strings.Count(errs, "\n") != 1 {
			t.Errorf("%v: %d %q %q", arguments, code, out, errs)
		}
	}
}

func TestMigrateChecksAndApplies(t *testing.T) {
	t.Parallel()
	dbtest.EachEmpty(t, func(t *testing.T, databaseURL string) {
		if code, _, errs := run(t, "", "migrate", "--check", "--database-url", databaseURL); code != 1 || !strings.Contains(errs, "migrations wait") {
			t.Errorf("before: %d %s", code, errs)
		}
		if code, out, errs := run(t, "", "migrate", "--database-url", databaseURL); code != 0 || !strings.Contains(out, "applied ") {
			t.Errorf("migrate: %d %s %s", code, out, errs)
		}
		if code, out, _ := run(t, "", "migrate", "--database-url", databaseURL); code != 0 || out != "nothing to do\n" {
			t.Errorf("again: %d %s", code, out)
		}
		if code, _, errs := run(t, "", "migrate", "--check", "--database-url", databaseURL); code != 0 {
			t.Errorf("after: %d %s", code, errs)
		}
		db := dbtest.Open(t, databaseURL)
		err := db.WithTx(t.Context(), func(tx *store.Tx) error {
			_, err := tx.Exec(t.Context(), "DROP INDEX api_keys_digest_key")
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if code, out, errs := run(t, "", "migrate", "--check", "--database-url", databaseURL); code != 1 || !strings.Contains(out, "api_keys_digest_key") ||
			!strings.Contains(errs, "changed by hand") {
			t.Errorf("changed by hand: %d %q %q", code, out, errs)
		}
	})
}

func TestKeysAreMadeListedAndRevoked(t *testing.T) {
	t.Parallel()
	dbtest.EachEmpty(t, func(t *testing.T, databaseURL string) {
		code, out, errs := run(t, "", "key", "create", "till", "--scopes", "ingest,read", "--expires", "2999-01-01T00:00:00+08:00", "--database-url", databaseURL)
		made := strings.TrimSuffix(out, "\n")
		if code != 0 || secret.FindString(made) != made || strings.Contains(errs, made) {
			t.Fatalf("create: %d %q %q", code, out, errs)
		}
		if code, _, errs := run(t, "", "key", "create", "till", "-s", "read", "--database-url", databaseURL); code != 1 || !strings.Contains(errs, "exists") {
			t.Errorf("again: %d %s", code, errs)
		}
		code, out, _ = run(t, "", "key", "list", "--database-url", databaseURL)
		if code != 0 || !strings.Contains(out, "till") || !strings.Contains(out, "read,ingest") || !strings.Contains(out, "until 2998-12-31") || strings.Contains(out, made) {
			t.Errorf("list: %d %s", code, out)
		}
		if code, out, _ := run(t, "", "key", "revoke", "till", "--database-url", databaseURL); code != 0 || out != "till is revoked\n" {
			t.Errorf("revoke: %d %s", code, out)
		}
		if _, out, _ = run(t, "", "key", "list", "--database-url", databaseURL); !strings.Contains(out, "revoked 2") {
			t.Errorf("list: %s", out)
		}
	})
}

func TestImportSaysWhetherEveryRowIsIn(t *testing.T) {
	t.Parallel()
	dbtest.EachEmpty(t, func(t *testing.T, databaseURL string) {
		good := `{"source":"crm","messageId":"1","identities":[{"type":"phone","value":"13912345678"}],"attributes":{"name":"张伟"}}` + "\n"
		if code, out, _ := run(t, good, "import", "-", "--dry-run", "-q", "--database-url", databaseURL); code != 0 || !strings.Contains(out, "dry run") {
			t.Errorf("dry run: %d %s", code, out)
		}
		for _, want := range []string{"1 accepted, 0 duplicates", "0 accepted, 1 duplicates"} {
			code, out, errs := run(t, good, "import", "-", "--database-url", databaseURL)
			if code != 0 || !strings.Contains(out, want) {
				t.Errorf("%d %s %s", code, out, errs)
			}
		}
		rejects := filepath.Join(t.TempDir(), "rejected")
		code, out, errs := run(t, good+"{}\n", "import", "-", "-q", "--rejects", rejects, "--database-url", databaseURL)
		if code != 1 || !strings.Contains(out, "1 rejected") || !strings.Contains(errs, "1 of 2 rows were rejected") {
			t.Errorf("a bad row: %d %s %s", code, out, errs)
		}
		if text, err := os.ReadFile(rejects); err != nil || len(text) == 0 {
			t.Errorf("rejects: %q %v", text, err)
		}
	})
}
