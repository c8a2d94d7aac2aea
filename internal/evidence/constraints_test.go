package evidence_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/onecdp/onecdp/internal/identity"
)

func TestARecordIsAStarAndNotAClique(t *testing.T) {
	t.Parallel()
	s := tell(t).record(0, "phone:1 user_id:u email:e").expect(t, []string{"user_id:u phone:1 email:e"})
	if len(s.Links) != 2 || s.Links[0].A != 1 || s.Links[1].A != 1 {
		t.Errorf("the links are %+v", s.Links)
	}
}

func TestASingleIdentityIsACustomer(t *testing.T) {
	t.Parallel()
	s := tell(t).record(0, "phone:1").expect(t, []string{"phone:1"})
	if len(s.Links) != 0 || len(s.Parts) != 1 || s.Contested[0] {
		t.Errorf("got %+v", s)
	}
}

func TestALinkHasAllTimesAtWhichRecordsShowedIt(t *testing.T) {
	t.Parallel()
	s := tell(t).record(5, "user_id:u phone:1").record(2, "phone:1 user_id:u email:e").record(9, "user_id:u email:e").expect(t, []string{"user_id:u phone:1 email:e"})
	l := s.Links[0]
	if !l.First.Equal(day(2)) || !l.Last.Equal(day(5)) || l.Count != 2 || !slices.Equal(l.Sets, []int64{1, 2}) {
		t.Errorf("got %+v", l)
	}
}

func TestTheLatestLinkWinsAPhoneNumberAndTheEarliestAMember(t *testing.T) {
	t.Parallel()
	// Two openids of one app have one phone number. The one seen last keeps it.
	tell(t).record(3, "phone:1 wechat_openid/a:x").record(8, "phone:1 wechat_openid/a:y").
		expect(t, []string{"phone:1 wechat_openid/a:y", "wechat_openid/a:x"}, "phone:1 wechat_openid/a:x limit")
	// Two users have one member number; the weaker end is the user, whose type is EARLIEST.
	tell(t).record(3, "member_no:m user_id:x").record(8, "member_no:m user_id:y").
		expect(t, []string{"member_no:m user_id:x", "user_id:y"}, "member_no:m user_id:y limit")
}

func TestLimitsCountWithinAScope(t *testing.T) {
	t.Parallel()
	tell(t).record(0, "user_id:u wechat_openid/a:x").record(1, "user_id:u wechat_openid/b:x").record(2, "user_id:u wechat_openid/b:y").
		expect(t, []string{"user_id:u wechat_openid/a:x wechat_openid/b:y", "wechat_openid/b:x"}, "user_id:u wechat_openid/b:x limit")
}

func TestALimitLooksAtTheWholeUnion(t *testing.T) {
	t.Parallel()
	// Each side has two phones: together they would be four.
	tell(t).record(0, "user_id:u phone:1").record(1, "user_id:u phone:2").record(2, "phone:3 phone:4").
		record(3, "phone:3 email:e").record(0, "user_id:u email:e").
		expect(t, []string{"user_id:u phone:1 phone:2 email:e", "phone:3 phone:4"}, "phone:3 email:e limit")
}

func TestAWindowCountsValuesSeenCloseTogether(t *testing.T) {
	t.Parallel()
	windowed := func(typ *identity.Type) {
		if typ.Name == "phone" {
			typ.MaxPerCustomer, typ.LimitWindow = new(2), "P10D"
		}
	}
	// The window is half-open: day 10 is not in the one that begins on day 0.
	s := tell(t).record(0, "user_id:u phone:1").record(1, "user_id:u phone:2").record(10, "user_id:u phone:3").with(t, windowed).
		expect(t, []string{"user_id:u phone:1 phone:2 phone:3"})
	if !s.Contested[0] {
		t.Error("a part that holds because of a window alone is contested")
	}
	tell(t).record(0, "user_id:u phone:1").record(1, "user_id:u phone:2").record(9, "user_id:u phone:3").with(t, windowed).
		expect(t, []string{"user_id:u phone:2 phone:3", "phone:1"}, "user_id:u phone:1 limit")
	// The last sighting of a value is the newest record that names it, with whomever.
	tell(t).record(0, "user_id:u phone:1").record(1, "user_id:u phone:2").record(9, "user_id:u phone:3").record(40, "phone:1").with(t, windowed).
		expect(t, []string{"user_id:u phone:1 phone:2 phone:3"})
}

