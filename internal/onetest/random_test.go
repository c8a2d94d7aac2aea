package onetest_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/onecdp/onecdp/internal/dbtest"
	"github.com/onecdp/onecdp/internal/fault"
	"github.com/onecdp/onecdp/internal/identity"
	"github.com/onecdp/onecdp/internal/ingest"
	"github.com/onecdp/onecdp/internal/oneid"
	"github.com/onecdp/onecdp/internal/onetest"
	"github.com/onecdp/onecdp/internal/store"
)

// TestWhatIsStoredIsWhatTheWholeLogSays plays random histories, and after each step asks a second, naive implementation of the specification what
// must be there. -rapid.checks says how many.
func TestWhatIsStoredIsWhatTheWholeLogSays(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		s := openStage(t, db, 500)
		rapid.Check(t, func(rt *rapid.T) {
			s.play(rt, rapid.SliceOfN(steps(), 1, 14).Draw(rt, "history"))
		})
	})
}

// TestWhatIsStoredUnderASmallCap is the same where a customer may hold four identities only.
func TestWhatIsStoredUnderASmallCap(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		s := openStage(t, db, 4)
		rapid.Check(t, func(rt *rapid.T) {
			s.play(rt, rapid.SliceOfN(steps(), 1, 14).Draw(rt, "history"))
		})
	})
}

// stage is where histories are played, one after another.
type stage struct {
	db     *store.DB
	one    *oneid.Service
	ingest *ingest.Service
	most   int
}

func openStage(t *testing.T, db *store.DB, most int) *stage {
	t.Helper()
	one, err := oneid.Open(context.Background(), db, oneid.Settings{Region: "CN", MaxIdentities: most})
	if err != nil {
		t.Fatal(err)
	}
	return &stage{db, one, ingest.New(db, one), most}
}

// clear empties the tables.
func (s *stage) clear(rt *rapid.T) {
	ctx := context.Background()
	err := s.db.WithTx(ctx, func(tx *store.Tx) error {
		for table := range strings.FieldsSeq("customers identities identity_sets identity_set_members set_owners set_mentions records events observations" +
			" merges merge_sides customer_handles changes operations decisions audit_entries email_hashes customer_tags jobs job_customers") {
			if _, err := tx.Exec(ctx, "DELETE FROM "+table); err != nil {
				return err
			}
		}
		_, err := oneid.RaiseVersion(ctx, tx) // what was blocked is so no more
		return err
	})
	if err == nil {
		err = s.one.Refresh(ctx)
	}
	if err != nil {
		rt.Fatal(err)
	}
}

// drawTypes draws other limits for the types that histories use, so that few values are enough to break them.
func (s *stage) drawTypes(rt *rapid.T) (types []identity.Type) {
	limit := func(name identity.TypeName, label string, choices ...int) oneid.Limit[int] {
		n := rapid.SampledFrom(choices).Draw(rt, string(name)+" "+label)
		return oneid.Limit[int]{Given: true, Value: &n}
	}
	for _, t := range identity.Defaults() {
		change := oneid.TypeChange{Name: t.Name}
		switch t.Name {
		case "phone", "email", "email_sha256":
			change.MaxPerCustomer, change.MaxOwners = limit(t.Name, "limit", 3, 2, 1), limit(t.Name, "owners", 3, 2, 1)
			verified := t.Name == "email" && rapid.Bool().Draw(rt, "email needs verifying")
			change.RequiresVerified = &verified
		case "device_id", "anonymous_id":
			change.MaxPerCustomer, change.MaxOwners = limit(t.Name, "limit", 10, 2, 1), limit(t.Name, "owners", 5, 2, 1)
		}
		defined, _, err := s.one.DefineType(context.Background(), change, "test")
		if err != nil {
			rt.Fatal(err)
		}
		types = append(types, defined)
	}
	return types
}

// play plays a history from the beginning.
func (s *stage) play(rt *rapid.T, history []step) {
	s.clear(rt)
	model, err := onetest.NewModel(s.drawTypes(rt), s.most)
	if err != nil {
		rt.Fatal(err)
	}
	// Which ids the records of one request make is not told apart: histories with such requests leave ids aside, and what goes by them.
	batched := rapid.Bool().Draw(rt, "batched")
	history = played(history, batched)
	w := &world{T: rt, stage: s, model: model, batched: batched, made: map[*onetest.Operation]int64{}, mergers: map[int64]*onetest.Operation{}}
	for _, one := range history {
		w.do(one)
		w.compare()
	}
}

// played is a history without what goes by the ids of customers, or one whose requests have one record each.
func played(history []step, batched bool) []step {
	var all []step
	for _, one := range history {
		switch {
		case batched && slices.Contains([]string{"moveIdentity", "mergeCustomers", "unmerge"}, one.kind):
		case !batched && one.kind == "ingest":
			for _, record := range one.records {
				single := one
				single.records = []sentRecord{record}
				all = append(all, single)
			}
		default:
			all = append(all, one)
		}
	}
	return all
}

// world is a history on its way.
type world struct {
	*rapid.T
	*stage

	batched bool
	model   *onetest.Model
	names   onetest.Names
	sent    []*onetest.Record
	done    []*onetest.Operation
	made    map[*onetest.Operation]int64 // numbers of operations
	mergers map[int64]*onetest.Operation // by merge: the mergeCustomers that made it
	sides   map[int64][2][]identity.Identity
}

// fail tells what is wrong apart from the error itself, which must be the same whatever numbers there are: else rapid does not look for
// a smaller history.
func (w *world) fail(format string, args ...any) {
	w.Helper()
	w.Logf(format+"\nafter\n%s", append(args, w.model.Describe())...)
	w.Fatal("the database is wrong")
}

// send ingests a batch.
func (w *world) send(drawn []sentRecord) {
	w.Helper()
	records := make([]*onetest.Record, len(drawn))
	raws := make([]map[string]any, len(drawn))
	for i, one := range drawn {
		records[i] = one.record(w.sent)
		w.sent = append(w.sent, records[i])
		raws[i] = records[i].Raw()
	}
	w.model.Ingest(records...)
	results, err := w.ingest.Ingest(context.Background(), raws, fault.Path{"records"})
	if err != nil {
		w.fail("%v", err)
	}
	for i, result := range results {
		if result.Status == ingest.Rejected {
			w.fail("record %s is rejected: %v", records[i].MessageID, result.Fault)
		}
	}
}

// compare asks the naive implementation.
func (w *world) compare() {
	w.Helper()
	state, err := onetest.Read(context.Background(), w.db)
	if err != nil {
		w.Fatal(err)
	}
	names := &w.names
	if w.batched {
		names = nil
	}
	if faults := w.model.Compare(state, names); len(faults) > 0 {
		w.fail("%s", strings.Join(faults, "\n"))
	}
	if !w.batched {
		w.noteMerges()
	}
}
