package tag_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/onecdp/onecdp/internal/assembly"
	"github.com/onecdp/onecdp/internal/dbtest"
	"github.com/onecdp/onecdp/internal/ingest"
	"github.com/onecdp/onecdp/internal/profile"
	"github.com/onecdp/onecdp/internal/store"
	"github.com/onecdp/onecdp/internal/tag"
)

// people is a database whose customers come and merge through ingest. They are numbered from 0 by the test.
type people struct {
	*world

	ingest  *ingest.Service
	handles []profile.Handle
	rows    []profile.Row
	seen    int // devices
	merges  int
}

func newPeople(t *testing.T, db *store.DB, count int) *people {
	t.Helper()
	services, err := assembly.New(t.Context(), db, assembly.Defaults())
	if err != nil {
		t.Fatal(err)
	}
	p := &people{world: &world{T: t, db: db, tags: services.Tags}, ingest: services.Ingest}
	for n := range count {
		handle := p.record(phone(n))
		found, err := services.Profile.ByHandles(t.Context(), []profile.Handle{handle})
		if err != nil || found[0] == nil {
			t.Fatalf("customer %d: %v, %v", n, found, err)
		}
		p.handles, p.rows = append(p.handles, handle), append(p.rows, found[0].Row)
	}
	return p
}

func phone(n int) map[string]any {
	return map[string]any{"type": "phone", "value": fmt.Sprintf("+86139123400%02d", n)}
}

// record ingests a record with the identities and returns whose it is.
func (p *people) record(identities ...any) profile.Handle {
	p.Helper()
	results, err := p.ingest.Ingest(context.WithoutCancel(p.Context()), []map[string]any{{"identities": identities}}, nil)
	if err != nil || results[0].Status != ingest.Accepted || results[0].Fault != nil {
		p.Fatalf("ingest: %+v, %v", results, err)
	}
	return results[0].Customer
}

// merge shows that two people are one. The row with more identities stays: stays is given more, and more each time.
func (p *people) merge(gone, stays int) {
	p.Helper()
	devices := []any{phone(stays)}
	for range 5 << p.merges {
		p.seen++
		devices = append(devices, map[string]any{"type": "anonymous_id", "value": fmt.Sprintf("device-%d", p.seen)})
	}
	p.merges++
	p.record(devices...)
	p.record(phone(gone), phone(stays))
	rows, err := p.db.Query(context.WithoutCancel(p.Context()), "SELECT id FROM customers WHERE id = $1 OR id = $2", p.rows[gone], p.rows[stays])
	left, err := store.Collect(rows, err, func(row store.Row, into *profile.Row) error { return row.Scan(into) })
	if err != nil || len(left) != 1 || left[0] != p.rows[stays] {
		p.Fatalf("after the merge of %d into %d: %v, %v", gone, stays, left, err)
	}
}

func TestTagsFollowTheirHandleThroughMerges(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		p := newPeople(t, db, 3)
		p.set(p.handles[1], "level", "old")
		p.set(p.handles[0], "level", "newer")
		p.set(p.handles[2], "level", "newest")
		p.set(p.handles[1], "vip", true)
		p.merge(1, 0)
		want(t, p.of(p.rows[0]), `level="newer"`, "vip=true")
		want(t, p.of(p.rows[1]))
		p.merge(0, 2)
		want(t, p.of(p.rows[2]), `level="newest"`, "vip=true")
		want(t, p.of(p.rows[0]))

		// An id that was merged away still works, and what is set last counts.
		p.set(p.handles[1], "level", "last")
		want(t, p.of(p.rows[2], "level"), `level="last"`)
		p.set(p.handles[2], "level", "very last")
		want(t, p.of(p.rows[2], "level"), `level="very last"`)

		// The handles part again: each has what was set on it.
		parted := p.part(p.handles[1], p.rows[2])
		want(t, p.of(parted), `level="last"`, "vip=true")
		want(t, p.of(p.rows[2]), `level="very last"`)
	})
}

func TestATagIsTakenAwayUnderWhicheverIdItWasSet(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		p := newPeople(t, db, 2)
		p.set(p.handles[0], "level", "gold")
		p.set(p.handles[1], "level", "silver")
		p.set(p.handles[1], "vip", true)
		p.merge(1, 0)
		if _, err := p.tags.Unset(t.Context(), p.handles[0], "level"); err != nil {
			t.Fatal(err)
		}
		want(t, p.of(p.rows[0]), "vip=true")
	})
}

// part splits a handle off again under a row of its own, as undoing a merge does.
func (p *people) part(handle profile.Handle, from profile.Row) profile.Row {
	p.Helper()
	p.write(func(tx *store.Tx) error {
		for _, statement := range []string{
			"INSERT INTO customers (id, public_id, created_at, updated_at, attributes, provenance) SELECT id, id, created_at, created_at, '{}', '{}' FROM customer_handles WHERE id = $1",
			"UPDATE customer_handles SET customer_id = id WHERE id = $1",
			"UPDATE customer_tags SET customer_id = handle_id WHERE handle_id = $1",
		} {
			if _, err := tx.Exec(p.Context(), statement, handle); err != nil {
				return err
			}
		}
		return tag.Settle(p.Context(), tx, []profile.Row{profile.Row(handle), from})
	})
	return profile.Row(handle)
}

// Another server's clock is ahead: what is set afterwards counts all the same.
func TestWhatIsSetLastCountsWhateverTheClocksSay(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		p := newPeople(t, db, 2)
		p.set(p.handles[1], "level", "from the future")
		p.write(func(tx *store.Tx) error {
			_, err := tx.Exec(t.Context(), "UPDATE customer_tags SET computed_at = $1", tx.Now.Add(time.Hour))
			return err
		})
		p.merge(1, 0)
		p.set(p.handles[0], "level", "now")
		want(t, p.of(p.rows[0]), `level="now"`)
		p.write(func(tx *store.Tx) error { return tag.Settle(t.Context(), tx, p.rows[:1]) })
		want(t, p.of(p.rows[0]), `level="now"`)
	})
}

func TestManyWritersSetTheSameNewTag(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		const customers, writers = 4, 12
		p := newPeople(t, db, customers)
		ctx := context.WithoutCancel(t.Context())
		errs := make([]error, writers)
		var group sync.WaitGroup
		for i := range writers {
			group.Go(func() {
				for round := range 4 {
					if _, err := p.tags.Set(ctx, p.handles[i%customers], fmt.Sprintf("k%d", round), i, nil, "api"); err != nil {
						errs[i] = err
					}
				}
			})
		}
		group.Go(func() { p.merge(3, 0) })
		group.Wait()
		for _, err := range errs {
			if err != nil {
				t.Error(err)
			}
		}
		if got := p.of(p.rows[0]); len(got) != 4 {
			t.Errorf("got %q", got)
		}
	})
}
