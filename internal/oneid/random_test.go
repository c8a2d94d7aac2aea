package oneid_test

import (
	"context"
	"crypto/sha256"
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/onecdp/onecdp/internal/dbtest"
	"github.com/onecdp/onecdp/internal/fault"
	"github.com/onecdp/onecdp/internal/identity"
	"github.com/onecdp/onecdp/internal/ingest"
	"github.com/onecdp/onecdp/internal/oneid"
	"github.com/onecdp/onecdp/internal/onetest"
	"github.com/onecdp/onecdp/internal/store"
)

// world is a database and what a naive reader of the specification would expect of it.
type world struct {
	*rapid.T

	db     *store.DB
	one    *oneid.Service
	ingest *ingest.Service
	model  *onetest.Model
	names  onetest.Names
	count  int // records drawn
}

// TestWhatIsStoredIsWhatTheWholeLogSays plays random histories. -rapid.checks says how many.
func TestWhatIsStoredIsWhatTheWholeLogSays(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		one, err := oneid.Open(context.Background(), db, oneid.Settings{Region: "CN", MaxIdentities: 500})
		if err != nil {
			t.Fatal(err)
		}
		through := ingest.New(db, one)
		rapid.Check(t, func(rt *rapid.T) {
			w := begin(rt, db, one, through, 500)
			for range rapid.IntRange(1, 14).Draw(rt, "steps") {
				w.step()
				w.compare()
			}
		})
	})
}

