package tag_test

import (
	"testing"
	"time"

	"github.com/onecdp/onecdp/internal/fault"
	"github.com/onecdp/onecdp/internal/profile"
	"github.com/onecdp/onecdp/internal/store"
	"github.com/onecdp/onecdp/internal/tag"
)

// longAgo is when the customers of the tests were made.
var longAgo = time.Date(2020, time.January, 1, 0, 0, 0, 0, time.UTC)

// world is a database with customers written by hand.
type world struct {
	*testing.T

	db   *store.DB
	tags *tag.Service
}

func newWorld(t *testing.T, db *store.DB) *world {
	t.Helper()
	return &world{T: t, db: db, tags: tag.New(db, profile.New(db, nil))}
}

func (w *world) write(write func(tx *store.Tx) error) {
	w.Helper()
	if err := w.db.WithTx(w.Context(), write); err != nil {
		w.Fatal(err)
	}
}

// customer adds a living customer; row is its row and its handle.
func (w *world) customer(row int64) {
	w.Helper()
	one, at := []int64{row}, []time.Time{longAgo}
	w.write(func(tx *store.Tx) error {
		empty := [][]byte{[]byte("{}")}
		if _, err := tx.InsertRows(w.Context(), "customers", "", store.Int64s("id", one), store.Int64s("public_id", one), store.Times("created_at", at),
			store.Times("updated_at", at), store.Documents("attributes", empty), store.Documents("provenance", empty)); err != nil {
			return err
		}
		_, err := tx.InsertRows(w.Context(), "customer_handles", "", store.Int64s("id", one), store.Int64s("customer_id", one),
			store.Int64s("birth_identity_id", one), store.Int64s("seat_identity_id", one), store.Times("created_at", at))
		return err
	})
}

func (w *world) set(handle profile.Handle, key string, value any) {
	w.Helper()
	if _, err := w.tags.Set(w.Context(), handle, key, value, nil, "test"); err != nil {
		w.Fatalf("set %s: %v", key, err)
	}
}

// of lists a customer's tags that count, as key=value.
func (w *world) of(row profile.Row, keys ...string) []string {
	w.Helper()
	return w.at(row, longAgo, keys...)
}

func (w *world) at(row profile.Row, asOf time.Time, keys ...string) []string {
	w.Helper()
	all, err := w.tags.OfCustomers(w.Context(), []profile.Row{row}, keys, asOf)
	if err != nil {
		w.Fatal(err)
	}
	list := make([]string, len(all[0]))
	for i, v := range all[0] {
		list[i] = v.Tag.Key + "=" + string(v.Value)
	}
	return list
}

func wantFault(t *testing.T, err error, code fault.Code, path string) {
	t.Helper()
	faults := fault.All(err)
	if len(faults) != 1 || faults[0].Code != code || faults[0].Path.String() != path {
		t.Errorf("want %s at %q, got %v", code, path, err)
	}
}
