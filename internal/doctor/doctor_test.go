package doctor_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/onecdp/onecdp/internal/assembly"
	"github.com/onecdp/onecdp/internal/dbtest"
	"github.com/onecdp/onecdp/internal/demo"
	"github.com/onecdp/onecdp/internal/doctor"
	"github.com/onecdp/onecdp/internal/store"
)

// good are settings that nothing is to be said of.
func good() doctor.Settings {
	return doctor.Settings{Addr: "127.0.0.1:8080", Timezone: "Asia/Shanghai", Region: "CN", MaxIdentities: 500}
}

// examine returns the findings by check.
func examine(t *testing.T, options doctor.Options) map[string]doctor.Finding {
	t.Helper()
	found := map[string]doctor.Finding{}
	if err := doctor.Examine(t.Context(), options, func(f doctor.Finding) {
		if _, twice := found[f.Check]; twice {
			t.Errorf("%s is told twice", f.Check)
		}
		found[f.Check] = f
	}); err != nil {
		t.Fatal(err)
	}
	return found
}

// fill puts a small world into a database.
func fill(t *testing.T, db *store.DB) *assembly.Services {
	t.Helper()
	services, err := assembly.New(t.Context(), db, assembly.Defaults())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := demo.Fill(t.Context(), demo.Services{
		Ingest: services.Ingest, Tags: services.Tags, Segments: services.Segments, Campaigns: services.Campaigns,
	}, demo.Options{Seed: 7, People: 60, Now: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}); err != nil {
		t.Fatal(err)
	}
	return services
}

// ofTheMachine are checks of where the tests run, not of what they made.
var ofTheMachine = map[string]bool{"durability": true, "connections": true, "disk": true, "filesystem": true, "log-parameters": true, "log-details": true, "collation": true, "autovacuum": true}

func TestAHealthyDatabasePasses(t *testing.T) {
	t.Parallel()
	dbtest.EachURL(t, func(t *testing.T, databaseURL string) {
		fill(t, dbtest.Open(t, databaseURL))
		found := examine(t, doctor.Options{DatabaseURL: databaseURL, Settings: good()})
		for name, finding := range found {
			if finding.Verdict != doctor.OK && !ofTheMachine[name] {
				t.Error(finding)
			}
		}
		for _, wanted := range []string{"migrations", "schema", "identity-customer", "event-record", "max-identities-stored", "keys"} {
			if _, told := found[wanted]; !told {
				t.Errorf("nothing is said of %s", wanted)
			}
		}
		quick := examine(t, doctor.Options{DatabaseURL: databaseURL, Settings: good(), Quick: true})
		for _, heavy := range []string{"record-set", "event-set", "event-record", "integrity"} {
			if _, told := quick[heavy]; told {
				t.Errorf("--quick looks at %s", heavy)
			}
		}
	})
}

func TestADatabaseThatWasNeverMigratedIsNotMigratedByLooking(t *testing.T) {
	t.Parallel()
	dbtest.EachEmpty(t, func(t *testing.T, databaseURL string) {
		dbtest.Open(t, databaseURL) // SQLite makes its file
		for range 2 {
			found := examine(t, doctor.Options{DatabaseURL: databaseURL, Settings: good()})
			if f := found["migrations"]; f.Verdict != doctor.Fail || !strings.Contains(f.Message, "never migrated") {
				t.Error(f)
			}
		}
	})
}

func TestAFileThatIsNotThereIsNotMade(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	path := filepath.Join(folder, "deep", "typo.db")
	if f := examine(t, doctor.Options{DatabaseURL: "sqlite:" + path, Settings: good()})["database"]; f.Verdict != doctor.Fail {
		t.Error(f)
	}
	entries, err := os.ReadDir(folder)
	if err != nil || len(entries) > 0 {
		t.Errorf("made: %v, %v", entries, err)
	}
}

func TestLookingChangesNoByteOfAFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "one.db")
	db, err := store.Open(t.Context(), "sqlite:"+path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	examine(t, doctor.Options{DatabaseURL: "sqlite:" + path, Settings: good()})
	after, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(before, after) {
		t.Error("the file has changed")
	}
	for _, trace := range []string{"-wal", "-shm"} {
		if _, err := os.Stat(path + trace); err == nil {
			t.Errorf("%s was left behind", trace)
		}
	}
}

func TestADatabaseThatCannotBeReachedIsAFinding(t *testing.T) {
	t.Parallel()
	for _, databaseURL := range []string{"postgres://u:secret@127.0.0.1:1/x?connect_timeout=1", "mysql://x", "sqlite:", "sqlite:" + t.TempDir()} {
		f := examine(t, doctor.Options{DatabaseURL: databaseURL, Settings: good()})["database"]
		if f.Verdict != doctor.Fail || strings.Contains(f.String(), "secret") || strings.Contains(f.String(), "\n") {
			t.Error(f)
		}
	}
}
