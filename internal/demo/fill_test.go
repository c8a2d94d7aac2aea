package demo

import (
	"testing"
	"time"

	"github.com/onecdp/onecdp/internal/campaign"
	"github.com/onecdp/onecdp/internal/dbtest"
	"github.com/onecdp/onecdp/internal/identity"
	"github.com/onecdp/onecdp/internal/ingest"
	"github.com/onecdp/onecdp/internal/oneid"
	"github.com/onecdp/onecdp/internal/profile"
	"github.com/onecdp/onecdp/internal/segment"
	"github.com/onecdp/onecdp/internal/store"
	"github.com/onecdp/onecdp/internal/tag"
)

func TestTheWorldGoesInOnce(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		one, err := oneid.Open(t.Context(), db, oneid.Settings{Region: "CN", MaxIdentities: 500})
		if err != nil {
			t.Fatal(err)
		}
		reader := profile.New(db, one)
		services := Services{
			Ingest: ingest.New(db, one), Tags: tag.New(db, reader), Campaigns: campaign.New(db),
			Segments: segment.New(db, one, shanghai),
		}
		began := time.Now()
		report, err := Fill(t.Context(), services, Options{Seed: DefaultSeed, People: People, Now: today})
		if err != nil || report.Records == 0 || report.Tags < 300 || report.Found {
			t.Fatalf("%+v, %v", report, err)
		}
		t.Logf("%+v in %s", report, time.Since(began))
		var customers, merges int
		rows, err := db.Query(t.Context(), "SELECT (SELECT count(*) FROM customers), (SELECT count(*) FROM merges)")
		if _, err := store.Collect(rows, err, func(row store.Row, _ *struct{}) error { return row.Scan(&customers, &merges) }); err != nil {
			t.Fatal(err)
		}
		t.Logf("%d customers, %d merges", customers, merges)
		if customers < People || customers > People*106/100 {
			t.Errorf("%d people are %d customers", People, customers)
		}
		knownIsWhole(t, reader)
		segmentsHoldPeople(t, services.Segments)
		again, err := Fill(t.Context(), services, Options{Seed: DefaultSeed, People: People, Now: today.AddDate(0, 0, 1)})
		if err != nil || !again.Found || again.Records != 0 {
			t.Errorf("again: %+v, %v", again, err)
		}
	})
}

// knownIsWhole looks at the well-known person: one customer, merged from two.
func knownIsWhole(t *testing.T, reader *profile.Reader) {
	t.Helper()
	found, err := reader.ByIdentities(t.Context(), []identity.Claim{
		{Type: "phone", Value: KnownPhone, Verified: true}, {Type: "wechat_openid", Scope: miniProgramApp, Value: KnownOpenID, Verified: true},
	})
	if err != nil || found[0] == nil || found[1] == nil || found[0].Row != found[1].Row {
		t.Fatalf("%v, %v", found, err)
	}
	rows := []profile.Row{found[0].Row}
	events, err := reader.CountEvents(t.Context(), rows, profile.EventFilter{AsOf: today})
	if err != nil || events[0] < 18 || events[0] > 25 {
		t.Errorf("%v events, %v", events, err)
	}
	merges, err := reader.Merges(t.Context(), rows)
	if err != nil || len(merges[0]) == 0 {
		t.Errorf("merges %v, %v", merges, err)
	}
	origins, err := reader.Provenance(t.Context(), rows)
	if err != nil {
		t.Fatal(err)
	}
	name, there, err := found[0].Attribute("name", origins[0])
	if err != nil || !there || string(name.Value) != `"`+KnownName+`"` {
		t.Errorf("the name is %s, %v", name.Value, err)
	}
}

func segmentsHoldPeople(t *testing.T, service *segment.Service) {
	t.Helper()
	for _, s := range Segments() {
		rule, err := service.Read(s.Where, nil)
		if err != nil {
			t.Fatal(err)
		}
		count, err := service.Count(t.Context(), segment.Question{Rule: rule, AsOf: today, Zone: shanghai})
		if err != nil || count < 20 || count > People/2 {
			t.Errorf("%s holds %d customers, %v", s.Key, count, err)
		}
		t.Logf("%s: %d", s.Key, count)
	}
}