// begin empties the database and draws the settings.
func begin(rt *rapid.T, db *store.DB, one *oneid.Service, through *ingest.Service, most int) *world {
	err := db.WithTx(context.Background(), func(tx *store.Tx) error {
		for _, table := range strings.Fields("customers identities identity_sets identity_set_members set_owners set_mentions records events observations" +
			" merges merge_sides customer_handles changes operations decisions audit_entries email_hashes customer_tags jobs job_customers") {
			if _, err := tx.Exec(context.Background(), "DELETE FROM "+table); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		rt.Fatal(err)
	}
	w := &world{T: rt, db: db, one: one, ingest: through}
	var types []identity.Type
	for _, t := range identity.Defaults() {
		if change := w.drawType(t); change != nil {
			defined, _, err := one.DefineType(context.Background(), *change, "test")
			if err != nil {
				rt.Fatal(err)
			}
			t = defined
		}
		types = append(types, t)
	}
	if w.model, err = onetest.NewModel(types, most); err != nil {
		rt.Fatal(err)
	}
	return w
}

// drawType draws other limits for the types that histories use, so that few values are enough to break them.
func (w *world) drawType(t identity.Type) *oneid.TypeChange {
	change := &oneid.TypeChange{Name: t.Name}
	limit := func(label string, choices ...int) oneid.Limit[int] {
		n := rapid.SampledFrom(choices).Draw(w.T, string(t.Name)+" "+label)
		return oneid.Limit[int]{Given: true, Value: &n}
	}
	switch t.Name {
	case "phone", "email", "email_sha256":
		change.MaxPerCustomer = limit("limit", 3, 2, 1)
		change.MaxOwners = limit("owners", 3, 2, 1)
	case "device_id", "anonymous_id":
		change.MaxPerCustomer = limit("limit", 10, 2, 1)
		change.MaxOwners = limit("owners", 5, 2, 1)
	default:
		return nil
	}
	return change
}

func hashOf(mail string) string { return fmt.Sprintf("%x", sha256.Sum256([]byte(mail))) }

// values are few, so that they collide.
var values = []identity.Claim{
	{Type: "member_no", Value: "m1"},
	{Type: "member_no", Value: "m2"},
	{Type: "member_no", Value: "m3"},
	{Type: "phone", Value: "13912345601"},
	{Type: "phone", Value: "13912345602"},
	{Type: "device_id", Value: "d1"},
	{Type: "device_id", Value: "d2"},
	{Type: "user_id", Value: "u1"},
	{Type: "user_id", Value: "u2"},
	{Type: "anonymous_id", Value: "c1"},
	{Type: "anonymous_id", Value: "c2"},
	{Type: "member_no", Scope: "b", Value: "m1"},
	{Type: "member_no", Scope: "b", Value: "m2"},
	{Type: "email", Value: "a@x.cn"},
	{Type: "email", Value: "b@x.cn"},
	{Type: "email_sha256", Value: hashOf("a@x.cn")},
	{Type: "email_sha256", Value: hashOf("b@x.cn")},
	{Type: "wechat_openid", Scope: "wx1", Value: "o1"},
	{Type: "wechat_openid", Scope: "wx2", Value: "o1"},
	{Type: "wechat_openid", Scope: "wx1", Value: "o2"},
	{Type: "phone", Value: "13912345603"},
	{Type: "phone", Value: "13912345604"},
	{Type: "user_id", Value: "u3"},
	{Type: "device_id", Value: "d3"},
	{Type: "user_id", Value: "null"},
	{Type: "shoe_size", Value: "42"},
}

var dawn = time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)

func (w *world) drawTime(label string) time.Time {
	return dawn.Add(time.Duration(rapid.IntRange(0, 8).Draw(w.T, label)) * time.Hour)
}

func (w *world) drawClaim() identity.Claim {
	claim := rapid.SampledFrom(values).Draw(w.T, "claim")
	claim.Verified = rapid.IntRange(0, 9).Draw(w.T, "verified") < 9
	return claim
}

// drawRecord draws a record; now and then its message was sent before.
func (w *world) drawRecord() *onetest.Record {
	w.count++
	r := &onetest.Record{Source: "s1", MessageID: fmt.Sprintf("r%d", w.count), At: w.drawTime("at")}
	if w.count > 1 && rapid.IntRange(0, 15).Draw(w.T, "repeated") == 15 {
		r.MessageID = fmt.Sprintf("r%d", rapid.IntRange(1, w.count-1).Draw(w.T, "repeats"))
	}
	for range rapid.SampledFrom([]int{2, 1, 3, 4}).Draw(w.T, "claims") {
		r.Claims = append(r.Claims, w.drawClaim())
	}
	if rapid.Bool().Draw(w.T, "happens") {
		r.Event = "e"
	}
	if rapid.Bool().Draw(w.T, "speaks") {
		said := rapid.SampledFrom([]any{"x", "y", "", nil, map[string]any{}}).Draw(w.T, "said")
		r.Attributes = map[string]any{rapid.SampledFrom([]string{"a", "b"}).Draw(w.T, "attribute"): said}
	}
	return r
}

func (w *world) step() { w.send() }

// send ingests a batch, or a batch that was sent before once more.
func (w *world) send() {
	w.Helper()
	var records []*onetest.Record
	for range rapid.SampledFrom([]int{1, 1, 1, 2, 3, 5}).Draw(w.T, "batch") {
		records = append(records, w.drawRecord())
	}
	raws := make([]map[string]any, len(records))
	for i, r := range records {
		raws[i] = r.Raw()
	}
	w.model.Ingest(records...)
	results, err := w.ingest.Ingest(context.Background(), raws, fault.Path{"records"})
	if err != nil {
		w.Fatalf("%v\n%s", err, w.model.Describe())
	}
	for i, result := range results {
		if result.Status == ingest.Rejected {
			w.Fatalf("record %s is rejected: %v", records[i].MessageID, result.Fault)
		}
	}
}

func (w *world) compare() {
	w.Helper()
	state, err := onetest.Read(context.Background(), w.db)
	if err != nil {
		w.Fatal(err)
	}
	if faults := w.model.Compare(state, &w.names); len(faults) > 0 {
		w.Fatalf("%s\nafter\n%s", strings.Join(faults, "\n"), w.model.Describe())
	}
}
