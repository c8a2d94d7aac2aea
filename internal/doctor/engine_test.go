package doctor_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/onecdp/onecdp/internal/dbtest"
	"github.com/onecdp/onecdp/internal/doctor"
	"github.com/onecdp/onecdp/internal/store"
)

func TestLogsThatWouldShowPeopleAreNamed(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name     string
		settings doctor.Parameters
		want     map[string]doctor.Verdict // those that are not OK
	}{
		{
			"as PostgreSQL comes", doctor.Parameters{"log_statement": "none", "log_min_duration_statement": "-1", "log_parameter_max_length": "-1", "log_error_verbosity": "default"},
			map[string]doctor.Verdict{"log-parameters": doctor.Warn, "log-details": doctor.Warn},
		},
		{
			"as we ask for", doctor.Parameters{"log_statement": "all", "log_min_duration_statement": "0", "log_parameter_max_length": "0", "log_parameter_max_length_on_error": "0", "log_error_verbosity": "terse"},
			nil,
		},
		{
			"slow statements", doctor.Parameters{"log_min_duration_statement": "250", "log_parameter_max_length": "-1", "log_error_verbosity": "default"},
			map[string]doctor.Verdict{"log-parameters": doctor.Fail, "log-details": doctor.Warn},
		},
		{
			"all statements, cut", doctor.Parameters{"log_statement": "all", "log_parameter_max_length": "16", "log_error_verbosity": "verbose"},
			map[string]doctor.Verdict{"log-parameters": doctor.Fail, "log-details": doctor.Warn},
		},
		{
			"a sample of statements", doctor.Parameters{"log_min_duration_sample": "0", "log_statement_sample_rate": "0.01"},
			map[string]doctor.Verdict{"log-parameters": doctor.Fail, "log-details": doctor.Warn},
		},
		{
			"a sample of transactions", doctor.Parameters{"log_transaction_sample_rate": "0.01"},
			map[string]doctor.Verdict{"log-parameters": doctor.Fail, "log-details": doctor.Warn},
		},
		{
			"values of failing statements", doctor.Parameters{"log_parameter_max_length": "0", "log_parameter_max_length_on_error": "-1"},
			map[string]doctor.Verdict{"log-on-error": doctor.Fail, "log-details": doctor.Warn},
		},
		{
			"plans", doctor.Parameters{"log_error_verbosity": "terse", "auto_explain.log_min_duration": "100"},
			map[string]doctor.Verdict{"log-plans": doctor.Fail},
		},
		{
			"an audit", doctor.Parameters{"log_error_verbosity": "terse", "pgaudit.log_parameter": "on"},
			map[string]doctor.Verdict{"log-plans": doctor.Fail},
		},
	} {
		for _, f := range doctor.Logged(c.settings) {
			want := c.want[f.Check]
			if want == "" {
				want = doctor.OK
			}
			if f.Verdict != want {
				t.Errorf("%s: %v, want %s", c.name, f, want)
			}
		}
	}
}