func TestAliasesCountOnce(t *testing.T) {
	t.Parallel()
	tell(t).record(0, "member_no:m phone:1").record(0, "member_no:n phone:2").force("member_no:m", "member_no:n").
		expect(t, []string{"member_no:m member_no:n phone:1 phone:2"})
	// Over a third value, too; a fourth is one too many.
	tell(t).record(0, "member_no:a phone:1").record(0, "member_no:c phone:2").record(0, "member_no:d phone:3").record(0, "phone:1 email:e").record(0, "phone:3 email:e").
		force("member_no:a", "member_no:b").force("member_no:b", "member_no:c").
		expect(t, []string{"member_no:a member_no:b member_no:c phone:1 phone:2 email:e", "member_no:d phone:3"}, "phone:3 email:e limit")
}

func TestAliasesAreTheSameInWhateverOrderTheyWereMade(t *testing.T) {
	t.Parallel()
	tell(t).record(0, "member_no:d phone:1").force("member_no:c", "member_no:d").force("member_no:b", "member_no:c").force("member_no:a", "member_no:b").
		expect(t, []string{"member_no:a member_no:b member_no:c member_no:d phone:1"})
	// A link by way of another type makes no aliases.
	tell(t).record(0, "member_no:a email:e").force("member_no:a", "phone:1").force("phone:1", "member_no:b").
		expect(t, []string{"member_no:a member_no:b phone:1", "email:e"}, "member_no:a email:e limit")
}

func TestAliasesCountOnceInAWindow(t *testing.T) {
	t.Parallel()
	s := tell(t).with(t, func(typ *identity.Type) {
		if typ.Name == "phone" {
			typ.MaxPerCustomer, typ.LimitWindow = new(2), "P10D"
		}
	})
	s.record(0, "user_id:u phone:1").record(1, "user_id:u phone:2").record(2, "user_id:u phone:3").record(90, "user_id:u phone:9").force("phone:1", "phone:2").
		expect(t, []string{"user_id:u phone:1 phone:2 phone:3 phone:9"})
	// Once if either was seen in the window.
	s.record(20, "phone:2").record(21, "user_id:u phone:4").record(22, "user_id:u phone:5").
		expect(t, []string{"user_id:u phone:3 phone:4 phone:5 phone:9", "phone:1 phone:2"}, "user_id:u phone:2 limit", "user_id:u phone:1 limit")
}

func TestForcedLinksPassEveryLimitAndThenNothingElseDoes(t *testing.T) {
	t.Parallel()
	// The phone is one person's by order of an operator, although that person has two member numbers now.
	tell(t).record(0, "member_no:m email:e").force("phone:1", "member_no:m").force("phone:1", "member_no:n").
		expect(t, []string{"member_no:m member_no:n phone:1", "email:e"}, "member_no:m email:e limit")
}

func TestAPhoneGoesToTheMemberItIsLinkedWith(t *testing.T) {
	t.Parallel()
	tell(t).record(0, "member_no:m phone:1").record(9, "member_no:m phone:1").record(0, "member_no:n email:e").force("phone:1", "member_no:n").
		expect(t, []string{"member_no:m", "member_no:n phone:1 email:e"}, "member_no:m phone:1 limit")
}

func TestKeptApartStopsForcedLinksToo(t *testing.T) {
	t.Parallel()
	tell(t).force("user_id:u", "phone:1").force("phone:1", "email:e").apart("user_id:u", "email:e").
		expect(t, []string{"user_id:u", "phone:1 email:e"}, "user_id:u phone:1 apart")
	// Those of one side may be together.
	tell(t).record(0, "user_id:u phone:1").record(1, "user_id:u email:e").apart("user_id:u phone:1", "email:e email:f").
		expect(t, []string{"user_id:u phone:1", "email:e", "email:f"}, "user_id:u email:e apart")
	// Who is on both sides is not apart from himself, but from all others of the group.
	tell(t).record(0, "user_id:u phone:1").record(1, "user_id:u email:e").apart("user_id:u phone:1", "user_id:u").
		expect(t, []string{"user_id:u email:e", "phone:1"}, "user_id:u phone:1 apart")
}

func TestASharedTabletIsNoEvidence(t *testing.T) {
	t.Parallel()
	// The last login wins the device.
	tell(t).record(0, "phone:1 device_id:d").record(5, "phone:2 device_id:d").
		expect(t, []string{"phone:1", "phone:2 device_id:d"}, "phone:1 device_id:d weak")
	// One person with two identities may have shown either.
	tell(t).record(0, "user_id:u device_id:d").record(5, "phone:1 device_id:d").record(1, "user_id:u phone:1").
		expect(t, []string{"user_id:u phone:1 device_id:d"})
	// Two cookies of one device go with it, and join nobody.
	tell(t).record(0, "user_id:u anonymous_id:a").record(1, "phone:1 anonymous_id:b").record(2, "device_id:d anonymous_id:a").record(3, "device_id:d anonymous_id:b").
		expect(t, []string{"user_id:u anonymous_id:a", "phone:1 device_id:d anonymous_id:b"}, "device_id:d anonymous_id:a weak")
}

