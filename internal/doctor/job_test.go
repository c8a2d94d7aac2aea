package doctor_test

import (
	"context"
	"testing"
	"time"

	"github.com/onecdp/onecdp/internal/dbtest"
	"github.com/onecdp/onecdp/internal/doctor"
	"github.com/onecdp/onecdp/internal/store"
)

func TestWorkThatFailedOrIsStuckIsTold(t *testing.T) {
	t.Parallel()
	dbtest.EachURL(t, func(t *testing.T, databaseURL string) {
		db := dbtest.Open(t, databaseURL)
		add := func(id int64, subject, state string, minutesAgo int, leased bool) {
			t.Helper()
			err := db.WithTx(context.Background(), func(tx *store.Tx) error {
				var until any
				if leased {
					until = tx.Now.Add(time.Minute)
				}
				_, err := tx.Exec(context.Background(), "INSERT INTO jobs (id, kind, subject, actor, state, created_at, leased_until) VALUES ($1, 'identity_type', $2, '', $3, $4, $5)",
					id, subject, state, tx.Now.Add(-time.Duration(minutesAgo)*time.Minute), until)
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		look := func() map[string]doctor.Finding {
			t.Helper()
			return examine(t, doctor.Options{DatabaseURL: databaseURL, Settings: good(), Quick: true})
		}
		add(1, "phone", "DONE", 60, false)
		add(2, "phone", "FAILED", 50, false)
		add(3, "phone", "DONE", 40, false)
		add(4, "email", "RUNNING", 60, true)
		add(5, "email", "WAITING", 30, false)
		for _, check := range []string{"jobs-failed", "jobs-waiting"} {
			if f := look()[check]; f.Verdict != doctor.OK {
				t.Errorf("%v", f)
			}
		}
		add(6, "phone", "FAILED", 20, false)
		if f := look()["jobs-failed"]; f.Verdict != doctor.Fail || f.Count != 1 || f.Rows[0] != 6 || f.Advice == "" {
			t.Errorf("%v", f)
		}
		err := db.WithTx(context.Background(), func(tx *store.Tx) error {
			_, err := tx.Exec(context.Background(), "UPDATE jobs SET leased_until = $1 WHERE id = 4", tx.Now.Add(-5*time.Minute))
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if f := look()["jobs-waiting"]; f.Verdict != doctor.Warn || f.Count != 2 || f.Advice == "" {
			t.Errorf("%v", f)
		}
	})
}
