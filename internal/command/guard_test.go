package command_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/onecdp/onecdp/internal/dbtest"
)

func TestTheDemoFillsNoDatabaseOfOthers(t *testing.T) {
	t.Parallel()
	dbtest.EachEmpty(t, func(t *testing.T, databaseURL string) {
		record := `{"source":"crm","messageId":"1","identities":[{"type":"phone","value":"13912345678"}]}` + "\n"
		if code, _, errs := run(t, record, "import", "-", "-q", "--database-url", databaseURL); code != 0 {
			t.Fatal(errs)
		}
		code, out, errs := run(t, "", "demo", "--addr", "127.0.0.1:0", "--database-url", databaseURL)
		if code != 1 || out != "" || !strings.Contains(errs, "records that are not the demo world's") {
			t.Errorf("%d %q %q", code, out, errs)
		}
	})
}

func TestTheDemoSaysWhichWorldIsThere(t *testing.T) {
	t.Parallel()
	dbtest.EachEmpty(t, func(t *testing.T, databaseURL string) {
		s := start(t, "demo", "--people", "20", "--database-url", databaseURL)
		s.stop()
		again := start(t, "demo", "--people", "20", "--database-url", databaseURL)
		again.stop()
		code, _, errs := run(t, "", "demo", "--people", "20", "--seed", "2", "--addr", "127.0.0.1:0", "--database-url", databaseURL)
		if code != 1 || !strings.Contains(errs, "the world of seed 1 with 20 people is in this database") || !strings.Contains(errs, "sqlite:data/demo-2.db") {
			t.Errorf("%d %q", code, errs)
		}
	})
}

func TestNoDatabaseIsMadeByCommandsThatLook(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	file := "sqlite:" + filepath.Join(folder, "absent", "x.db")
	for want, arguments := range map[string][][]string{
		"there is no database at " + file: {{"key", "list"}, {"key", "rotate", "crm"}, {"key", "revoke", "crm"}, {"migrate", "--check"}},
		"no such file":                    {{"import", filepath.Join(folder, "missing.ndjson")}},
	} {
		for _, one := range arguments {
			if code, out, errs := run(t, "", append(one, "--database-url", file)...); code != 1 || out != "" || !strings.Contains(errs, want) {
				t.Errorf("%v: %d %q %q", one, code, out, errs)
			}
		}
	}
	if made, err := os.ReadDir(folder); err != nil || len(made) > 0 {
		t.Errorf("made %v, %v", made, err)
	}
}

func TestRefusalsSayWhatToDo(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	file := "sqlite:" + filepath.Join(folder, "x.db")
	for _, c := range []struct {
		want      string
		arguments []string
	}{
		{`the region "china" is unknown: use two letters of ISO 3166, such as CN`, []string{"serve", "--default-region", "china", "--database-url", file}},
		{`the region "ZZ" is unknown`, []string{"serve", "--default-region", "ZZ", "--database-url", file}},
		{"write https://crm.example", []string{"serve", "--cors-origins", "https://crm.example/", "--database-url", file}},
		{`"crm.example" is no origin`, []string{"serve", "--cors-origins", "crm.example", "--database-url", file}},
		{"a port is missing", []string{"serve", "--addr", "localhost", "--database-url", file}},
		{"the port is a number", []string{"serve", "--addr", "127.0.0.1:99999", "--database-url", file}},
		{"the first must be 0 or more", []string{"serve", "--rate-limit=NaN", "--database-url", file}},
		{"the first must be 0 or more", []string{"serve", "--rate-burst=-1", "--database-url", file}},
		{"did you mean sqlite:/tmp/x.db?", []string{"serve", "--addr", "127.0.0.1:0", "--database-url", "/tmp/x.db"}},
		{"sslmode", []string{"key", "list", "--database-url", "postgres://u:geheim@127.0.0.1:1/x?sslmode=maybe"}},
		{"cannot be read", []string{"key", "list", "--database-url", "postgres://u:geh%zzeim@127.0.0.1:1/x"}},
		{"onecdp key create -h", []string{"key", "create", "--wings"}},
		{"connection refused", []string{"ready", "--addr", "127.0.0.1:1"}},
		{"a port is missing", []string{"ready", "--addr", "nowhere"}},
	} {
		code, out, errs := run(t, "", c.arguments...)
		if code != 1 || out != "" || !strings.Contains(errs, c.want) || strings.Contains(errs, "geh") {
			t.Errorf("%v: %d %q %q, want %s", c.arguments, code, out, errs, c.want)
		}
	}
	if made, err := os.ReadDir(folder); err != nil || len(made) > 0 {
		t.Errorf("made %v, %v", made, err)
	}
}

func TestKeysSayWhereTheyAre(t *testing.T) {
	t.Parallel()
	file := "sqlite:" + filepath.Join(t.TempDir(), "x.db")
	if _, _, errs := run(t, "", "key", "create", "pos", "-s", "personal", "--database-url", file); !strings.Contains(errs, "A key for "+file+", shown only now:") ||
		!strings.Contains(errs, "personal alone") {
		t.Error(errs)
	}
	for _, verb := range []string{"rotate", "revoke"} {
		if code, _, errs := run(t, "", "key", verb, "nope", "--database-url", file); code != 1 || !strings.Contains(errs, "there is no key nope: onecdp key list shows them") {
			t.Errorf("%s: %d %s", verb, code, errs)
		}
	}
	s := start(t, "--database-url", file)
	if !strings.Contains(s.out.String(), "No admin key was made: there are keys already. onecdp key create admin --scopes admin makes one") {
		t.Error(s.out)
	}
}

func TestTheLogTellsWhatBecameOfARequest(t *testing.T) {
	t.Parallel()
	s := start(t, "--database-url", "sqlite:"+filepath.Join(t.TempDir(), "x.db"), "--admin-key", "the operator's own", "--log-format", "json")
	s.fetch(t, "POST", "graphql", "the operator's own", typename)
	s.fetch(t, "POST", "graphql", "the operator's own", `{"query":"{ nothing }"}`)
	s.fetch(t, "POST", "graphql", "wrong", typename)
	s.stop()
	for _, want := range []string{`"outcome":"ok"`, `"outcome":"BAD_USER_INPUT"`, `"outcome":"UNAUTHENTICATED"`, `"took_ms":`} {
		if !strings.Contains(s.errs.String(), want) {
			t.Errorf("no %s in %s", want, s.errs)
		}
	}
}
