package doctor_test

import (
	"strings"
	"testing"

	"github.com/onecdp/onecdp/internal/dbtest"
	"github.com/onecdp/onecdp/internal/doctor"
	"github.com/onecdp/onecdp/internal/store"
)

func TestSettingsThatNeedALookAreNamed(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		check  string
		change func(s *doctor.Settings)
		want   doctor.Verdict
	}{
		{"timezone", func(s *doctor.Settings) { s.Timezone = "Mars/Olympus" }, doctor.Fail},
		{"timezone", func(s *doctor.Settings) { s.Timezone = "Local" }, doctor.Fail},
		{"addr", func(s *doctor.Settings) { s.Addr = ":8080" }, doctor.Warn},
		{"addr", func(s *doctor.Settings) { s.Addr = "0.0.0.0:8080" }, doctor.Warn},
		{"addr", func(s *doctor.Settings) { s.Addr = "[::1]:8080" }, doctor.OK},
		{"metrics-addr", func(s *doctor.Settings) { s.MetricsAddr = ":9464" }, doctor.Warn},
		{"metrics-addr", func(s *doctor.Settings) { s.MetricsAddr = "127.0.0.1:9464" }, doctor.OK},
		{"admin-key", func(s *doctor.Settings) { s.AdminKey = "secret" }, doctor.Fail},
		{"admin-key", func(s *doctor.Settings) { s.AdminKey = strings.Repeat("ab", 20) }, doctor.Fail},
		{"admin-key", func(s *doctor.Settings) { s.AdminKey = "abcdefghijklmnopqr" }, doctor.Warn},
		{"admin-key", func(s *doctor.Settings) { s.AdminKey = "kq8sYp2mZ0aVb7cXd4eWf1gUh9iTj6kS" }, doctor.OK},
		{"cors-origins", func(s *doctor.Settings) { s.Origins = []string{"*"} }, doctor.Warn},
		{"cors-origins", func(s *doctor.Settings) { s.Origins = []string{"http://crm.example"} }, doctor.Warn},
		{"cors-origins", func(s *doctor.Settings) { s.Origins = []string{"https://crm.example", "http://localhost:5173"} }, doctor.OK},
	} {
		settings := good()
		c.change(&settings)
		f := examine(t, doctor.Options{DatabaseURL: "sqlite:/nowhere/at/all.db", Settings: settings})[c.check]
		if f.Verdict != c.want || (c.want != doctor.OK && f.Advice == "") || (settings.AdminKey != "" && strings.Contains(f.String(), settings.AdminKey)) {
			t.Errorf("%s: %v, want %s", c.check, f, c.want)
		}
	}
}

func TestSettingsThatDifferFromTheStoredOnesFail(t *testing.T) {
	t.Parallel()
	dbtest.EachURL(t, func(t *testing.T, databaseURL string) {
		fill(t, dbtest.Open(t, databaseURL))
		settings := good()
		settings.Region, settings.MaxIdentities = "US", 20
		found := examine(t, doctor.Options{DatabaseURL: databaseURL, Settings: settings, Quick: true})
		if f := found["default-region-stored"]; f.Verdict != doctor.Fail || !strings.Contains(f.Advice, "ONECDP_DEFAULT_REGION=CN") {
			t.Error(f)
		}
		if f := found["max-identities-stored"]; f.Verdict != doctor.Fail || !strings.Contains(f.Advice, "ONECDP_MAX_IDENTITIES=500") {
			t.Error(f)
		}
	})
}

func TestKeysThatNobodyUsesAreNamed(t *testing.T) {
	t.Parallel()
	dbtest.EachURL(t, func(t *testing.T, databaseURL string) {
		db := dbtest.Open(t, databaseURL)
		services := fill(t, db)
		now := store.Now()
		old := now.AddDate(0, 0, -100)
		for name, times := range map[string][4]any{ // created, expires, revoked, last used
			"forgotten": {old, nil, nil, nil},
			"idle":      {old.AddDate(-1, 0, 0), nil, nil, old},
			"busy":      {old, nil, nil, now},
			"new":       {now, nil, nil, nil},
			"ends":      {old, now.AddDate(0, 1, 0), nil, nil},
			"revoked":   {old, nil, now, nil},
		} {
			if err := services.DB.WithTx(t.Context(), func(tx *store.Tx) error {
				_, err := tx.Exec(t.Context(), "INSERT INTO api_keys (name, digest, hint, scopes, created_at, expires_at, revoked_at, last_used_at) VALUES ($1, $2, '', '[]', $3, $4, $5, $6)",
					name, []byte(name), times[0], times[1], times[2], times[3])
				return err
			}); err != nil {
				t.Fatal(err)
			}
		}
		f := examine(t, doctor.Options{DatabaseURL: databaseURL, Settings: good(), Quick: true})["keys"]
		if f.Verdict != doctor.Warn || !strings.Contains(f.Message, `2 that never expire were not used for 90 days, such as "forgotten", "idle"`) {
			t.Error(f)
		}
	})
}

func TestASchemaChangedByHandFails(t *testing.T) {
	t.Parallel()
	dbtest.EachURL(t, func(t *testing.T, databaseURL string) {
		db := dbtest.Open(t, databaseURL)
		if err := db.WithTx(t.Context(), func(tx *store.Tx) error {
			_, err := tx.Exec(t.Context(), "DROP INDEX identity_customer_id_type_id")
			return err
		}); err != nil {
			t.Fatal(err)
		}
		if f := examine(t, doctor.Options{DatabaseURL: databaseURL, Settings: good()})["schema"]; f.Verdict != doctor.Fail {
			t.Error(f)
		}
	})
}
