package ingest_test

import (
	"context"
	"strings"
	"testing"

	"github.com/onecdp/onecdp/internal/dbtest"
	"github.com/onecdp/onecdp/internal/feed"
	"github.com/onecdp/onecdp/internal/ingest"
	"github.com/onecdp/onecdp/internal/store"
)

func TestSharedStrongIdentitiesMergeIntoTheOlderCustomer(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		h := enter(t, db)
		phone := h.show("phone=13912345678")
		mail := h.show("email=a@b.cn", "user_id=u1")
		h.show("wechat_openid@wx1=o1", "user_id=u1") // the younger customer is the larger one
		if phone == mail {
			t.Fatal("strangers are one")
		}
		if got := h.show("phone=139 1234 5678", "email=A@B.cn"); got != phone {
			t.Errorf("the merged customer is %d, want the older %d", got, phone)
		}
		if got := h.leadsTo(mail); got != phone {
			t.Errorf("the younger id leads to %d, want %d", got, phone)
		}
		if n := h.count("SELECT count(*) FROM customers"); n != 1 {
			t.Errorf("%d customers", n)
		}
		if n := h.count("SELECT count(*) FROM merges WHERE survivor_id = $1 AND merged_id = $2", int64(phone), int64(mail)); n != 1 {
			t.Errorf("%d merges are told", n)
		}
		h.sound()
	})
}

func TestOneBatchMayJoinMany(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		h := enter(t, db)
		a, b, c := h.show("phone=13912345601"), h.show("phone=13912345602"), h.show("phone=13912345603")
		rec := func(ids ...string) string { return `{"identities":[` + claims(ids...) + `]}` }
		got := h.send(rec("user_id=u", "phone=13912345603"), rec("user_id=u", "phone=13912345602"), rec("user_id=v"), rec("member_no=m", "phone=13912345601"), rec("member_no=m", "user_id=u"), rec("phone=13912345603"))
		for i, want := range []bool{true, true, false, true, true, true} {
			if (got[i].Customer == a) != want {
				t.Errorf("record %d is %d's, the oldest is %d", i, got[i].Customer, a)
			}
		}
		if h.leadsTo(b) != a || h.leadsTo(c) != a {
			t.Error("merged ids do not lead to the oldest")
		}
		h.sound()
	})
}

func TestWeakIdentitiesFollowPeopleAndNeverJoinTwo(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		h := enter(t, db)
		visitor := h.show("anonymous_id=c1")
		h.show("anonymous_id=c1", "device_id=d1")
		if member := h.show("anonymous_id=c1", "user_id=u1"); member != visitor {
			t.Errorf("the visitor's id %d did not become the member's: %d", visitor, member)
		}
		other := h.show("user_id=u2", "device_id=d1")
		if other == visitor {
			t.Error("a device joined two people")
		}
		h.sound()
	})
}

func TestWhatIsNoIdentityIsDroppedAndSaid(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		h := enter(t, db)
		got := h.send(
			`{"identities":[`+claims("phone=12345", "user_id=null", "shoe_size=42", "wechat_openid=o1", "member_no=m1")+`]}`,
			`{"identities":[`+claims("user_id=a1", "user_id=a2", "phone=13912345678")+`]}`,
			`{"identities":[`+claims("phone=13800138000")+`],"event":{"name":"view"}}`)
		want := "dropped, since they cannot be identities: identities[0] (phone): invalid; identities[1] (user_id): blocked; " +
			"identities[2] (shoe_size): undeclared; identities[3] (wechat_openid): no scope"
		if got[0].Status != ingest.Accepted || got[0].Customer == 0 || got[0].Fault == nil || got[0].Fault.Message != want {
			t.Errorf("%+v %v", got[0], got[0].Fault)
		}
		if got[1].Customer == 0 || !strings.Contains(got[1].Fault.Message, "identities[0] (user_id): ambiguous; identities[1] (user_id): ambiguous") {
			t.Errorf("%+v %v", got[1], got[1].Fault)
		}
		if got[2].Status != ingest.Accepted || got[2].Customer != 0 || !strings.Contains(got[2].Fault.Message, "nobody's") {
			t.Errorf("%+v %v", got[2], got[2].Fault)
		}
		if n := h.count("SELECT count(*) FROM identities"); n != 2 {
			t.Errorf("%d identities, want 2", n)
		}
		h.sound()
	})
}

func TestAMergeTouchesNoEventAndLosesNone(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		h := enter(t, db)
		event := func(who string) string {
			return `{"identities":[` + claims(who) + `],"event":{"name":"buy","properties":{"amount":1.5}}}`
		}
		h.send(event("phone=13912345601"), event("email=a@b.cn"), event("email=a@b.cn"))
		before := h.count("SELECT count(*) FROM events e JOIN set_owners o ON o.set_id = e.set_id WHERE o.customer_id = (SELECT min(id) FROM customers)")
		customer := h.show("phone=13912345601", "email=a@b.cn")
		after := h.count("SELECT count(*) FROM events e JOIN set_owners o ON o.set_id = e.set_id JOIN customers c ON c.id = o.customer_id WHERE c.public_id = $1", int64(customer))
		if before != 1 || after != 3 {
			t.Errorf("events of the customer: %d before, %d after, want 1 and 3", before, after)
		}
	})
}

func TestTheFeedTellsWhatWasTouched(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		h := enter(t, db)
		ctx := context.Background()
		h.show("phone=13912345601")
		position, err := feed.Now(ctx, db)
		if err != nil {
			t.Fatal(err)
		}
		h.send(`{"identities":[`+claims("email=a@b.cn")+`],"attributes":{"name":"x"},"event":{"name":"view"}}`,
			`{"identities":[`+claims("email=a@b.cn")+`],"event":{"name":"view"}}`)
		h.show("phone=13912345601", "email=a@b.cn")
		var kinds []string
		for range 9 {
			position, err = feed.ParsePosition(position.String())
			if err != nil {
				t.Fatal(err)
			}
			var changes []feed.Change
			changes, position, err = feed.Read(ctx, db, position, 2)
			if err != nil {
				t.Fatal(err)
			}
			for _, change := range changes {
				text := ""
				for _, kind := range change.Kinds {
					text += string(kind) + " "
				}
				kinds = append(kinds, strings.TrimSpace(text))
			}
		}
		if got := strings.Join(kinds, ", "); got != "attributed identified recorded, attributed recorded, removed, attributed merged" {
			t.Errorf("the feed says: %s", got)
		}
	})
}
