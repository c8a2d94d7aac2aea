package ingest_test

import (
	"strings"
	"testing"

	"github.com/onecdp/onecdp/internal/dbtest"
	"github.com/onecdp/onecdp/internal/fault"
	"github.com/onecdp/onecdp/internal/ingest"
	"github.com/onecdp/onecdp/internal/store"
)

func TestAMessageIsStoredOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		h := enter(t, db)
		view := func(id, source, who string) string {
			return `{"messageId":"` + id + `","source":"` + source + `","identities":[` + claims(who) + `],"event":{"name":"view"}}`
		}
		first := h.send(view("m1", "shop", "member_no=A"), view("m1", "shop", "member_no=B"), view("m1", "app", "member_no=C"))
		if first[0].Status != ingest.Accepted || first[1].Status != ingest.Duplicate || first[2].Status != ingest.Accepted {
			t.Errorf("in one batch: %+v", first)
		}
		if first[1].Customer != first[0].Customer {
			t.Errorf("a duplicate is its first's customer's: %d, want %d", first[1].Customer, first[0].Customer)
		}
		again := h.send(view("m1", "shop", "member_no=Z"))
		if again[0].Status != ingest.Duplicate || again[0].Customer != first[0].Customer {
			t.Errorf("again: %+v", again)
		}
		long := strings.Repeat("m", 300)
		for _, id := range []string{long, "~r1", "~~r1", "~h"} {
			if got := h.send(view(id, "shop", "member_no=A"), view(id, "shop", "member_no=A")); got[0].Status != ingest.Accepted || got[1].Status != ingest.Duplicate {
				t.Errorf("%.10s: %+v", id, got)
			}
			if got := h.send(view(id, "shop", "member_no=A")); got[0].Status != ingest.Duplicate {
				t.Errorf("%.10s again: %+v", id, got)
			}
		}
		if n := h.count("SELECT count(*) FROM events"); n != 6 {
			t.Errorf("%d events, want 6", n)
		}
		h.sound()
	})
}

func TestRecordsWithoutMessageIDAreAllStored(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		h := enter(t, db)
		view := `{"identities":[` + claims("member_no=A") + `],"event":{"name":"view"}}`
		h.send(view, view, `{"messageId":"",`+view[1:])
		h.send(view)
		if n := h.count("SELECT count(*) FROM events"); n != 4 {
			t.Errorf("%d events, want 4", n)
		}
	})
}

func TestARejectedRecordHoldsNobodyUpAndMayComeAgain(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		h := enter(t, db)
		good := `{"messageId":"g","identities":[` + claims("member_no=A") + `]}`
		bad := `{"messageId":"b","identities":[` + claims("member_no=A") + `],"event":{"name":""}}`
		got := h.send(bad, good)
		if got[0].Status != ingest.Rejected || got[1].Status != ingest.Accepted || got[0].Fault.Path.String() != "records[0].event.name" {
			t.Errorf("%+v", got)
		}
		if got := h.send(strings.Replace(bad, `"name":""`, `"name":"view"`, 1)); got[0].Status != ingest.Accepted {
			t.Errorf("mended: %+v", got)
		}
	})
}

func TestABatchHasOneToAThousandRecords(t *testing.T) {
	for n, want := range map[int]bool{0: false, 1: true, 1000: true, 1001: false} {
		err := ingest.CheckBatch(n, fault.Path{"records"})
		if faults := fault.All(err); (err == nil) != want || (!want && (len(faults) != 1 || faults[0].Path.String() != "records")) {
			t.Errorf("%d records: %v", n, err)
		}
	}
}
