package ingest_test

import (
	"testing"

	"github.com/onecdp/onecdp/internal/dbtest"
	"github.com/onecdp/onecdp/internal/ingest"
	"github.com/onecdp/onecdp/internal/oneid"
	"github.com/onecdp/onecdp/internal/store"
)

func TestWhatCameInIsCounted(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		one, service := open(t, db)
		take := func(records ...map[string]any) {
			if _, err := service.Ingest(t.Context(), records, nil); err != nil {
				t.Fatal(err)
			}
		}
		show := func(message string, identities ...any) map[string]any {
			return map[string]any{"messageId": message, "source": "crm", "identities": identities}
		}
		member := map[string]any{"type": "user_id", "value": "u1"}
		email := map[string]any{"type": "email", "value": "a@example.org"}
		take(show("1", member), show("2", email), show("3"))
		take(show("4", member, email), show("1", member))

		got := service.Stats()
		for status, want := range map[ingest.Status]int64{ingest.Accepted: 3, ingest.Duplicate: 1, ingest.Rejected: 1} {
			if got.Records[status] != want {
				t.Errorf("%s: %d, want %d", status, got.Records[status], want)
			}
		}
		if got.Sizes.Count != 2 || got.Sizes.Sum != 5 || got.Seconds.Count != 2 || got.Seconds.Sum <= 0 {
			t.Errorf("batches: %+v, %+v", got.Sizes, got.Seconds)
		}
		// The merge adds no customer, and nobody waits.
		if got, want := one.Stats(), (oneid.Stats{Customers: 2, Identities: 2, Merges: 1}); got != want {
			t.Errorf("customers: %+v, want %+v", got, want)
		}
		if stats := db.Stats(); stats.Committed == 0 || stats.Failed != 0 {
			t.Errorf("database: %+v", stats)
		}
	})
}
