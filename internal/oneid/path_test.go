package oneid_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/onecdp/onecdp/internal/dbtest"
	"github.com/onecdp/onecdp/internal/identity"
	"github.com/onecdp/onecdp/internal/store"
)

// why is the answer as text: links, "|", the rejected one, "|", the reason.
func (p *past) why(a, b string) string {
	p.t.Helper()
	path, err := p.WhySame(p.t.Context(), claimOf(a), claimOf(b))
	if err != nil {
		p.t.Fatal(err)
	}
	names := p.numbers()
	var edges []string
	for _, e := range path.Edges {
		if !e.Accepted {
			p.t.Errorf("a link that was rejected joins: %+v", e)
		}
		edges = append(edges, names[e.A]+"-"+names[e.B])
	}
	rejected := ""
	if e := path.Rejected; e != nil {
		rejected = fmt.Sprintf("%s-%s %s", names[e.A], names[e.B], e.Reason)
	}
	if path.Same != (path.Reason == "same") {
		p.t.Errorf("%+v", path)
	}
	return strings.Join(edges, " ") + "|" + rejected + "|" + path.Reason
}

func TestWhyTwoIdentitiesAreOnePersons(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		p := newPast(t, db)
		p.record("user_id:u phone:+8613912345601", "phone:+8613912345601 email:a@x.cn", "email:a@x.cn device_id:d", "user_id:u wechat_unionid:w", "wechat_unionid:w device_id:d")
		for ends, want := range map[[2]string]string{
			{"user_id:u", "user_id:u"}:     "||same",
			{"user_id:u", "email:a@x.cn"}:  "user_id:u-phone:+8613912345601 phone:+8613912345601-email:a@x.cn||same",
			{"email:A@x.cn", "user_id:u"}:  "phone:+8613912345601-email:a@x.cn user_id:u-phone:+8613912345601||same",
			{"device_id:d", "user_id:u"}:   "wechat_unionid:w-device_id:d user_id:u-wechat_unionid:w||same",
			{"user_id:u", "user_id:other"}: "||",
			{"user_id:u", "user_id:null"}:  "||",
			{"user_id:u", "shoe_size:42"}:  "||",
			{"user_id:", "user_id:"}:       "||",
		} {
			if got := p.why(ends[0], ends[1]); got != want {
				t.Errorf("%v: %s, want %s", ends, got, want)
			}
		}
	})
}

func TestWhyTwoIdentitiesAreNotOnePersons(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		p := newPast(t, db)
		p.record("member_no:m1 user_id:u1", "user_id:u1 phone:+8613912345601", "member_no:m2 phone:+8613912345601", "user_id:u8 device_id:d8", "user_id:u9 device_id:d8")
		p.record("user_id:u3", "user_id:u4")
		for ends, want := range map[[2]string]string{
			{"member_no:m1", "member_no:m2"}: "|user_id:u1-phone:+8613912345601 limit|limit",
			{"user_id:u8", "user_id:u9"}:     "|user_id:u8-device_id:d8 limit|limit",
			{"user_id:u3", "user_id:u4"}:     "||",
		} {
			if got := p.why(ends[0], ends[1]); got != want {
				t.Errorf("%v: %s, want %s", ends, got, want)
			}
		}
		if _, err := p.KeepApart(t.Context(), []identity.Claim{claimOf("user_id:u3")}, []identity.Claim{claimOf("user_id:u4")}, by); err != nil {
			t.Fatal(err)
		}
		if got := p.why("user_id:u4", "user_id:u3"); got != "||apart" {
			t.Error(got)
		}
	})
}

func TestWhyASharedOrBlockedIdentityJoinsNobody(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		p := newPast(t, db)
		phone, other := "phone:+8613912345601", "phone:+8613912345602"
		p.record("user_id:u1 "+phone, "user_id:u2 "+phone, "user_id:u3 "+phone, "user_id:u4 "+phone)
		for ends, want := range map[[2]string]string{
			{"user_id:u1", "user_id:u2"}: "|user_id:u1-" + phone + " shared|shared",
			{"user_id:u2", phone}:        "|user_id:u2-" + phone + " shared|shared",
			{phone, "user_id:u2"}:        "|user_id:u2-" + phone + " shared|shared",
		} {
			if got := p.why(ends[0], ends[1]); got != want {
				t.Errorf("%v: %s, want %s", ends, got, want)
			}
		}
		p.record("member_no:m5 "+other, "email:e@x.cn "+other)
		if _, err := p.BlockIdentity(t.Context(), claimOf(other), by); err != nil {
			t.Fatal(err)
		}
		if got, want := p.why("member_no:m5", "email:e@x.cn"), "|member_no:m5-"+other+" blocked|blocked"; got != want {
			t.Errorf("%s, want %s", got, want)
		}
		if got, want := p.why(other, "email:e@x.cn"), "|"+other+"-email:e@x.cn blocked|blocked"; got != want {
			t.Errorf("%s, want %s", got, want)
		}
	})
}
