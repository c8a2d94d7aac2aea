package oneid_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/onecdp/onecdp/internal/dbtest"
	"github.com/onecdp/onecdp/internal/fault"
	"github.com/onecdp/onecdp/internal/identity"
	"github.com/onecdp/onecdp/internal/oneid"
	"github.com/onecdp/onecdp/internal/page"
	"github.com/onecdp/onecdp/internal/store"
)

// audit is all pages of a query, of two entries each, oldest first, as "kind identity other rule".
func (p *past) audit(query oneid.AuditQuery) []string {
	p.t.Helper()
	names := p.numbers()
	var lines []string
	var last oneid.AuditEntry
	count, err := p.CountAudit(p.t.Context(), query)
	if err != nil {
		p.t.Fatal(err)
	}
	for query.Request = oneid.AuditPages.Start(2); ; {
		found, err := p.Audit(p.t.Context(), query)
		if err != nil {
			p.t.Fatal(err)
		}
		for _, e := range found.Items {
			if !last.At.IsZero() && (e.At.After(last.At) || e.At.Equal(last.At) && e.ID >= last.ID) {
				p.t.Errorf("%+v comes after %+v", e, last)
			}
			last = e
			lines = append(lines, strings.Join(strings.Fields(fmt.Sprint(e.Kind, " ", names[e.Identity], " ", names[e.Other], " ", e.Rule)), " "))
		}
		if !found.HasNext {
			break
		}
		_, end := found.Ends()
		if query.Request, err = oneid.AuditPages.Read(new(2), end, 2, fault.Path{}); err != nil {
			p.t.Fatal(err)
		}
	}
	if int(count) != len(lines) {
		p.t.Errorf("%d entries are counted, and there are %d", count, len(lines))
	}
	slices.Reverse(lines)
	return lines
}

func (p *past) expectAudit(query oneid.AuditQuery, want ...string) {
	p.t.Helper()
	if got := p.audit(query); !slices.Equal(got, want) {
		p.t.Errorf("the audit is\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestTheAuditIsReadByIdentityByCustomerAndByTime(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		p := newPast(t, db)
		p.record("user_id:u phone:+8613912345601")
		between := store.Now()
		p.record("email:a@x.cn")
		p.record("user_id:u email:a@x.cn")
		p.record("user_id:other")

		joined := []string{"joined phone:+8613912345601", "accepted user_id:u phone:+8613912345601 same"}
		linked := []string{"accepted user_id:u email:a@x.cn same", "merged same"}
		phone, email, nobody, not := claimOf("phone:13912345601"), claimOf("email:a@x.cn"), claimOf("user_id:never"), claimOf("phone:no number")
		p.expectAudit(oneid.AuditQuery{Identity: &phone}, joined...)
		p.expectAudit(oneid.AuditQuery{Identity: &email}, "joined email:a@x.cn", linked[0])
		p.expectAudit(oneid.AuditQuery{Identity: &nobody})
		p.expectAudit(oneid.AuditQuery{Identity: &not})
		whole := slices.Concat([]string{"joined user_id:u"}, joined, []string{"joined email:a@x.cn"}, linked)
		p.expectAudit(oneid.AuditQuery{Customer: p.rowOf("user_id:u")}, whole...)
		p.expectAudit(oneid.AuditQuery{Customer: p.rowOf("user_id:u"), Since: &between}, whole[3:]...)
		p.expectAudit(oneid.AuditQuery{Customer: p.rowOf("user_id:u"), Until: &between}, whole[:3]...)
		p.expectAudit(oneid.AuditQuery{Customer: p.rowOf("user_id:u"), Since: &between, Until: &between})
		p.expectAudit(oneid.AuditQuery{}, append(slices.Clone(whole), "joined user_id:other")...)
		p.expectAudit(oneid.AuditQuery{Since: &between}, append(slices.Clone(whole[3:]), "joined user_id:other")...)
	})
}

func TestALinkThatIsShownAgainIsNoNews(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		p := newPast(t, db)
		p.record("user_id:u phone:+8613912345601", "user_id:u phone:+8613912345601 email:a@x.cn")
		p.record("user_id:u phone:+8613912345601 email:a@x.cn device_id:d")
		p.expectAudit(oneid.AuditQuery{Customer: p.rowOf("user_id:u")},
			"joined user_id:u", "joined phone:+8613912345601", "accepted user_id:u phone:+8613912345601 same",
			"joined email:a@x.cn", "accepted user_id:u email:a@x.cn same", "joined device_id:d", "accepted user_id:u device_id:d same")
	})
}

func TestAnEntryOfTheAuditSaysWhoAndWhy(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		p := newPast(t, db)
		p.record("user_id:u phone:+8613912345601")
		done, err := p.KeepApart(t.Context(), []identity.Claim{claimOf("user_id:u")}, []identity.Claim{claimOf("phone:13912345601")}, by)
		if err != nil {
			t.Fatal(err)
		}
		found, err := p.Audit(t.Context(), oneid.AuditQuery{Request: oneid.AuditPages.Start(page.Most)})
		if err != nil {
			t.Fatal(err)
		}
		var ids []int64
		told := map[string]oneid.AuditEntry{}
		for _, e := range found.Items {
			told[e.Kind] = e
			ids = append(ids, e.ID)
		}
		rejected := told["rejected"]
		if rejected.Rule != "apart" || rejected.Cause != "operation" || rejected.CauseID != done.Operation.ID || rejected.Actor != by.Name || rejected.Reason != by.Reason || !rejected.At.Equal(done.Operation.At) {
			t.Errorf("%+v", rejected)
		}
		if e := told["moved"]; e.Before == 0 || e.After == 0 || e.Before == e.After {
			t.Errorf("%+v", e)
		}
		if e := told["joined"]; e.Cause != "record" || e.Actor != "test" || e.CauseID == 0 {
			t.Errorf("%+v", e)
		}
		again, err := p.AuditByID(t.Context(), append(ids, 1<<50))
		if err != nil || again[len(ids)] != nil {
			t.Fatal(again, err)
		}
		for i, e := range again[:len(ids)] {
			if e == nil || *e != found.Items[i] {
				t.Errorf("%+v, want %+v", e, found.Items[i])
			}
		}
	})
}