func TestSettingsOfTheEngineThatNeedALookAreNamed(t *testing.T) {
	t.Parallel()
	sound := func(changes ...string) doctor.Parameters {
		p := doctor.Parameters{
			"fsync": "on", "full_page_writes": "on", "synchronous_commit": "on", "default_transaction_isolation": "read committed", "autovacuum": "on",
			"max_connections": "100", "superuser_reserved_connections": "3", "server_version": "15.4", "server_version_num": "150004",
		}
		for i := 0; i < len(changes); i += 2 {
			p[changes[i]] = changes[i+1]
		}
		return p
	}
	for _, c := range []struct {
		what string
		got  doctor.Finding
		want doctor.Verdict
	}{
		{"sound", doctor.Durability(sound()), doctor.OK},
		{"fsync", doctor.Durability(sound("fsync", "off")), doctor.Fail},
		{"full_page_writes", doctor.Durability(sound("full_page_writes", "off")), doctor.Fail},
		{"synchronous_commit", doctor.Durability(sound("synchronous_commit", "off")), doctor.Fail},
		{"sound", doctor.Isolation(sound()), doctor.OK},
		{"serializable", doctor.Isolation(sound("default_transaction_isolation", "serializable")), doctor.Fail},
		{"sound", doctor.Connections(sound(), 16, 20), doctor.OK},
		{"taken", doctor.Connections(sound(), 16, 90), doctor.Warn},
		{"few", doctor.Connections(sound("max_connections", "18"), 16, 0), doctor.Fail},
		{"sound", doctor.Autovacuum(sound()), doctor.OK},
		{"no autovacuum", doctor.Autovacuum(sound("autovacuum", "off")), doctor.Warn},
		{"old", doctor.PostgresVersion(sound("server_version_num", "120017"), time.Millisecond), doctor.Fail},
		{"sound", doctor.PostgresVersion(sound(), time.Millisecond), doctor.OK},
		{"clock", doctor.Clocks(100*time.Millisecond, time.Millisecond), doctor.OK},
		{"a slow answer tells little", doctor.Clocks(-3*time.Second, 2*time.Second), doctor.OK},
		{"seconds behind", doctor.Clocks(-3*time.Second, time.Millisecond), doctor.Warn},
		{"minutes ahead", doctor.Clocks(3*time.Minute, time.Millisecond), doctor.Fail},
		{"on the machine", doctor.Line("postgres://u@127.0.0.1/x", false), doctor.OK},
		{"in the open", doctor.Line("postgres://u@db.internal/x?sslmode=disable", false), doctor.Fail},
		{"encrypted", doctor.Line("postgres://u@db.internal/x", true), doctor.Warn},
		{"verified", doctor.Line("postgres://u@db.internal/x?sslmode=verify-full", true), doctor.OK},
		{"old SQLite", doctor.SQLiteVersion("3.51.2", 0), doctor.Fail},
		{"SQLite", doctor.SQLiteVersion("3.51.3", 0), doctor.OK},
		{"new SQLite", doctor.SQLiteVersion("3.100.0", 0), doctor.OK},
		{"wal", doctor.JournalMode("wal"), doctor.OK},
		{"delete", doctor.JournalMode("delete"), doctor.Warn},
		{"private", doctor.Secrecy(0o600), doctor.OK},
		{"readable", doctor.Secrecy(0o644), doctor.Warn},
		{"room", doctor.Space(50<<30, 1<<30), doctor.OK},
		{"little room", doctor.Space(5<<30, 100<<30), doctor.Warn},
		{"no room", doctor.Space(10<<20, 1<<20), doctor.Fail},
	} {
		if c.got.Verdict != c.want || (c.want != doctor.OK && c.got.Advice == "") {
			t.Errorf("%s: %v, want %s", c.what, c.got, c.want)
		}
	}
}

// The settings are read from the server as our own sessions have them.
func TestTheServersSettingsAreRead(t *testing.T) {
	t.Parallel()
	dbtest.EachURL(t, func(t *testing.T, databaseURL string) {
		if !strings.HasPrefix(databaseURL, "postgres") {
			return // SQLite has no log
		}
		separator := "?"
		if strings.Contains(databaseURL, "?") {
			separator = "&"
		}
		found := examine(t, doctor.Options{
			DatabaseURL: databaseURL + separator + "log_min_duration_statement=0&log_parameter_max_length=-1&log_error_verbosity=default&default_transaction_isolation=serializable", Settings: good(), Quick: true,
		})
		for _, check := range []string{"log-parameters", "isolation"} {
			if found[check].Verdict != doctor.Fail {
				t.Error(found[check])
			}
		}
	})
}

func TestADamagedFileFails(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "one.db")
	db, err := store.Open(t.Context(), "sqlite:"+path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	fill(t, db)
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for i := len(whole) / 2; i < len(whole)/2+3*4096; i++ {
		whole[i] = 0xA5
	}
	if err := os.WriteFile(path, whole, 0o644); err != nil {
		t.Fatal(err)
	}
	var damaged doctor.Finding
	err = doctor.Examine(t.Context(), doctor.Options{DatabaseURL: "sqlite:" + path, Settings: good()}, func(f doctor.Finding) {
		if f.Check == "integrity" {
			damaged = f
		}
	})
	if damaged.Verdict != doctor.Fail {
		t.Errorf("%v, %v", damaged, err)
	}
}