func TestAWeakLinkByAnOperatorDoesJoinTwoPeople(t *testing.T) {
	t.Parallel()
	tell(t).record(0, "user_id:u device_id:d").record(0, "phone:1 device_id:e").force("user_id:u", "device_id:d").force("device_id:d", "phone:1").
		expect(t, []string{"user_id:u phone:1 device_id:d device_id:e"})
}

func TestACustomerHoldsNoMoreThanTheCap(t *testing.T) {
	t.Parallel()
	s := tell(t)
	s.most = 3
	s.record(3, "user_id:u phone:1").record(2, "user_id:u phone:2").record(1, "user_id:u phone:3").
		expect(t, []string{"user_id:u phone:1 phone:2", "phone:3"}, "user_id:u phone:3 cap")
	s.force("user_id:u", "phone:1 phone:2 phone:3").record(4, "user_id:u email:e").
		expect(t, []string{"user_id:u phone:1 phone:2 phone:3", "email:e"}, "user_id:u email:e cap")
}

func TestTheFirstBrokenConstraintIsTheReason(t *testing.T) {
	t.Parallel()
	s := tell(t)
	s.most = 1
	s.record(0, "user_id:u device_id:d").record(9, "user_id:v device_id:d").expect(t, []string{"user_id:u", "user_id:v", "device_id:d"},
		"user_id:v device_id:d cap", "user_id:u device_id:d cap")
	s.most = 2
	// It would hold two users, join two people and be three.
	s.expect(t, []string{"user_id:u", "user_id:v device_id:d"}, "user_id:u device_id:d limit")
	s.apart("user_id:u", "device_id:d").expect(t, []string{"user_id:u", "user_id:v device_id:d"}, "user_id:u device_id:d apart")
}

func TestAnEmailAndItsHashAreLinked(t *testing.T) {
	t.Parallel()
	hash := "email_sha256:" + hashOf("a@x.cn")
	s := tell(t).record(0, "user_id:u email:a@x.cn").record(0, "phone:1 "+hash).record(0, "phone:2 email_sha256:"+hashOf("b@x.cn")).
		expect(t, []string{"user_id:u phone:1 email:a@x.cn " + hash, "phone:2 email_sha256:" + hashOf("b@x.cn")})
	if l := s.Links[0]; !l.Derived || l.Class != 0 || l.Operation != 0 {
		t.Errorf("the first link is %+v", l)
	}
	if s.Contested[0] {
		t.Error("a derived link makes no part contested")
	}
	// They meet above the cap, too. Such a customer is no plain one.
	full := tell(t).record(0, "email:a@x.cn").record(0, hash)
	full.most = 1
	if s := full.expect(t, []string{"email:a@x.cn " + hash}); !s.Contested[0] {
		t.Error("above the cap a part is contested")
	}
}

func TestForcedLinksAreTakenByText(t *testing.T) {
	t.Parallel()
	// By (type, scope, value) and not by strength: email:e phone:1 is the first, then email:e user_id:u.
	tell(t).force("user_id:u", "email:e").force("phone:1", "email:e").apart("user_id:u", "phone:1").
		expect(t, []string{"user_id:u", "phone:1 email:e"}, "user_id:u email:e apart")
}

func TestTheOrderOfClassesTwoAndThreeHasTimeBeforeTheStrongerEnd(t *testing.T) {
	t.Parallel()
	// The phone was seen with the device last, and so it wins against the stronger user.
	tell(t).record(0, "user_id:u device_id:d").record(1, "phone:1 device_id:d").
		expect(t, []string{"user_id:u", "phone:1 device_id:d"}, "user_id:u device_id:d weak")
	// In class 1 the stronger one goes first, whatever the time.
	tell(t).record(0, "user_id:u wechat_openid/a:x").record(1, "phone:1 wechat_openid/a:x").apart("user_id:u", "phone:1").
		expect(t, []string{"user_id:u wechat_openid/a:x", "phone:1"}, "phone:1 wechat_openid/a:x apart")
}

func TestPartsAreTiedByRejectedLinks(t *testing.T) {
	t.Parallel()
	s := tell(t).record(0, "user_id:u device_id:d").record(5, "user_id:v device_id:d").record(0, "user_id:w phone:1").
		expect(t, []string{"user_id:u", "user_id:v device_id:d", "user_id:w phone:1"}, "user_id:u device_id:d limit")
	if got := fmt.Sprint(s.Parts, s.Contested, s.Customer); got != "[[0 1] [2]] [true false] [0 1 1 2 2]" {
		t.Errorf("got %s", got)
	}
}
